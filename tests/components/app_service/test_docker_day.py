"""A developer's day on Docker: sample data, own variables, a build and a mount of the source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.app_service import env_file
from tests.components.app_service.test_kinds import changed
from tests.kit.recording import Recording, Secret


def dev(**docker: Any) -> Recording:
    return changed("dev", {"api": {"docker": docker}})


def test_sample_data_comes_after_the_migrations_and_before_the_app_with_the_apps_own_role() -> None:
    recording = dev(seed={"command": ["python", "/app/seed.py"]})
    migrations, seed, app = (recording.one("Container", f"api-{role}") for role in ("migrations", "seed", "container"))
    assert migrations.urn in seed.dependencies
    assert seed.urn in app.dependencies
    assert seed.inputs["entrypoints"][-1] == "600"
    assert seed.inputs["command"] == ["python", "/app/seed.py"]
    assert "PGUSER=api" in seed.inputs["envs"]
    assert {n["name"] for n in seed.inputs["networksAdvanced"]} == {
        n["name"] for n in migrations.inputs["networksAdvanced"]
    }


def test_a_developers_variables_go_before_the_stacks_and_are_secret(tmp_path: Path) -> None:
    file = tmp_path / "api.env"
    own = "LOG_LEVEL=trace\nMINE='a b'  # my own\nSESSION_KEY=\nPGHOST=127.0.0.1\nPGPASSWORD=mine\n"
    file.write_text(own, encoding="utf-8")
    envs = dev(env_file=str(file)).one("Container", "api-container").inputs["envs"]
    assert [e.reveal() for e in envs if isinstance(e, Secret)] == ["LOG_LEVEL=trace", "MINE=a b"]
    plain = [e for e in envs if not isinstance(e, Secret)]
    assert not any(e.startswith("LOG_LEVEL=") for e in plain)
    assert "PGHOST=main" in plain, "what `make env` says is for outside the container"
    assert "SESSION_KEY_FILE=/run/secrets/SESSION_KEY" in plain, "left empty: the stack's own"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("X=1", "1"),
        ("export X=1", "1"),
        ("X='a # b'", "a # b"),
        ('X="a b"', "a b"),
        ("X=a#b", "a#b"),
        ("X=a # b", "a"),
        ("X=https://h/p?q=1", "https://h/p?q=1"),
    ],
)
def test_lines_of_an_env_file(tmp_path: Path, line: str, value: str) -> None:
    file = tmp_path / ".env"
    file.write_text(f"# comment\n\n{line}\n", encoding="utf-8")
    assert env_file.variables("api", str(file)) == {"X": value}


@pytest.mark.parametrize("line", ["X=", "X=  # a secret of the stack", "X=''"])
def test_an_empty_value_leaves_the_variable_to_the_stack(tmp_path: Path, line: str) -> None:
    file = tmp_path / ".env"
    file.write_text(line, encoding="utf-8")
    assert env_file.variables("api", str(file)) == {}


def test_a_line_that_is_none_is_named_by_its_number_and_not_repeated(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("X=1\nhunter two\n", encoding="utf-8")
    with pytest.raises(pulumi.RunError, match=r":2: must be NAME=VALUE; e\.g\. LOG_LEVEL=debug$") as refusal:
        env_file.variables("api", str(file))
    assert "hunter" not in str(refusal.value)


def test_a_missing_file_says_how_to_write_it() -> None:
    with pytest.raises(pulumi.RunError, match=r"make env APP=api > \./nowhere\.env$"):
        env_file.variables("api", "./nowhere.env")


def test_a_source_mount_and_another_command_are_for_the_app_alone(tmp_path: Path) -> None:
    recording = dev(mounts=[{"source": str(tmp_path), "path": "/app/src"}], command=["npm", "run", "dev"])
    app, migrations = (recording.one("Container", f"api-{role}").inputs for role in ("container", "migrations"))
    assert (app["entrypoints"], app["command"]) == (["npm"], ["run", "dev"])
    assert any(m["type"] == "bind" and m["source"] == str(tmp_path) for m in app["mounts"])
    assert not any(m["type"] == "bind" for m in migrations["mounts"])
