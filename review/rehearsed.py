"""A plan from the rehearsal: another commit brought up with stand-in providers, the working tree previewed on top of it.

Owns: which previews are needed. The normal one always runs, as its end is the engine's own word; a second one, which ignores
protection, only if protection ended the first. Needs no cluster and no credentials, and so may judge a stranger's pull request.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from rehearsal import comparison
from rehearsal.cli import write_events
from rehearsal.problems import RehearsalError
from review import events, state
from review.model import Plan, State
from review.problems import CannotJudgeError
from toolchain.progress import UnavailableError


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What `judge` needs."""

    plan: Plan
    state: State
    commit: str
    base: str


def compared(project: Path, stack: str, base: str) -> Rehearsed:
    """Raises CannotJudgeError if either of the two does not come up."""
    try:
        return _compared(project, stack, base)
    except (RehearsalError, UnavailableError) as problem:
        raise CannotJudgeError(str(problem)) from None


def _compared(project: Path, stack: str, base: str) -> Rehearsed:
    with (
        tempfile.TemporaryDirectory(prefix="slipway-review-") as name,
        comparison.compared(project, stack, base, lambda _: None) as both,
    ):
        gate, full = Path(name, "gate"), Path(name, "full")
        first = both.session.preview("--color=never")
        write_events(first, gate)
        shown = gate
        if first.exit_code != 0:
            write_events(both.session.preview("--color=never", "--ignore-protect"), full)
            shown = full
        plan = events.read(shown, gate=gate)
        plan = replace(plan, notes=(*plan.notes, *both.notes))
        before = state.parse(both.before, f"state of {base}") if both.before else State()
        return Rehearsed(plan, before, _head(project), both.base)


def _head(project: Path) -> str:
    """The working tree's commit, marked if the tree says more than that."""

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(project), *arguments], capture_output=True, text=True, check=False
        ).stdout.strip()

    return (
        f"{git('rev-parse', '--short=10', 'HEAD')}{'+' if git('status', '--porcelain', '--untracked-files=no') else ''}"
    )
