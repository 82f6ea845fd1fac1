"""Exporters of the servers' root folder, started here: they have every series that the registry says, and its labels."""

from __future__ import annotations

import http.client
import re
import urllib.request
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.consumers.processes import Processes, free_ports
from tests.consumers.servers import WORK, Servers
from tests.series import emitted_by
from toolchain.consumers.servers import ROOT, SERVERS

CONFIG = "global: {scrape_interval: 1s}\nrule_files: [rules.yml]\nalerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:%d']}]}]}\n"
RULES = "groups: [{name: one, interval: 1s, rules: [{record: a, expr: vector(1)}]}]\n"
ROUTES = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"

WITH_SCRAPES = frozenset({"up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_series_added"})
"""Prometheus' own of each scrape, which no endpoint serves."""
OF_EVENTS = frozenset({"alertmanager_notifications_suppressed_total", "alertmanager_cluster_enabled"})
"""Alertmanager has them once there is something to count, or since another minor."""
OF_OTHER_MACHINES = re.compile(
    r"node_(filesystem_mount_info|time_|vmstat_|scrape_).*|node_memory_(?!MemTotal|MemAvailable).*|node_timex_pps_.*"
)
"""What a kernel or another minor of the exporter may lack; no rule asks for it."""

_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ", re.MULTILINE)


@pytest.fixture
def work(scratch: Path, request: pytest.FixtureRequest) -> Path:
    folder = scratch / "exporters" / request.node.name
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def processes(scratch: Path, request: pytest.FixtureRequest) -> Generator[Processes]:
    with Processes(scratch / "logs" / request.node.name) as running:
        yield running


class Exporter:
    """A program that serves metrics."""

    def __init__(self, processes: Processes, name: str, command: Sequence[str | Path]) -> None:
        (self._port,) = free_ports(1)
        self._processes, self._name = processes, name
        processes.start(name, [*command, f"--web.listen-address=127.0.0.1:{self._port}"])

    def has(self, exporter: str, *, but: Callable[[str], object]) -> list[str]:
        """What it lacks of the registry in the end: some series come with the first sample, or the first neighbour."""
        lacking: list[str] = ["nothing was served"]

        def complete() -> bool:
            lacking[:] = [word for word in absent(exporter, self._served()) if not but(word)]
            return lacking == []

        try:
            self._processes.wait_until(f"{self._name} has everything", complete, seconds=30)
        except AssertionError:
            return lacking
        return []

    def _served(self) -> dict[str, frozenset[str]]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=10) as answer:
                text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            return {}
        found: dict[str, frozenset[str]] = {}
        for series, labels in _SAMPLE.findall(text):
            found[series] = found.get(series, frozenset()) | frozenset(re.findall(r'(\w+)="', labels))
        return found


def absent(exporter: str, found: Mapping[str, frozenset[str]]) -> list[str]:
    """Series that are not served, and labels that the registry does not know."""
    promised = emitted_by(exporter)
    more = ((name, found[name] - promised[name]) for name in sorted(promised.keys() & found))
    return [
        *sorted(promised.keys() - found),
        *(f"{name}{{{label}}}" for name, labels in more for label in sorted(labels)),
    ]


def test_prometheus_has_what_the_registry_says(servers: Servers, work: Path, processes: Processes) -> None:
    (other,) = free_ports(1)
    (work / "prometheus.yml").write_text(CONFIG % other, encoding="utf-8")
    (work / "rules.yml").write_text(RULES, encoding="utf-8")
    command = ["prometheus", f"--config.file={WORK}/prometheus.yml", f"--storage.tsdb.path={WORK}/data"]
    one = Exporter(processes, "prometheus", servers.command(work, *command))
    assert one.has("prometheus", but=WITH_SCRAPES.__contains__) == []


def test_alertmanager_has_what_the_registry_says(servers: Servers, work: Path, processes: Processes) -> None:
    (peers,) = free_ports(1)
    (work / "alertmanager.yml").write_text(ROUTES, encoding="utf-8")
    command = ["prometheus-alertmanager", f"--config.file={WORK}/alertmanager.yml", f"--storage.path={WORK}/data"]
    command.append(f"--cluster.listen-address=127.0.0.1:{peers}")
    one = Exporter(processes, "alertmanager", servers.command(work, *command))
    assert one.has("alertmanager", but=OF_EVENTS.__contains__) == []


def test_node_exporter_has_what_the_registry_says(servers: Servers, processes: Processes) -> None:
    assert servers is not None, "they are here"
    # Not within the root folder: it reads this machine's own /sys.
    program = SERVERS.need() / ROOT / "usr/bin/prometheus-node-exporter"
    one = Exporter(processes, "node-exporter", [program])
    assert one.has("node-exporter", but=OF_OTHER_MACHINES.match) == []
