"""The table of requests, asked of a real nginx with exactly what is rendered."""

from __future__ import annotations

import pytest

from tests.consumers.edge.asking import Answer, ask
from tests.consumers.edge.conftest import Running
from tests.consumers.edge.table import ANY, EDGE_ROWS, SITE_ROWS, Row


def fits(found: str | None, wanted: str | None) -> bool:
    if wanted is None or found is None:
        return found is wanted
    return wanted == ANY or (found.startswith(wanted[:-3]) if wanted.endswith("...") else found == wanted)


def hold(row: Row, answer: Answer) -> None:
    assert answer.status == row.status, answer
    wrong = {name: answer.header(name) for name, wanted in row.answer.items() if not fits(answer.header(name), wanted)}
    assert wrong == {}
    if row.contains is not None:
        assert row.contains in answer.body.decode()


def asked(row: Row, running: Running) -> Answer:
    secure = running.authority is not None
    answer = None
    for _ in range(row.repeat):
        answer = ask(
            running.place.https if secure else running.place.http,
            row.target,
            method=row.method,
            host="app.test" if secure else "site.test",
            headers=row.sent,
            body=None if row.body is None else b"x" * row.body,
            trust=running.authority,
        )
    assert answer is not None
    return answer


@pytest.mark.parametrize("row", SITE_ROWS, ids=lambda row: row.title)
def test_the_site_answers_as_the_table_says(row: Row, site: Running) -> None:
    hold(row, asked(row, site))


@pytest.mark.parametrize("row", EDGE_ROWS, ids=lambda row: row.title)
def test_the_edge_answers_as_the_table_says(row: Row, edge: Running) -> None:
    hold(row, asked(row, edge))
