"""Back to the last good images: in a text, and with the history that the real engine keeps."""

from __future__ import annotations

import difflib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import rollback
from rehearsal import environment
from rehearsal.session import Session
from tests.stacks.shipped import PROJECT, ROOT

GOOD, BAD, WORSE = (f"ghcr.io/blocksight/api@sha256:{'0' * 63}{n}" for n in (1, 8, 9))
TEXT = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8")


def update(version: int, image: str, result: str = "succeeded", kind: str = "update") -> dict[str, Any]:
    """As `pulumi stack history --json` tells it."""
    apps = {"api": {"image": image}, "gone": {"image": "registry.example.com/gone:1"}}
    value = {"value": json.dumps(apps), "objectValue": apps, "secret": False}
    config = {f"{PROJECT}:app_services": value}
    return {"kind": kind, "version": version, "startTime": f"day {version}", "result": result, "config": config}


def file_with(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def changed_lines(before: str, after: str) -> list[str]:
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


def test_only_images_change_and_every_comment_stays(tmp_path: Path) -> None:
    bad = TEXT.replace(GOOD, BAD)
    file = file_with(tmp_path, bad)
    told = rollback.roll_back(file, PROJECT, [update(2, BAD), update(1, GOOD)])
    assert file.read_text(encoding="utf-8") == TEXT
    assert told[0] == "release 1 of day 1:"
    assert f"  api.image: {BAD} -> {GOOD}" in told
    assert "  electrs.image: is newer than that release, and stays" in told


def test_keys_may_stand_without_the_projects_name(tmp_path: Path) -> None:
    file = file_with(tmp_path, TEXT.replace(GOOD, BAD).replace(f"{PROJECT}:app_services", "app_services"))
    assert rollback.roll_back(file, PROJECT, [update(2, BAD), update(1, GOOD)])
    assert file.read_text(encoding="utf-8") == TEXT.replace(f"{PROJECT}:app_services", "app_services")


@pytest.mark.parametrize(
    ("history", "version"),
    [
        ([update(3, BAD), update(2, GOOD)], 2),
        ([update(3, BAD, "failed"), update(2, GOOD)], 2),
        ([update(4, BAD), update(3, WORSE, "failed"), update(2, GOOD)], 2),
        ([update(4, GOOD, kind="refresh"), update(3, BAD), update(2, WORSE), update(1, GOOD)], 2),
        ([update(3, BAD)], None),
        ([], None),
    ],
)
def test_the_last_good_release_ended_well_and_ran_something_else(
    history: list[dict[str, Any]], version: int | None
) -> None:
    found = rollback.last_good(rollback.releases(history, PROJECT), {("api", "image"): BAD})
    assert (None if found is None else found.version) == version


def test_images_of_helpers_go_back_too() -> None:
    apps = {"api": {"image": "a", "kubernetes": {"sidecars": {"x": {"image": "b"}}}, "env": {"image_size": "c"}}}
    assert dict(rollback.images(apps)) == {("api", "image"): "a", ("api", "kubernetes", "sidecars", "x", "image"): "b"}


def test_the_command_goes_back_by_the_history_that_the_real_engine_keeps(tmp_path: Path) -> None:
    with Session(ROOT, "prod", state=tmp_path / "state") as session:
        assert session.up().exit_code == 0
        session.stack_text = TEXT.replace(GOOD, BAD)
        assert session.up().exit_code == 0
        history = file_with_history(session, tmp_path)
        folder = tmp_path / "checkout"
        folder.mkdir()
        (folder / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        file = file_with(folder, session.stack_text)
        command = [sys.executable, "-m", "rollback", "--stack", "prod", "--project", folder, "--history", history]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert f"  api.image: {BAD} -> {GOOD}\n" in done.stdout
        assert changed_lines(TEXT, file.read_text(encoding="utf-8")) == []
        session.stack_text = file.read_text(encoding="utf-8")
        assert session.up().exit_code == 0
        state = json.dumps(session.export())
    assert GOOD in state
    assert BAD not in state


def file_with_history(session: Session, tmp_path: Path) -> Path:
    places, _, _ = session._prepared()
    told = subprocess.run(
        [places.engine / "pulumi", "stack", "history", "--stack", session.stack, "--json"],
        cwd=places.project,
        env=environment.build(places, "", durable=True),
        capture_output=True,
        text=True,
        check=True,
    )
    file = tmp_path / "history.json"
    file.write_text(told.stdout, encoding="utf-8")
    return file
