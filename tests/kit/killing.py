"""Kills a rehearsal at a point of its run, and waits for the end of all that it has started."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rehearsal.problems import RehearsalError
from rehearsal.session import Session

REPOSITORY = Path(__file__).parents[2]

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes through /proc")


def start(project: Path, stack: str, state: Path) -> subprocess.Popen[str]:
    """A rehearsed `up`, by the public command."""
    command = [sys.executable, "-m", "rehearsal", "up", "--project", project, "--stack", stack, "--state", state]
    environment = {**os.environ, "TMPDIR": str(state.parent)}
    return subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )


def until_created(process: subprocess.Popen[str], count: int) -> None:
    seen = 0
    said: list[str] = []
    for line in process.stdout or ():
        said.append(line)
        seen += "created" in line
        if seen == count:
            return
    process.communicate()
    pytest.fail(f"ended after {seen} of {count} objects:\n{''.join(said[-15:])}")


def descendants(pid: int) -> set[int]:
    """All processes below `pid`, while it lives."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
    found, edge = set[int](), {pid}
    while edge := {child for child, parent in parents.items() if parent in edge} - found:
        found |= edge
    return found


def living(pids: set[int]) -> set[int]:
    alive: set[int] = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            alive.add(pid)
    return alive


def wait_for_end(pids: set[int], seconds: float) -> None:
    limit = time.monotonic() + seconds
    while living(pids) and time.monotonic() < limit:
        time.sleep(0.1)
    assert living(pids) == set()


def opened(project: Path, stack: str, state: Path) -> Session:
    """A session on a state whose last engine may still be ending: it holds the state until it is gone."""
    for _ in range(300):
        session = Session(project, stack, state=state)
        try:
            session.__enter__()
        except RehearsalError:
            time.sleep(0.1)
        else:
            session.__exit__(None, None, None)
            return session
    msg = "the killed run's engine does not end"
    raise AssertionError(msg)
