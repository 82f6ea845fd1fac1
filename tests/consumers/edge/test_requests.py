"""The table of requests, asked of a real nginx and a real Envoy with exactly what is rendered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from tests.consumers.edge.asking import Answer, ask
from tests.consumers.edge.conftest import Running
from tests.consumers.edge.proxies import Proxy
from tests.consumers.edge.table import ANY, CLIENT, EDGE_ROWS, SITE_ROWS, Row

LOOPBACK = "127.0.0.1"


def fits(found: str | None, wanted: str | None) -> bool:
    if wanted is None or found is None:
        return found is wanted
    return wanted == ANY or (found.startswith(wanted[:-3]) if wanted.endswith("...") else found == wanted)


def hold(row: Row, answer: Answer, client: str) -> None:
    """`client` is the address that was asked from."""
    assert answer.status == row.status, answer
    wrong = {name: answer.header(name) for name, wanted in row.answer.items() if not fits(answer.header(name), wanted)}
    assert wrong == {}
    if row.contains is not None:
        assert row.contains.replace(CLIENT, client) in answer.body.decode()


def asked(row: Row, ask_once: Callable[..., Answer]) -> Answer:
    body = None if row.body is None else b"x" * row.body
    answers = [ask_once(row.target, method=row.method, headers=row.sent, body=body) for _ in range(row.repeat)]
    return answers[-1]


def of_nginx(running: Running, target: str, **how: Any) -> Answer:
    secure = running.authority is not None
    place, host = (running.place.https, "app.test") if secure else (running.place.http, "site.test")
    return ask(place, target, host=host, trust=running.authority, **how)


@pytest.mark.parametrize("row", SITE_ROWS, ids=lambda row: row.title)
def test_the_site_answers_as_the_table_says(row: Row, site: Running) -> None:
    hold(row, asked(row, partial(of_nginx, site)), LOOPBACK)


@pytest.mark.parametrize("row", EDGE_ROWS, ids=lambda row: row.title)
def test_the_edge_answers_as_the_table_says(row: Row, edge: Running) -> None:
    hold(row, asked(row, partial(of_nginx, edge)), LOOPBACK)


@pytest.mark.parametrize("envoy", ["prod", "staging"], indirect=True)
@pytest.mark.parametrize("row", EDGE_ROWS, ids=lambda row: row.title)
def test_envoy_answers_the_same_but_where_the_table_says_otherwise(row: Row, envoy: Proxy) -> None:
    hold(on_envoy(row), asked(row, envoy.ask), envoy.client)


def on_envoy(row: Row) -> Row:
    other = row.envoy
    if other is None:
        return row
    return replace(row, status=other.status or row.status, answer={**row.answer, **other.answer})
