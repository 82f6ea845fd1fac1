"""A canary gets its share, and hurts nobody beyond it; a full app is not asked for more."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.edge_gateway.nginx import configuration
from components.edge_gateway.spec import EdgeGatewaySpec
from components.routes import Route, RouteSpec, Share
from tests.consumers.edge import nginx_server
from tests.consumers.edge.asking import Answer, ask, until_found
from tests.consumers.edge.backends import Backend

HOST = "app.test"
OPEN = 2


@dataclass(frozen=True)
class Shared:
    at: str
    authority: Path
    stable: Backend
    canary: Backend

    def get(self, path: str) -> Answer:
        return ask(self.at, path, host=HOST, trust=self.authority)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Generator[Shared]:
    folder = tmp_path_factory.mktemp("shares")
    ports = {"stable": nginx_server.free_port(), "canary": nginx_server.free_port()}
    with ExitStack() as ends:
        names = nginx_server.Names(["127.0.0.1"])
        ends.callback(names.close)
        backends = {name: Backend("127.0.0.1", port) for name, port in ports.items()}
        for backend in backends.values():
            ends.callback(backend.close)
        authority = nginx_server.local_certificates(folder, {"main": (HOST,)})
        place = nginx_server.place(folder, names.address)
        canary = RouteSpec.model_validate({"host": HOST, "shares": {"stable": 90, "canary": 10}})
        full = RouteSpec.model_validate({"host": HOST, "paths": ["/full"], "circuit": {"requests": OPEN}})
        shares = [Share(backend=n, port=ports[n], percent=p) for n, p in canary.shares.items()]
        made = {"port": ports["stable"], "section": "app_services", "place": ("app_services",), "replicated": False}
        routes = [
            Route(backend="stable", spec=canary, shares=tuple(shares), **made),
            Route(backend="full", spec=full, **made),
        ]
        spec = EdgeGatewaySpec.model_validate({"certificates": {"main": {"hosts": [HOST]}}})
        ends.enter_context(nginx_server.running(configuration(spec, routes, place), folder, ready=place.inside))
        for path in ("/found", "/full/found"):
            until_found(place.https, path, host=HOST, trust=authority)
        yield Shared(place.https, authority, backends["stable"], backends["canary"])


def test_each_app_gets_its_share(shared: Shared) -> None:
    before = sum(shared.canary.seen.values())
    statuses = Counter(shared.get("/share").status for _ in range(200))
    assert statuses == {200: 200}
    assert 15 <= sum(shared.canary.seen.values()) - before <= 25


def test_what_a_failing_canary_answers_is_seen_and_by_its_share_alone(shared: Shared) -> None:
    shared.canary.broken = True
    try:
        statuses = Counter(shared.get("/failing").status for _ in range(200))
    finally:
        shared.canary.broken = False
    assert set(statuses) == {200, 503}
    assert 15 <= statuses[503] <= 25


def test_what_a_dead_canary_can_not_answer_the_other_app_answers(shared: Shared) -> None:
    shared.canary.die()
    try:
        statuses = Counter(shared.get("/safe").status for _ in range(60))
    finally:
        shared.canary.revive()
    assert statuses == {200: 60}


def test_a_full_app_is_not_asked_for_more(shared: Shared) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(shared.get, ["/full/slow"] * 8))
    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) == {200, 502}
    assert statuses[200] <= 2 * OPEN, "those that ended made room for a few more"
    assert json.loads(shared.get("/full/after").body)["path"] == "/full/after"
