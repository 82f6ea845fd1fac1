"""A developer's day on a real daemon: own source, own command, own variables, sample data, a volume; and the next morning."""

from __future__ import annotations

import copy
import json
import shutil
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.consumers.dev_stack import PREFIX, DevStack, clear
from tests.consumers.docker_daemon import Daemon
from tests.consumers.docker_up import Created

APP_USER = "10001:10001"

SERVER = """
import json, os, pathlib, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Own(BaseHTTPRequestHandler):
    def do_GET(self):
        told = {name: os.environ.get(name) for name in ("GREETING", "MINE", "LEFT", "PGUSER")}
        note = pathlib.Path("/src/note.txt").read_text()
        body = json.dumps({"arguments": sys.argv[1:], "note": note, "told": told}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

HTTPServer(("", 8000), Own).serve_forever()
"""
"""What a developer has in the folder of the source."""

SEED = (
    'PGPASSWORD=$(cat "$PGPASSWORD_FILE") psql -v ON_ERROR_STOP=1 -qc '
    '"CREATE TABLE IF NOT EXISTS sample AS SELECT current_user::text AS seeded_by"'
)

CONFIG: dict[str, Any] = {
    "pulumi:disable-default-providers": ["kubernetes", "docker"],
    "blocksight:environment": {"target": {"kind": "docker"}},
    "blocksight:postgres_clusters": {
        "main": {"major": 18, "resources": {"cpu": "500m", "memory": "512Mi"}, "databases": {"notes": {}}}
    },
    "blocksight:app_services": {
        "notes": {
            "image": "blocksight/api:dev",
            "ports": {"http": 8000},
            "probes": {"readiness": {"http": "/healthz"}, "startup_budget": "30s"},
            "env": {"GREETING": "of the stack", "LEFT": "of the stack"},
            "connects_to": [{"postgres": "main", "pool": 5}],
            "docker": {
                "publish": {"http": 8000},
                "command": ["python", "/src/server.py", "--reload"],
                "mounts": [{"source": "./src", "path": "/src"}],
                "env_file": "./notes.env",
                "seed": {"command": ["sh", "-euc", SEED], "timeout": "1m"},
            },
        },
        "index": {
            "kind": "stateful",
            "image": "blocksight/index:own",
            "docker": {"build": {"context": "./index", "dockerfile": "Dockerfile.dev"}},
            "command": ["python", "-m", "http.server", "--directory", "/var/lib/index", "9000"],
            "ports": {"http": 9000},
            "probes": {"readiness": {"tcp": "http"}, "startup_budget": "30s"},
            "storage": {"path": "/var/lib/index"},
        },
    },
}


@pytest.fixture(scope="module")
def stack(daemon: Daemon, scratch: Path) -> Generator[DevStack]:
    stack = DevStack(daemon, scratch / "day", CONFIG)
    source = scratch / "day" / "src"
    source.mkdir()
    (source / "server.py").write_text(SERVER, encoding="utf-8")
    (source / "note.txt").write_text("first", encoding="utf-8")
    built = scratch / "day" / "index"
    built.mkdir()
    (built / "Dockerfile.dev").write_text("FROM blocksight/api:dev\nCOPY built.txt /\n", encoding="utf-8")
    (built / "built.txt").write_text("by the stack", encoding="utf-8")
    own = "# my own\nGREETING='of the developer'\nMINE=kept  # a comment\nLEFT=\nPGUSER=nobody\n"
    (scratch / "day" / "notes.env").write_text(own, encoding="utf-8")
    try:
        done = stack.up()
        assert done.returncode == 0, done.stderr
        yield stack
    finally:
        clear(daemon)


def _asked(stack: DevStack) -> dict[str, Any]:
    done = stack.daemon.on_host("curl", "-s", "--max-time", "5", "http://127.0.0.1:8000/")
    assert done.returncode == 0, stack.daemon.docker.logs(f"{PREFIX}-notes")
    return json.loads(done.stdout)


def _sql(stack: DevStack, statement: str) -> tuple[int, str]:
    code, output = stack.run("main", "psql", "-U", "postgres", "-d", "notes", "-Atc", statement, user="999:999")
    return code, output.strip()


