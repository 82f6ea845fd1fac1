"""`kill -9` of a rehearsed `up` of a whole stack, at several points of one life: nothing is lost, nothing made twice.

Once it is the rehearsal that dies and takes the engine with it, once the engine alone, as a machine kills it that is out of
memory.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from rehearsal.session import Session
from tests.kit.killing import descendants, living, needs_proc, opened, start, until_created, wait_for_end
from tests.stacks.shipped import ROOT, recorded

pytestmark = needs_proc

NOBODYS = ("pulumi:", "random:", "docker:index/remoteImage:")
"""Starts of the types of what no one resource owns: the stack itself and providers, generated values, a machine's images."""


def _engine(below: set[int]) -> int:
    """The engine itself, among what a rehearsal has started."""
    found = [pid for pid in below if re.match(r"\S*/pulumi\0up\0", _command(pid))]
    assert len(found) == 1, [_command(pid) for pid in below]
    return found[0]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
    except OSError:
        return ""


def _kill(process: subprocess.Popen[str], *, engine_alone: bool) -> None:
    below = descendants(process.pid)
    if engine_alone:
        os.kill(_engine(below), signal.SIGKILL)
        process.communicate(timeout=60)
        assert process.returncode != 0
    else:
        process.kill()
        process.communicate(timeout=60)
    wait_for_end(below, 60)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_stack_that_is_killed_again_and_again_becomes_whole(stack: str, tmp_path: Path) -> None:
    state = tmp_path / "state"
    wanted = len([r for r in recorded(stack).resources if r.custom])
    for count, engine_alone in ((wanted // 10, False), (wanted // 3, True), (wanted // 4, False)):
        with opened(ROOT, stack, state):
            pass  # the engine that was killed before this one has let go
        process = start(ROOT, stack, state)
        until_created(process, count)
        _kill(process, engine_alone=engine_alone)
        assert not living({process.pid})
    with opened(ROOT, stack, state) as session:
        resumed = session.up()
        assert resumed.exit_code == 0, resumed.text
        assert 0 < resumed.changes["create"] < wanted, "it did not go on from where it was"
        _is_whole(session, stack, state)
        again = session.up()
        assert set(again.changes) == {"same"}, again.text


def _is_whole(session: Session, stack: str, state: Path) -> None:
    """Each resource that the program asks for is in the state once, with one object behind it, and no object is nobody's."""
    resources = session.export()["deployment"]["resources"]
    wanted = sorted((r.type, r.name) for r in recorded(stack).resources)
    found = sorted((r["type"], r["urn"].rpartition("::")[2]) for r in resources if r["type"] != "pulumi:pulumi:Stack")
    assert [each for each in found if not each[1].startswith("default_")] == wanted  # the engine's own providers
    assert not [r["urn"] for r in resources if r.get("delete") or r.get("pendingReplacement")]
    objects = [json.loads(file.read_text(encoding="utf-8")) for file in (state / "objects").glob("*.json")]
    objects = [each for each in objects if not each["token"].startswith(NOBODYS)]
    made = sorted((r["urn"], r["id"]) for r in resources if r["custom"] and not r["type"].startswith(NOBODYS))
    assert sorted((each["urn"], each["id"]) for each in objects) == made
