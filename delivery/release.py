"""One stack of a release: may it go, bring it out, ask it, go back if it does not answer.

Owns: the order, and who has agreed. What is brought out is what the report says, or nothing: that is `review guard`'s word. Smoke
tests of apps are part of `pulumi up` itself; what is asked here are the addresses that the stack exports, from outside.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from delivery import github, reports, smoke

REFUSED = frozenset({2, 20, 21, 22, 30, 31, 130})
"""Ends of `review guard` before anything was done; all others are the engine's own."""
LEFT_BEHIND = "F14"
"""The flag of what a failed update leaves: the one thing that going back may find and still go on."""

_REPORT = re.compile(r"^\s*(?:[-*]\s+)?`?report:\s*([0-9a-f]{12,64})`?\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What the workflow asks for."""

    stack: str
    project: Path
    out: Path
    """Folder of the report; made here if nobody has made it before."""
    ledger: Path
    by: str
    gate: str
    """Repository whose environment of the stack's name, or whose release file, must say yes; empty for none."""
    patience: float
    """Seconds until every address must have answered."""


def run(release: Release) -> int:
    """0 if it is out and answers, or waits for somebody's word."""
    if not (release.out / "report.json").is_file():
        code = reports.make(release.stack, release.project, release.out)
        if code != 0:
            return code
    document = json.loads((release.out / "report.json").read_text(encoding="utf-8"))
    if document["verdict"] == "NO CHANGES":
        return _say(0, f"{release.stack}: nothing to bring out")
    if release.gate and not agreed(release, str(document["fingerprint"])):
        return 0
    code = _guarded(release, _acceptances(release, str(document["fingerprint"])))
    if code in REFUSED:
        return code
    silent = smoke.silent(_addresses(release), release.patience) if code == 0 else []
    if code == 0 and not silent:
        return _say(0, f"{release.stack}: out, and every address answers")
    why = f"pulumi up ended with {code}" if code else f"no answer from {', '.join(silent)}"
    return _say(1, f"{release.stack}: {why}", *_back(release))


def agreed(release: Release, fingerprint: str) -> bool:
    """By reviewers of the environment, which a job of it has waited for; or by a file that names this very report."""
    try:
        environment = github.get(f"repos/{release.gate}/environments/{release.stack}")
    except github.NotFoundError:
        environment = dict[str, Any]()
    rules = cast("list[dict[str, Any]]", environment.get("protection_rules") or [])
    if any(rule.get("type") == "required_reviewers" for rule in rules) or _acceptances(release, fingerprint):
        return True
    _say(
        0,
        f"{release.stack} waits: its environment has no reviewers, and {reports.RELEASES / release.stack} does not name this report.",
        f"To bring it out, commit that file with the line `report: {fingerprint[:12]}`, and an `accept:` line for each flag that blocks.",
    )
    return False


def _acceptances(release: Release, fingerprint: str) -> list[str]:
    """The options for the release file, if it names this report; one of an earlier release says nothing about this one."""
    file = release.project / reports.RELEASES / release.stack
    named: list[str] = _REPORT.findall(file.read_text(encoding="utf-8")) if file.is_file() else []
    return ["--accept", str(file)] if any(fingerprint.startswith(name) for name in named) else []


def _guarded(release: Release, options: list[str]) -> int:
    """Of the report in the folder."""
    command = ["guard", "--stack", release.stack, "--project", str(release.project), "--by", release.by]
    command += ["--report", str(release.out / "report.json"), "--ledger", str(release.ledger), *options]
    return subprocess.run([sys.executable, "-m", "review", *command], check=False).returncode


def _addresses(release: Release) -> list[str]:
    """The stack's output `urls`; a stack without an edge has none."""
    command = ["pulumi", "stack", "output", "--json", "--stack", release.stack]
    done = subprocess.run(command, cwd=release.project, capture_output=True, text=True, check=True)
    urls = cast("list[str]", json.loads(done.stdout).get("urls") or [])
    return sorted(urls)


def _back(release: Release) -> list[str]:
    """The last good images again, as a change of its own that is judged like any other."""
    command = ["-m", "rollback", "--stack", release.stack, "--project", str(release.project)]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return ["Not gone back: " + done.stderr.strip()]
    told = done.stdout.strip().splitlines()[:-1]
    back = replace(release, out=release.out / "back")
    reports.make(release.stack, release.project, back.out)
    try:
        document = json.loads((back.out / "report.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return [*told, "Not gone back: what that would do can't be judged."]
    open_ones = [f for f in document["findings"] if not f["accepted"] and f["grade"] == "block"]
    others = sorted({f["flag"] for f in open_ones} - {LEFT_BEHIND})
    if others:
        return [*told, f"Not gone back: that would raise {', '.join(others)}; a person must look."]
    accepting = back.out / "accepted"
    lines = [f["accept"].replace("<reason>", "going back from the release that left it") for f in open_ones]
    accepting.write_text("\n".join([f"report: {document['fingerprint']}", *lines, ""]), encoding="utf-8")
    code = _guarded(back, ["--accept", str(accepting)] if lines else [])
    end = "Gone back. The stack file in git still names the images that failed: commit what `make rollback` writes, or mend them."
    return [*told, end if code == 0 else f"Going back ended with {code}; a person must look."]


def _say(code: int, *lines: str) -> int:
    """Into the log, and onto the page of the run."""
    page = "\n".join(["", *lines, ""])
    sys.stdout.write(page)
    reports.summarise(page)
    return code
