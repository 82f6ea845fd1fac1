"""`make env APP=api`: a shell reads it, and every variable of the app is in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import env_template
from tests.stacks.shipped import PROJECT, ROOT, topology_of

APPS = topology_of("dev").stack.app_services
SECRET_WORDS = ("PASSWORD", "SESSION_KEY", "COIN_API_KEY")


def variables(text: str) -> dict[str, str]:
    """What a shell that sources the text has."""
    done = subprocess.run(
        ["env", "-i", "sh", "-c", 'set -a; eval "$1"; env', "sh", text], capture_output=True, text=True, check=True
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


@pytest.mark.parametrize("stack", ["dev", "prod"])
@pytest.mark.parametrize("app", ["api", "bitcoind", "electrs"])
def test_a_shell_reads_it_and_secrets_are_left_empty(stack: str, app: str) -> None:
    spec = topology_of(stack).stack.app_services[app]
    found = variables(env_template.template(topology_of(stack).stack, app))
    assert spec.env.keys() <= found.keys()
    assert {name: value for name, value in found.items() if name.endswith(SECRET_WORDS) and value} == {}


def test_published_ports_of_this_machine_are_filled_in() -> None:
    found = variables(env_template.template(topology_of("dev").stack, "api"))
    assert (found["PGHOST"], found["PGPORT"]) == ("127.0.0.1", "5432")
    assert (found["BITCOIND_HOST"], found["BITCOIND_PORT"]) == ("127.0.0.1", "18443")
    sessions = {word: found[f"SESSIONS_{word}"] for word in ("HOST", "PORT", "TLS", "USER", "PASSWORD")}
    assert sessions == {"HOST": "127.0.0.1", "PORT": "6379", "TLS": "false", "USER": "api", "PASSWORD": ""}
    assert (found["REDIS_HOST"], found["REDIS_PORT"]) == ("", "6379"), "not published"
    assert found["BITCOIND_ZMQ_HOST"] == "", "not published, so not reached from outside a container"


def test_keys_may_stand_without_the_projects_name(tmp_path: Path) -> None:
    shared, dev = ((ROOT / name).read_text(encoding="utf-8") for name in ("Pulumi.yaml", "Pulumi.dev.yaml"))
    (tmp_path / "Pulumi.yaml").write_text(shared, encoding="utf-8")
    (tmp_path / "Pulumi.dev.yaml").write_text(dev.replace(f"{PROJECT}:", ""), encoding="utf-8")
    read = env_template.read(tmp_path, "dev")
    assert env_template.template(read, "api") == env_template.template(topology_of("dev").stack, "api")


def test_the_contracts_words_stand_beside_the_variables() -> None:
    text = env_template.template(topology_of("dev").stack, "api")
    assert "# one of debug, info, warn, error\nLOG_LEVEL=debug\n" in text
    assert "# signs the tokens of sessions: text of 32 or more characters\nSESSION_KEY=" in text


@pytest.mark.parametrize("value", ["it's", "a b", "$HOME", "`id`", "", "x#y"])
def test_any_text_survives_the_shell(value: str) -> None:
    assert variables(f"X={env_template._quoted(value)}")["X"] == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("config: {a: ", "env: a file of stack dev is not valid YAML: "),
        ("[]", "env: Pulumi.dev.yaml or Pulumi.yaml lacks what each has: "),
        ("config: {}", "Pulumi.dev.yaml is refused: "),
        ("config: {shop:a: &a [*a]}", "Pulumi.dev.yaml is refused: "),
    ],
)
def test_a_file_that_is_none_is_told_without_a_trace(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n", encoding="utf-8")
    (tmp_path / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    command = [sys.executable, "env_template.py", "api", "--project", tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert done.stderr.startswith(told)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["config.py", "schema", "nowhere"], "schema: there is no nowhere/Pulumi.yaml"),
        (["-m", "rollback", "--stack", "nowhere"], "rollback: there is no Pulumi.nowhere.yaml"),
        (["-m", "recovery", "backup", "--stack", "nowhere"], "recovery: Pulumi.nowhere.yaml is not there"),
        (["-m", "recovery", "restore", "main", "--to", "noon"], "must be a moment with its zone: "),
    ],
)
def test_what_is_nowhere_is_told_without_a_trace(command: list[str], told: str) -> None:
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["api"], 0, ""),
        (["apo"], 2, f"env: apo is no app of stack dev; it has: {', '.join(sorted(APPS))}\n"),
        (["api", "--stack", "nope"], 2, "env: there is no Pulumi.nope.yaml\n"),
    ],
)
def test_the_command_says_what_is_wrong(arguments: list[str], code: int, told: str) -> None:
    done = subprocess.run(
        [sys.executable, Path("env_template.py"), *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (code, told)
