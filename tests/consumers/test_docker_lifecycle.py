"""What lasts: data over restarts and destruction; and that a failed one-shot stops the apps behind it."""

from __future__ import annotations

import re
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.consumers.dev_stack import PREFIX, DevStack, clear
from tests.consumers.docker_daemon import Daemon

APP = "notes"
ARCHIVE, DATA = f"{PREFIX}-main-archive-18", f"{PREFIX}-main-data-18"


CONFIG: dict[str, Any] = {
    "pulumi:disable-default-providers": ["kubernetes", "docker"],
    "blocksight:environment": {"target": {"kind": "docker"}},
    "blocksight:postgres_clusters": {
        "main": {
            "major": 18,
            "resources": {"cpu": "500m", "memory": "512Mi"},
            "databases": {APP: {}},
            "docker": {"archive": True},
        }
    },
    "blocksight:app_services": {
        APP: {
            "image": "blocksight/api:dev",
            "ports": {"http": 8000},
            "probes": {"readiness": {"http": "/healthz"}, "startup_budget": "30s"},
            "connects_to": [{"postgres": "main", "pool": 5}],
            "migrations": {"command": ["python", "/app/migrate.py"], "risky": True},
        }
    },
}
"""A server and an app that uses it: the shortest to start."""


@pytest.fixture(scope="module")
def stack(daemon: Daemon, scratch: Path) -> Generator[DevStack]:
    stack = DevStack(daemon, scratch / "lifecycle", CONFIG)
    try:
        done = stack.up()
        assert done.returncode == 0, done.stderr
        assert _sql(stack, "CREATE TABLE kept AS SELECT 42 AS answer", f"{APP}-migrator")[0] == 0
        yield stack
    finally:
        clear(daemon)


def _sql(stack: DevStack, statement: str, role: str = APP) -> tuple[int, str]:
    """A statement as one of the app's roles, with the password that this stack's state holds, over the network."""
    password = stack.passwords()[f"main-{role}-password"]
    command = f"PGPASSWORD={password} exec psql -h 127.0.0.1 -U {role} -d {APP} -Atc '{statement}'"
    code, output = stack.run("main", "sh", "-c", command)
    return code, output.strip()


def test_risky_migrations_ran_over_a_backup_that_is_whole(stack: DevStack) -> None:
    taken, migrated = (stack.inspect(f"{APP}-{role}")["State"] for role in ("main-backup", "migrations"))
    assert taken["ExitCode"] == migrated["ExitCode"] == 0
    assert taken["FinishedAt"] < migrated["StartedAt"]
    code, names = stack.run("main", "ls", "/archive/base")
    assert code == 0
    assert re.fullmatch(r"main-\d{8}T\d{6}Z", names.strip())
    assert stack.run("main", "pg_verifybackup", "-n", f"/archive/base/{names.strip()}")[0] == 0


def test_a_restart_of_the_machine_loses_nothing(stack: DevStack) -> None:
    for name in (APP, "main"):
        stack.daemon.docker.call("POST", f"/containers/{PREFIX}-{name}/stop", t="30")
        assert stack.inspect(name)["State"]["ExitCode"] in {0, 143}, name  # ended by itself; not killed
    for name in ("main", APP):
        stack.daemon.docker.call("POST", f"/containers/{PREFIX}-{name}/start")
        _wait_until_healthy(stack, name)
    assert _sql(stack, "SELECT answer FROM kept") == (0, "42")


def _wait_until_healthy(stack: DevStack, name: str) -> None:
    until = time.monotonic() + 60
    while stack.inspect(name)["State"]["Health"]["Status"] != "healthy":
        assert time.monotonic() < until, f"{name} is not healthy again:\n{stack.daemon.docker.logs(f'{PREFIX}-{name}')}"
        time.sleep(0.2)


def test_destroying_the_stack_keeps_its_data(stack: DevStack) -> None:
    stack.destroy()
    docker = stack.daemon.docker
    assert docker.containers() == []
    assert docker.volumes() == [ARCHIVE, DATA]
    assert set(docker.networks()) == {each.inputs["name"] for each in stack.created() if each.kind == "Network"}


def test_a_failed_one_shot_stops_the_apps(stack: DevStack) -> None:
    """The kept server knows the old superuser's password; a stack that has lost it must not look as if it ran."""
    known = stack.passwords()
    _remove_networks(stack)
    stack.replace_passwords({})
    done = stack.up()
    assert done.returncode == 1
    assert f"the one-shot container {PREFIX}-main-setup ended with 2" in done.stderr
    assert stack.inspect("main-setup")["State"]["ExitCode"] == 2
    assert "password authentication failed" in stack.daemon.docker.logs(f"{PREFIX}-main-setup")
    assert not {f"{PREFIX}-{APP}", f"{PREFIX}-{APP}-migrations"} & set(stack.daemon.docker.containers())
    stack.destroy()
    stack.replace_passwords(known)


def test_a_new_stack_finds_the_data_again(stack: DevStack) -> None:
    _remove_networks(stack)
    done = stack.up()
    assert done.returncode == 0, done.stderr
    assert _sql(stack, "SELECT answer FROM kept") == (0, "42")


def test_data_goes_when_somebody_asks_for_it(stack: DevStack) -> None:
    stack.destroy()
    for volume in (ARCHIVE, DATA):
        stack.daemon.docker.call("DELETE", f"/volumes/{volume}")
    assert stack.daemon.docker.volumes() == []


def _remove_networks(stack: DevStack) -> None:
    """The kept ones: a daemon does not adopt a network by its name, as it does a volume."""
    for network in stack.daemon.docker.networks():
        stack.daemon.docker.call("DELETE", f"/networks/{network}")
    stack.forget()
