"""PostgreSQL 18 and PgBouncer with the exporters that the Docker target renders: every series of a signal is there.

What exporters on Kubernetes emit is known from their sources (tests/series).
"""

from __future__ import annotations

import re
from collections.abc import Generator

import pytest

from components.postgres_cluster.exporters import NOBODY
from components.postgres_cluster.facts import METRICS_PORT, POOLER_METRICS_PORT
from components.postgres_cluster.signals import SIGNALS
from tests.components.postgres_cluster.watched import watched, written
from tests.consumers import postgres_machine
from tests.consumers.postgres_machine import Machine
from tests.series import emitted_by, missing
from toolchain.consumers.pgbouncer_exporter import PGBOUNCER_EXPORTER
from toolchain.progress import UnavailableError

STACK = watched(METRICS_PORT, POOLER_METRICS_PORT)

POOLER_ADDRESS = "127.0.0.2"
"""On one machine with the server, whose port it has."""

PROGRAMS = {"main-exporter": "prometheus-postgres-exporter", "main-pooler-exporter": "pgbouncer_exporter"}
"""What the images of the containers start."""

_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="')


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Generator[Machine]:
    try:
        pooler_exporter = PGBOUNCER_EXPORTER.need() / PROGRAMS["main-pooler-exporter"]
    except UnavailableError as error:
        pytest.skip(f"servers: {error}")
    with postgres_machine.running(tmp_path_factory.mktemp("machine")) as found:
        found.install(pooler_exporter)
        found.write("/etc/hosts", f"127.0.0.1 localhost main\n{POOLER_ADDRESS} main-pooler\n")
        command: list[str] = STACK.one("Container", "main-server").inputs["command"]
        found.start_server(command[1:])
        found.sql(written(STACK, "main-setup")["/setup/setup.sql"])
        _give(found, "main-pooler-files", "postgres")
        ini = written(STACK, "main-pooler-files")["/run/config/pgbouncer.ini"]
        found.write("/run/config/pgbouncer.ini", ini.replace("listen_addr = *", f"listen_addr = {POOLER_ADDRESS}"))
        found.start("pooler", ["pgbouncer", "/run/config/pgbouncer.ini"])
        yield found


def _give(machine: Machine, writer: str, reader: str) -> None:
    for path, content in written(STACK, writer).items():
        machine.write(path, content, reader)


def _scraped(machine: Machine, name: str, port: int) -> dict[str, frozenset[str]]:
    """Labels of what a container's exporter serves, by series; the container runs until the machine ends."""
    _give(machine, f"{name}-files", str(NOBODY))
    given = STACK.one("Container", name).inputs
    variables = dict(variable.split("=", 1) for variable in given.get("envs") or ())
    machine.start(name, [PROGRAMS[name], *given["command"]], user=str(NOBODY), **variables)
    fetch = ["busybox", "wget", "-q", "-O", "-", f"http://127.0.0.1:{port}/metrics"]
    machine.wait_until(f"{name} answers", fetch)
    found: dict[str, frozenset[str]] = {}
    for series, labels in _SAMPLE.findall(machine.run(fetch).stdout):
        found[series] = found.get(series, frozenset()) | frozenset(_LABEL.findall(labels))
    return found


@pytest.fixture(scope="module")
def server(machine: Machine) -> dict[str, frozenset[str]]:
    return _scraped(machine, "main-exporter", METRICS_PORT)


@pytest.fixture(scope="module")
def pooler(machine: Machine) -> dict[str, frozenset[str]]:
    return _scraped(machine, "main-pooler-exporter", POOLER_METRICS_PORT)


def test_every_series_and_label_of_a_signal_is_served(
    server: dict[str, frozenset[str]], pooler: dict[str, frozenset[str]]
) -> None:
    sources = [signal.sources["docker"] for signal in SIGNALS if "docker" in signal.sources]
    assert len(sources) > 15
    assert [lack for source in sources for lack in missing(source, {**server, **pooler})] == []


@pytest.mark.parametrize("exporter", ["postgres-exporter", "pgbouncer-exporter"])
def test_the_committed_list_of_an_exporter_is_true(
    exporter: str, server: dict[str, frozenset[str]], pooler: dict[str, frozenset[str]]
) -> None:
    there = server if exporter == "postgres-exporter" else pooler
    listed = emitted_by(exporter)
    assert listed.keys() - there.keys() == set()
    assert [name for name, labels in listed.items() if labels - there[name]] == []


def test_the_exporters_are_let_in(machine: Machine, pooler: dict[str, frozenset[str]]) -> None:
    assert "pgbouncer_up" in pooler
    for port, sample in ((METRICS_PORT, "pg_up 1"), (POOLER_METRICS_PORT, "pgbouncer_up 1")):
        told = machine.run(["busybox", "wget", "-q", "-O", "-", f"http://127.0.0.1:{port}/metrics"]).stdout
        assert sample in told.splitlines()


def test_the_exporters_role_reads_no_rows(machine: Machine) -> None:
    machine.sql("create table rows (id int)", "api")
    denied = machine.run(
        ["psql", "-X", "-h", "127.0.0.1", "-U", "slipway-exporter", "-d", "api", "-c", "select * from rows"],
        check=False,
        variables={"PGPASSWORD": written(STACK, "main-exporter-files")["/run/secrets/password"]},
    )
    assert "permission denied" in denied.stderr
