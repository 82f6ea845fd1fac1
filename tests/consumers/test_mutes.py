"""Which alert explains which, asked of a real Alertmanager that runs what we render."""

from __future__ import annotations

import datetime
import http.client
import json
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from components.monitoring_stack.alerting import AlertingSpec
from components.monitoring_stack.alertmanager import configuration
from tests.consumers.processes import Processes, free_ports, listens
from tests.consumers.servers import WORK, Servers

SETTLED = 10


class Alertmanager:
    """A running one."""

    def __init__(self, port: int) -> None:
        self._port = port

    def tell(self, *alerts: dict[str, str]) -> None:
        now = datetime.datetime.now(datetime.UTC).isoformat()
        answer = self._ask("POST", json.dumps([{"labels": labels, "startsAt": now} for labels in alerts]))
        assert answer == b"", answer

    def muted(self) -> dict[str, bool]:
        """By alert name, whether another one says it already."""
        told: list[dict[str, Any]] = json.loads(self._ask("GET"))
        return {alert["labels"]["alertname"]: bool(alert["status"]["inhibitedBy"]) for alert in told}

    def _ask(self, method: str, body: str | None = None) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request(method, "/api/v2/alerts", body, {"Content-Type": "application/json"})
            return connection.getresponse().read()
        finally:
            connection.close()

    def settles(self, expected: dict[str, bool]) -> dict[str, bool]:
        until = time.monotonic() + SETTLED
        while self.muted() != expected and time.monotonic() < until:
            time.sleep(0.2)
        return self.muted()


@pytest.fixture
def alertmanager(servers: Servers, scratch: Path, request: pytest.FixtureRequest) -> Generator[Alertmanager]:
    work = scratch / "mutes" / request.node.name
    work.mkdir(parents=True)
    text = configuration(AlertingSpec(), folder=WORK, servers=["cache", "main"])
    (work / "alertmanager.yml").write_text(text, encoding="utf-8")
    (port,) = free_ports(1)
    flags = [f"--config.file={WORK}/alertmanager.yml", f"--storage.path={WORK}/data", "--cluster.listen-address="]
    with Processes(scratch / "logs" / request.node.name) as processes:
        listen = f"--web.listen-address=127.0.0.1:{port}"
        processes.start("alertmanager", servers.command(work, "prometheus-alertmanager", *flags, listen))
        processes.wait_until("Alertmanager listens", lambda: listens(port))
        yield Alertmanager(port)


def alert(name: str, instance: str, severity: str = "critical", **labels: str) -> dict[str, str]:
    return {"alertname": name, "instance_name": instance, "severity": severity, **labels}


APP = alert("AppDown", "api", about="cache main")


def test_a_lost_server_explains_the_apps_that_use_it(alertmanager: Alertmanager) -> None:
    alertmanager.tell(APP, alert("AppMemoryHigh", "other", "warning"), alert("PostgresDown", "main"))
    expected = {"AppDown": True, "AppMemoryHigh": False, "PostgresDown": False}
    assert alertmanager.settles(expected) == expected


def test_one_replica_of_a_cache_that_is_away_explains_nothing(alertmanager: Alertmanager) -> None:
    alertmanager.tell(APP, alert("RedisDown", "cache", "warning"), alert("RedisStoreFull", "cache"))
    expected = {"AppDown": False, "RedisDown": False, "RedisStoreFull": False}
    assert alertmanager.settles(expected) == expected


def test_an_app_that_is_away_says_it_all_of_itself(alertmanager: Alertmanager) -> None:
    alertmanager.tell(APP, alert("AppReplicasMissing", "api", "warning"), alert("AppFailing", "web", "warning"))
    expected = {"AppDown": False, "AppReplicasMissing": True, "AppFailing": False}
    assert alertmanager.settles(expected) == expected


def test_a_promise_that_burns_is_told_whatever_else_is(alertmanager: Alertmanager) -> None:
    labels = {"slo": "availability", "about": "cache main"}
    promise, spent = alert("SloBurnsFast", "api", **labels), alert("SloBudgetSpent", "web", "warning", **labels)
    later = alert("SloBurnsSlowly", "api", "warning", **labels)
    alertmanager.tell(APP, alert("PostgresDown", "main"), promise, spent, later)
    told = {"PostgresDown": False, "SloBurnsFast": False, "SloBudgetSpent": False}
    expected = {**told, "AppDown": True, "SloBurnsSlowly": True}
    assert alertmanager.settles(expected) == expected


def test_a_promise_that_burns_says_nothing_of_another(alertmanager: Alertmanager) -> None:
    fast, slow = alert("SloBurnsFast", "api", slo="latency"), alert("SloBudgetSpent", "api", "warning", slo="rate")
    alertmanager.tell(fast, slow)
    expected = {"SloBurnsFast": False, "SloBudgetSpent": False}
    assert alertmanager.settles(expected) == expected


def test_an_app_that_is_away_has_no_events(alertmanager: Alertmanager) -> None:
    alertmanager.tell(APP, alert("SloHasNoEvents", "api", "warning", slo="availability"))
    expected = {"AppDown": False, "SloHasNoEvents": True}
    assert alertmanager.settles(expected) == expected


def test_a_lost_server_explains_that_nothing_is_counted(alertmanager: Alertmanager) -> None:
    alertmanager.tell(alert("SloHasNoEvents", "api", "warning", about="main"), alert("PostgresDown", "main"))
    expected = {"SloHasNoEvents": True, "PostgresDown": False}
    assert alertmanager.settles(expected) == expected


def test_one_host_that_nobody_reaches_hides_no_route_that_fails(alertmanager: Alertmanager) -> None:
    alertmanager.tell(alert("EdgeUnreachable", "edge"), alert("EdgeRouteFailing", "edge", route="api"))
    expected = {"EdgeUnreachable": False, "EdgeRouteFailing": False}
    assert alertmanager.settles(expected) == expected


def test_a_lost_node_explains_what_is_said_of_its_pods(alertmanager: Alertmanager) -> None:
    node = alert("NodeDown", "environment", "warning", node="a")
    here, there = (
        alert(f"Pod{w}", "environment", "warning", node=n) for w, n in (("NotRunning", "a"), ("CrashLooping", "b"))
    )
    alertmanager.tell(node, here, there)
    expected = {"NodeDown": False, "PodNotRunning": True, "PodCrashLooping": False}
    assert alertmanager.settles(expected) == expected
