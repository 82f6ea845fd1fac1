"""A plan from the stack itself: its state, the normal preview, and one that ignores protection if that ended the first.

Owns: which commands of the engine are needed for a judgement, so that what is reviewed and what is brought out are seen alike.
Nothing is written but into a folder that goes away: a state holds ciphertexts of secrets.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from review import drift, events, state
from review.model import Plan, State
from review.problems import CannotJudgeError
from review.values import mapping


def export(project: Path, stack: str) -> dict[str, Any]:
    """The state as it is."""
    done = _pulumi(project, "stack", "export", "--stack", stack)
    if done.returncode != 0:
        msg = f"the state can't be exported: {done.stderr.strip()}"
        raise CannotJudgeError(msg)
    try:
        return dict(mapping(json.loads(done.stdout)))
    except ValueError:
        msg = "the state can't be read: `pulumi stack export` wrote something else than JSON"
        raise CannotJudgeError(msg) from None


def planned(project: Path, stack: str) -> tuple[Plan, State]:
    """What `pulumi up` would do now, and from where."""
    with tempfile.TemporaryDirectory(prefix="slipway-real-") as name:
        before = state.parse(export(project, stack), f"state of {stack}")
        shown = gate = Path(name, "gate")
        command = ("preview", "--stack", stack, "--non-interactive", "--event-log")
        first = _pulumi(project, *command, str(gate))
        if first.returncode != 0:
            shown = Path(name, "full")
            _pulumi(project, *command, str(shown), "--ignore-protect")
        if not gate.exists():  # ended before the first event: a stack that is none, a backend out of reach
            msg = f"the preview of {stack} told nothing: {first.stderr.strip() or first.stdout.strip()}"
            raise CannotJudgeError(msg)
        return events.read(shown, gate=gate), before


def drifted(project: Path, stack: str) -> frozenset[str]:
    """URNs of what somebody else has changed."""
    with tempfile.TemporaryDirectory(prefix="slipway-real-") as name:
        log = Path(name, "refresh")
        done = _pulumi(
            project, "refresh", "--preview-only", "--stack", stack, "--non-interactive", "--event-log", str(log)
        )
        if not log.exists():
            msg = f"the refresh of {stack} told nothing: {done.stderr.strip() or done.stdout.strip()}"
            raise CannotJudgeError(msg)
        return drift.read(log)


def _pulumi(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`--event-log` is there with PULUMI_DEBUG_COMMANDS only."""
    environment = {**os.environ, "PULUMI_DEBUG_COMMANDS": "true"}
    return subprocess.run(
        ["pulumi", *arguments], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
