"""The dev stack's monitoring on a real daemon, as rendered: Prometheus, Alertmanager, the prober and exporters are real.

Grafana, Loki, cAdvisor, the push gateway and the collector can't be had from packages: endpoints stand in for them, so
signals that are theirs alone have no data here.
"""

from __future__ import annotations

import contextlib
import json
import time
import urllib.parse
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.targets.docker import TOOLS_FOLDER
from tests.consumers.dev_stack import PREFIX, DevStack, clear
from tests.consumers.docker_daemon import OUTSIDE, Daemon, in_network_of
from tests.consumers.processes import Processes, bare_environment
from tests.consumers.rendered import PROJECT
from tests.stacks.shipped import topology_of

RECEIVER_PORT = 8098
RECEIVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(sys.argv[1], "ab") as file:
            file.write(body + b"\\n")
        self.send_response(200)
        self.end_headers()
    def log_message(self, format, *args):
        pass
http.server.ThreadingHTTPServer((sys.argv[2], int(sys.argv[3])), Handler).serve_forever()
"""
BEAT_SECONDS = 30
ASK_THE_GATEWAY = f"{TOOLS_FOLDER}/busybox wget -q -T 3 -O /dev/null http://monitoring-pushgateway:9091/metrics"
PROMISED_SECONDS = 240
"""From a kill to the message: two scrapes, the alert's own patience of a minute or two, Alertmanager's half a minute."""

STATUS = ("https://blocksight.localhost:8443/api/status", "--resolve", "blocksight.localhost:8443:127.0.0.1")
"""An answer of the API that the site keeps for some seconds."""

Query = tuple[str, str, str]
"""Page, panel, legend."""

OF_CONTAINERS = ("Held back", "Killed for memory", "Memory", "Processor time", "Starts within an hour")

CANNOT: dict[Query, str] = {
    **{(app, panel, panel.lower()): "cAdvisor" for app in ("api", "bitcoind", "electrs") for panel in OF_CONTAINERS},
    ("environment", "Held back", "{{pod}} {{container}}{{name}}"): "cAdvisor",
    ("environment", "Starts within an hour", "{{name}}"): "cAdvisor",
    ("monitoring", "Errors of Grafana", "grafana"): "Grafana",
    ("monitoring", "Errors of Loki", "loki"): "Loki",
    ("monitoring", "Lines refused", "{{reason}}"): "Loki",
    ("api", "Since the last push", "{{job}}"): "the push gateway",
    ("api", "Tip height", "tip height"): "a node with blocks",
}
"""Queries that nothing answers here, and what would: stand-ins tell no series."""

QUIET: dict[Query, str] = {
    ("cache", "Hits", "cache"): "no app reads from the cache",
    ("edge", "Failed requests", "{{route}}"): "none failed",
    ("edge", "Refused", "no right"): "nobody was refused",
    ("edge", "Refused", "too many"): "nobody was refused",
    ("main", "Backends that wait for a lock", "waiting"): "none waits",
    ("overview", "Endpoints that can't be scraped", "{{instance_name}} {{job}}"): "all can",
}
"""Queries that have data once something happens, which here it need not."""


class Watched:
    """A running stack, its Prometheus, and what its people were told."""

    def __init__(self, stack: DevStack, messages: Path) -> None:
        self.stack = stack
        self._messages = messages

    def ask(self, path: str, **parameters: str) -> Any:
        """Prometheus' answer."""
        url = f"http://127.0.0.1:9090/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        done = self.stack.daemon.on_host("curl", "-s", "--max-time", "20", url)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert answer["status"] == "success", f"{parameters}: {answer}"
        return answer["data"]

    def messages(self) -> Iterator[dict[str, Any]]:
        """Alerts that reached the receiver."""
        if self._messages.exists():
            # Alertmanager's JSON ends its own line.
            for line in filter(None, self._messages.read_text(encoding="utf-8").splitlines()):
                yield from json.loads(line)["alerts"]


def wait(what: str, is_so: Callable[[], bool], seconds: float) -> float:
    """Seconds that it took."""
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < seconds, f"not after {seconds:.0f} s: {what}"
        time.sleep(1)
    return time.monotonic() - begun


@pytest.fixture(scope="module")
def watched(daemon: Daemon, scratch: Path) -> Generator[Watched]:
    config = yaml.safe_load((PROJECT / "Pulumi.dev.yaml").read_text(encoding="utf-8"))["config"]
    monitoring = config["blocksight:monitoring"]
    monitoring["metrics"] |= {"scrape_interval": "5s"}
    monitoring["alerts"] = {
        "receivers": {"people": {"kind": "webhook", "url": {"secret": "webhook"}}},
        "routes": {"critical": ["people"], "warning": ["people"]},
        "dead_mans_switch": {"url": {"secret": "webhook"}, "every": f"{BEAT_SECONDS}s"},
    }
    config["blocksight:app_services"]["api"]["metrics"]["push"] = True
    config["blocksight:secrets"] = {"webhook": {"secure": f"http://{OUTSIDE}:{RECEIVER_PORT}/"}}
    folder = scratch / "receiver"
    with Processes(folder) as processes:
        told = folder / "messages"
        receiver = ["python3", "-c", RECEIVER, str(told), OUTSIDE, str(RECEIVER_PORT)]
        processes.start(
            "receiver", [*in_network_of(daemon.outside_pid), *receiver], cwd=folder, env=bare_environment(folder)
        )
        stack = DevStack(daemon, scratch / "watched", config)
        try:
            done = stack.up()
            assert done.returncode == 0, done.stderr
            yield Watched(stack, told)
        finally:
            clear(daemon)


