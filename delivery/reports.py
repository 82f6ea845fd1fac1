"""A report of one stack, for an artefact and for the page of a run.

Owns: that there is always a `report.md` to show, also when nothing could be judged, and which exit code turns a job red: what blocks
and what can't be judged does; what somebody must agree to does not, as agreeing is the pull request's own business.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from delivery import untrusted

RELEASES = Path("releases")
"""Files of acceptances, one per stack: see releases/README.md."""
APPROVAL = 10


def accepted(stack: str, project: Path) -> list[str]:
    """The options for `review`, if somebody has accepted something."""
    file = project / RELEASES / stack
    return ["--accept", str(file)] if file.is_file() else []


def make(stack: str, project: Path, out: Path, base: str = "") -> int:
    """A rehearsed report against `base`, or without one a real preview's. The exit code for the job."""
    command = ["diff", "--base", base] if base else ["preview", "--commit", os.environ.get("GITHUB_SHA", "")]
    command += ["--stack", stack, "--project", str(project), "--out", str(out), *accepted(stack, project)]
    done = subprocess.run(
        [sys.executable, "-m", "review", *command], capture_output=True, text=True, errors="replace", check=False
    )
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    out.mkdir(parents=True, exist_ok=True)
    page = out / "report.md"
    if not page.is_file():
        page.write_text(_cannot(stack, done.stderr), encoding="utf-8")
    summarise(page.read_text(encoding="utf-8"))
    return 0 if done.returncode == APPROVAL else done.returncode


def _cannot(stack: str, said: str) -> str:
    lines = [line.replace("```", "'''")[:300] for line in untrusted.harmless(said).strip().splitlines()[-40:]]
    return "\n".join([f"## ⛔ CANNOT JUDGE · {stack}", "", "```text", *lines, "```", ""])


def summarise(page: str) -> None:
    """On the page of the run, for those who read no artefacts."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(page)


def look(stack: str, project: Path, out: Path) -> int:
    """Whether the real stack has drifted, into `page.md` and `exit-code`. Only what can't be looked at turns the job red."""
    command = [sys.executable, "-m", "review", "drift", "--stack", stack, "--project", str(project)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    out.mkdir(parents=True, exist_ok=True)
    (out / "exit-code").write_text(f"{done.returncode}\n", encoding="utf-8")
    (out / "page.md").write_text(done.stdout, encoding="utf-8")
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    return 0 if done.returncode in (0, APPROVAL) else done.returncode
