"""The cache: whole things only, each made once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from toolchain import store

PROJECT = Path(__file__).parents[2]

SLOW = """
import pathlib, sys, time
from toolchain import store
def make(folder):
    with open(sys.argv[1], "a") as log:
        log.write("made\\n")
    time.sleep(0.5)
    (folder / "thing").write_text("whole")
print(store.place("slow", make))
"""


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/slipway"


def fill(folder: Path) -> None:
    (folder / "thing").write_text("whole", encoding="utf-8")


def test_a_thing_is_made_once(cache: Path) -> None:
    assert store.place("thing-1", fill) == cache / "thing-1"
    assert (cache / "thing-1/thing").read_text(encoding="utf-8") == "whole"

    def again(_: Path) -> None:
        pytest.fail("made twice")

    assert store.place("thing-1", again) == cache / "thing-1"


def test_a_failure_leaves_nothing(cache: Path) -> None:
    def fail(folder: Path) -> None:
        fill(folder)
        msg = "half way"
        raise RuntimeError(msg)

    with pytest.raises(RuntimeError, match="half way"):
        store.place("thing", fail)
    assert [path.name for path in cache.iterdir() if path.is_dir()] == []


def test_what_a_killed_run_left_is_not_used(cache: Path) -> None:
    (cache / ".thing.partial").mkdir(parents=True)
    (cache / ".thing.partial/half").touch()
    assert [path.name for path in store.place("thing", fill).iterdir()] == ["thing"]


def test_two_runs_at_once_do_the_work_once(cache: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", SLOW, log]
    runs = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert {run.communicate(timeout=30)[0].strip() for run in runs} == {str(cache / "slow")}
    assert log.read_text(encoding="utf-8") == "made\n"


def test_a_relative_cache_folder_is_void(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    assert store.root() == Path.home() / ".cache/slipway"
