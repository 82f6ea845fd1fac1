"""What people read, and when: a real Alertmanager runs what we render, and services on this machine take its messages.

PagerDuty, incident.io and mail servers have addresses that no stack file can point elsewhere: how theirs look is Alertmanager's own.
"""

from __future__ import annotations

import datetime
import http.client
import http.server
import json
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.monitoring_stack.alerting import AlertingSpec
from components.monitoring_stack.alertmanager import configuration
from tests.alerts_table import of_lines
from tests.components.monitoring_stack.variants import RECEIVERS
from tests.consumers.processes import Processes, free_ports, listens
from tests.consumers.servers import WORK, Servers

WITHIN = 60
"""Seconds: Alertmanager waits half a minute for what belongs together."""
LATER = 5
"""Seconds in which what should not come would have come: everything else of its moment has."""
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Message = tuple[str, dict[str, Any]]
"""Whom it was for, and what it says."""


class Services:
    """Takes what Alertmanager posts, by its path."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        messages = self._messages

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                messages.append((self.path, json.loads(body)))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class calls it so
                """Says nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def to(self, path: str) -> list[dict[str, Any]]:
        return [body for where, body in self._messages if where == path]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def spec(days: Sequence[str], location: str) -> AlertingSpec:
    everybody = {"routes": {severity: ["chat", "desk", "hook"] for severity in ("critical", "warning")}}
    hours = {"location": location, "days": days, "begin": "00:00", "end": "23:59"}
    switch = {"url": {"secret": "heartbeat_url"}, "every": "30s"}
    kept = {name: RECEIVERS[name] for name in ("chat", "desk", "hook")}
    said = {"receivers": kept, **everybody, "working_hours": hours, "dead_mans_switch": switch}
    return AlertingSpec.model_validate(said)


def alert(name: str, instance: str, severity: str, **labels: str) -> dict[str, Any]:
    now = datetime.datetime.now(datetime.UTC).isoformat()
    named = {"alertname": name, "instance_name": instance, "severity": severity, "stack": "shop-prod"}
    told = {
        "summary": f"{instance} is ill",
        "description": "Users see it.",
        "runbook_url": f"https://r.example/{name}.md",
    }
    return {"labels": {**named, **labels}, "annotations": told, "startsAt": now}


def of_loki() -> dict[str, Any]:
    """What Loki's ruler posts: the rule's labels, those of the sum, and annotations that it has filled in."""
    (rule,) = of_lines()
    said = {key: value.replace("{{ $labels.instance_name }}", "web") for key, value in rule["annotations"].items()}
    return {
        "labels": {**rule["labels"], "alertname": rule["alert"], "instance_name": "web"},
        "annotations": said,
        "startsAt": datetime.datetime.now(datetime.UTC).isoformat(),
    }


class Told:
    """Two Alertmanagers that were handed the same alerts, one of them while nobody is at work."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def slack(self, when: str) -> Mapping[str, dict[str, Any]]:
        """Messages by their titles."""
        posts = self._services.to(f"/{when}/slack_url")
        return {each["title"]: each for post in posts for each in post["attachments"]}

    def teams(self, when: str) -> list[str]:
        return [json.dumps(post) for post in self._services.to(f"/{when}/teams_url")]

    def hook(self, when: str) -> set[str]:
        """Names of alerts."""
        posts = self._services.to(f"/{when}/hook_url")
        return {each["labels"]["alertname"] for post in posts for each in post["alerts"]}

    def beats(self, when: str) -> list[dict[str, Any]]:
        return self._services.to(f"/{when}/heartbeat_url")


@pytest.fixture(scope="module")
def told(servers: Servers, scratch: Path) -> Generator[Told]:
    now = datetime.datetime.now(datetime.UTC)
    # A place where this minute is far from midnight.
    location = "Etc/UTC" if 1 <= now.hour < 20 else "Asia/Tokyo"
    another = DAYS[(now.weekday() + 3) % 7]
    services = Services()
    found = Told(services)
    with Processes(scratch / "logs" / "messages") as processes:
        for when, days in (("work", DAYS), ("home", (another,))):
            port = start(servers, processes, scratch / "messages" / when, services, spec(days, location))
            hand_over(port, alert("AppDown", "api", "critical"), alert("AppOutOfMemory", "web", "warning"), of_loki())
            hand_over(port, alert("Watchdog", "monitoring", "info"))
        processes.wait_until("what wakes people came", lambda: bool(found.slack("home")), seconds=WITHIN)
        processes.wait_until("all came at work", lambda: len(found.hook("work")) == 3, seconds=WITHIN)
        time.sleep(LATER)
        yield found
    services.close()


def start(servers: Servers, processes: Processes, work: Path, services: Services, said: AlertingSpec) -> int:
    work.mkdir(parents=True)
    text = configuration(said, folder=WORK)
    (work / "alertmanager.yml").write_text(text, encoding="utf-8")
    for _, name in said.secrets():
        (work / name).write_text(services.url(f"/{work.name}/{name}"), encoding="utf-8")
    (port,) = free_ports(1)
    flags = [f"--config.file={WORK}/alertmanager.yml", f"--storage.path={WORK}/data", "--cluster.listen-address="]
    listen = f"--web.listen-address=127.0.0.1:{port}"
    processes.start(work.name, servers.command(work, "prometheus-alertmanager", *flags, listen))
    processes.wait_until("Alertmanager listens", lambda: listens(port))
    return port


def hand_over(port: int, *alerts: dict[str, Any]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/api/v2/alerts", json.dumps(alerts), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
    finally:
        connection.close()


DOWN = "[FIRING] critical AppDown api (shop-prod)"
LINES = "[FIRING] warning LogsFullOfErrors web (sink)"


def test_at_work_everything_is_told(told: Told) -> None:
    assert told.hook("work") == {"AppDown", "AppOutOfMemory", "LogsFullOfErrors"}
    assert told.slack("work").keys() == {DOWN, "[FIRING] warning AppOutOfMemory web (shop-prod)", LINES}


def test_at_home_only_what_wakes_people_is(told: Told) -> None:
    assert told.hook("home") == {"AppDown"}
    assert told.slack("home").keys() == {DOWN}
    assert len(told.teams("home")) == 1


def test_the_beat_waits_for_nobodys_hours(told: Told) -> None:
    for when in ("work", "home"):
        assert [each["alerts"][0]["labels"]["alertname"] for each in told.beats(when)][:1] == ["Watchdog"]
        assert "Watchdog" not in told.hook(when)


def test_slack_shows_what_is_ill_what_it_means_and_what_to_read(told: Told) -> None:
    text = told.slack("work")[DOWN]["text"]
    assert text == "api is ill\nUsers see it.\nRunbook: https://r.example/AppDown.md\n"


def test_teams_shows_the_same(told: Told) -> None:
    (shown,) = [post for post in told.teams("work") if "AppDown" in post]
    for said in (DOWN, "api is ill", "https://r.example/AppDown.md"):
        assert said in shown


def test_what_lines_tell_is_told_like_everything_else(told: Told) -> None:
    text = told.slack("work")[LINES]["text"]
    assert text.startswith("web writes more than one error a second\n")
    assert "/LogsFullOfErrors.md\n" in text