def test_the_developers_own_command_runs_over_the_images(stack: DevStack) -> None:
    assert _asked(stack)["arguments"] == ["--reload"]


def test_a_change_of_the_source_shows_without_an_up(stack: DevStack, scratch: Path) -> None:
    assert _asked(stack)["note"] == "first"
    (scratch / "day" / "src" / "note.txt").write_text("second", encoding="utf-8")
    assert _asked(stack)["note"] == "second"
    code, _ = stack.run("notes", "sh", "-c", "echo x > /src/note.txt", user=APP_USER)
    assert code == 2, "the source is the developer's to write"


def test_own_variables_go_before_the_stacks_and_empty_ones_do_not(stack: DevStack) -> None:
    told = _asked(stack)["told"]
    assert told == {"GREETING": "of the developer", "MINE": "kept", "LEFT": "of the stack", "PGUSER": "notes"}


def test_sample_data_is_there_and_is_the_apps_own(stack: DevStack) -> None:
    assert _sql(stack, "SELECT seeded_by FROM sample") == (0, "notes")
    assert stack.inspect("notes-seed")["State"]["ExitCode"] == 0
    seed, app = (_of(stack, name) for name in ("notes-seed", "notes"))
    assert seed.ready <= app.begun


def _of(stack: DevStack, name: str) -> Created:
    (found,) = [e for e in stack.created() if e.kind == "Container" and e.inputs["name"] == f"{PREFIX}-{name}"]
    return found


def test_an_image_is_built_of_the_developers_folder(stack: DevStack) -> None:
    assert stack.run("index", "cat", "/built.txt") == (0, "by the stack")


def test_a_stateful_apps_user_owns_its_volume(stack: DevStack) -> None:
    assert stack.run("index", "stat", "-c", "%u:%g", "/var/lib/index")[1].strip() == APP_USER
    assert stack.run("index", "sh", "-c", "echo kept > /var/lib/index/kept", user=APP_USER)[0] == 0
    assert stack.run("index", "sh", "-c", "echo x > /var/lib/index/kept", user="12345:12345")[0] == 2


def test_the_next_morning_everything_is_there(stack: DevStack) -> None:
    """Stopped all at once and in no order, as the guide says; started by the daemon, with nobody's help in the order."""
    docker = stack.daemon.docker
    assert _sql(stack, "INSERT INTO sample VALUES (1)")[0] == 0
    names = ("index", "main", "notes")
    for name in names:
        docker.call("POST", f"/containers/{PREFIX}-{name}/stop")
    for name in reversed(names):
        docker.call("POST", f"/containers/{PREFIX}-{name}/start")
    for name in names:
        _wait_until_healthy(stack, name)
    assert _sql(stack, "SELECT count(*) FROM sample") == (0, "2")
    assert stack.run("index", "cat", "/var/lib/index/kept") == (0, "kept\n")
    assert _asked(stack)["note"] == "second"


def _wait_until_healthy(stack: DevStack, name: str) -> None:
    until = time.monotonic() + 60
    while stack.inspect(name)["State"]["Health"]["Status"] != "healthy":
        assert time.monotonic() < until, f"{name} is not healthy:\n{stack.daemon.docker.logs(f'{PREFIX}-{name}')}"
        time.sleep(0.2)


def test_sample_data_that_takes_too_long_is_stopped_and_the_app_does_not_start(
    daemon: Daemon, stack: DevStack, scratch: Path
) -> None:
    stack.destroy()
    clear(daemon)
    slow = copy.deepcopy(CONFIG)
    slow["blocksight:app_services"]["notes"]["docker"]["seed"] = {"command": ["sleep", "300"], "timeout": "2s"}
    late = DevStack(daemon, scratch / "late", slow)
    for folder in ("src", "index"):
        shutil.copytree(scratch / "day" / folder, scratch / "late" / folder)
    shutil.copyfile(scratch / "day" / "notes.env", scratch / "late" / "notes.env")
    done = late.up()
    assert done.returncode == 1
    assert f"the one-shot container {PREFIX}-notes-seed ended with" in done.stderr
    seed = _of(late, "notes-seed")
    assert 2 <= seed.ready - seed.begun < 60
    assert f"{PREFIX}-notes" not in daemon.docker.containers()