def test_every_endpoint_is_scraped(watched: Watched) -> None:
    wanted = {(scrape.instance, scrape.job) for one in topology_of("dev").telemetry for scrape in one.scrapes}

    def up() -> set[tuple[str, str]]:
        targets = watched.ask("targets", state="active")["activeTargets"]
        return {(t["labels"]["instance_name"], t["labels"]["job"]) for t in targets if t["health"] == "up"}

    with contextlib.suppress(AssertionError):  # what is missing says more than that something is
        wait("all are up", lambda: wanted <= up(), 90)
    assert wanted - up() == set()


def test_the_push_gateway_is_reached_by_the_app_that_pushes_and_by_no_other_part(watched: Watched) -> None:
    def reaches(name: str) -> bool:
        code, _ = watched.stack.run(name, "sh", "-c", ASK_THE_GATEWAY, user="0")
        return code == 0

    others = set(watched.stack.serving()) - {"api", "monitoring-pushgateway"}
    programs = {name for name in others if name.split("-")[0] == "monitoring"}
    assert reaches("api")
    assert {name for name in sorted(others - programs) if reaches(name)} == set()


def test_every_rule_is_evaluated(watched: Watched) -> None:
    def rules() -> list[dict[str, Any]]:
        return [rule for group in watched.ask("rules")["groups"] for rule in group["rules"]]

    wait("every rule was evaluated", lambda: all(rule["health"] != "unknown" for rule in rules()), 90)
    assert [(rule["name"], rule.get("lastError")) for rule in rules() if rule["health"] != "ok"] == []
    assert len(rules()) > 50


def test_probes_come_through_the_edge(watched: Watched) -> None:
    probes = sum(len(one.probes) for one in topology_of("dev").telemetry)
    query = "count(probe_success == 1) or vector(0)"
    wait("all probes succeed", lambda: watched.ask("query", query=query)["result"][0]["value"][1] == str(probes), 90)


def test_requests_are_counted_beside_the_edge_and_the_site(watched: Watched) -> None:
    page = ("https://blocksight.localhost:8443/", "--resolve", "blocksight.localhost:8443:127.0.0.1")

    def counted() -> set[str]:
        assert watched.stack.daemon.on_host("curl", "-ks", "--max-time", "5", *page).returncode == 0
        query = "slipway:edge_requests_per_second > 0 or slipway:site_requests_per_second > 0"
        return {each["metric"]["instance_name"] for each in watched.ask("query", query=query)["result"]}

    wait("requests are counted", lambda: counted() == {"edge", "web"}, 90)


def asked(watched: Watched) -> dict[Query, str]:
    """Queries of panels, by page, title and legend, as Grafana's container holds them."""
    code, listed = watched.stack.run("monitoring-grafana", "ls", "/run/pages")
    assert code == 0
    found: dict[Query, str] = {}
    for file in listed.split():
        _, text = watched.stack.run("monitoring-grafana", "cat", f"/run/pages/{file}")
        for panel in json.loads(text)["panels"]:
            if panel.get("datasource", {}).get("type") == "prometheus":
                page = file.removesuffix(".json")
                found |= {(page, panel["title"], each["legendFormat"]): each["expr"] for each in panel["targets"]}
    return found


def test_every_panel_has_data_but_those_that_can_have_none_here(watched: Watched) -> None:
    queries = asked(watched)
    assert CANNOT.keys() | QUIET.keys() <= queries.keys(), "a panel was renamed, or is gone"

    def silent() -> set[Query]:
        return {key for key, query in queries.items() if not watched.ask("query", query=query)["result"]}

    def answered() -> bool:
        # Twice, so that the site has something to answer from.
        assert watched.stack.daemon.on_host("curl", "-ks", "--max-time", "5", *STATUS, *STATUS).returncode == 0
        return silent() <= CANNOT.keys() | QUIET.keys()

    with contextlib.suppress(AssertionError):  # what is missing says more than that something is
        wait("every panel that can has data", answered, 120)
    without = silent()
    assert without - CANNOT.keys() - QUIET.keys() == set(), "a query that nothing answers any more"
    assert CANNOT.keys() - without == set(), "it has data by now: take it out of the table"
    print(f"{len(queries)} queries of panels, {len(queries) - len(without)} with data")  # noqa: T201  # for who asks with -s


def test_the_dead_mans_switch_beats(watched: Watched) -> None:
    def beats() -> int:
        return sum(alert["labels"]["alertname"] == "Watchdog" for alert in watched.messages())

    wait("the first beat", lambda: beats() > 0, 120)
    before = beats()
    wait("three more beats", lambda: beats() >= before + 3, BEAT_SECONDS * 5)


def test_a_killed_server_is_told_in_the_promised_time_and_so_is_its_return(watched: Watched) -> None:
    def told(status: str) -> bool:
        return any(
            alert["labels"]["alertname"] == "PostgresDown" and alert["status"] == status for alert in watched.messages()
        )

    docker = watched.stack.daemon.docker
    docker.call("POST", f"/containers/{PREFIX}-main/stop", t="0")
    took = wait("PostgresDown is told", lambda: told("firing"), PROMISED_SECONDS)
    docker.call("POST", f"/containers/{PREFIX}-main/start")
    print(f"{took:.0f} s from the kill to the message")  # noqa: T201  # a figure for who asks with -s
    wait("its end is told", lambda: told("resolved"), 420)
