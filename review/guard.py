"""`pulumi up` of exactly what was reviewed, or nothing.

Owns: the second preview just before the update, the comparison with the reviewed report, the options that are refused, and the
ledger. A saved plan of the engine does not pin the state it starts from; the report's fingerprint does.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from review import cost, events, state
from review.flags import Case, Grade, Limits
from review.model import Plan, State
from review.problems import CannotJudgeError
from review.report import EXIT_BLOCKED, SCHEMA, Asked, Report, judge
from review.values import at, mapping, text

REFUSED = (
    "--ignore-protect",
    "--target",
    "--target-dependents",
    "--exclude",
    "--exclude-dependents",
    "--refresh",
    "--plan",
    "--skip-preview",
)
"""Options that change what is done or skip a look at it."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for."""

    stack: str
    project: Path
    reviewed: Path
    ledger: Path
    by: str
    acceptances: tuple[Path, ...]
    break_glass: str
    options: tuple[str, ...]
    """Passed on to `pulumi up`."""
    kubectl: bool
    """Whether to compare the cluster's identity with the one that the stack file names."""


def run(request: Request) -> int:
    """The exit code: the engine's own if it was run."""
    why, report = _judged(request)
    if why:
        _write(request, report, "refused", why)
        return _told(why)
    _write(request, report, "started", why)
    command = [
        "pulumi",
        "up",
        "--stack",
        request.stack,
        "--yes",
        "--non-interactive",
        "--skip-preview",
        *request.options,
    ]
    code = subprocess.run(command, cwd=request.project, check=False).returncode
    _write(request, report, "done" if code == 0 else f"failed with {code}", why)
    return code


def _told(why: list[str]) -> int:
    for line in why:
        print(f"guard: {line}")  # noqa: T201  # this is a command
    return EXIT_BLOCKED


def _judged(request: Request) -> tuple[list[str], Report]:
    """Reasons against it, and the report of what would be done now."""
    risky = [option for option in request.options if option.partition("=")[0] in REFUSED and not request.break_glass]
    why = [
        f"{option} is refused without --break-glass REASON: it does something else than was reviewed"
        for option in risky
    ]
    wanted = _reviewed(request.reviewed)
    plan, before = _now(request)
    report = judge(
        Case(plan, before, cost.Prices.read(cost.SHIPPED), Limits(), frozenset()),
        Asked(acceptances=request.acceptances),
    )
    if report.fingerprint != wanted:
        why.append(
            f"this is not what was reviewed: report {wanted[:12]}, now {report.fingerprint[:12]}; review it again"
        )
    why += [f"{f.flag} {f.label} is not accepted: {f.sentence}" for f in report.open if f.grade is Grade.BLOCK]
    why += [f"policy {v.policy} forbids it: {v.text}" for v in plan.violations if v.mandatory]
    why += list(report.remarks)
    return [*why, *(_other_cluster(request, plan) if request.kubectl else [])], report


def _reviewed(file: Path) -> str:
    try:
        document = mapping(json.loads(file.read_bytes()))
    except (OSError, ValueError) as error:
        msg = f"{file}: is no reviewed report: {error}"
        raise CannotJudgeError(msg) from None
    if document.get("schema") != SCHEMA or not text(document.get("fingerprint")):
        msg = f"{file}: is no report of schema {SCHEMA}; give the report.json that was reviewed"
        raise CannotJudgeError(msg)
    if document.get("rehearsed") is True:
        msg = f"{file}: is of a rehearsal; a change is brought out on the word of a real preview"
        raise CannotJudgeError(msg)
    return text(document["fingerprint"])


def _now(request: Request) -> tuple[Plan, State]:
    with tempfile.TemporaryDirectory(prefix="slipway-guard-") as name:
        folder = Path(name)
        exported = _pulumi(request, "stack", "export", "--stack", request.stack)
        if exported.returncode != 0:
            msg = f"the state can't be exported: {exported.stderr.strip()}"
            raise CannotJudgeError(msg)
        (folder / "state").write_text(exported.stdout, encoding="utf-8")
        shown = gate = folder / "gate"
        command = ("preview", "--stack", request.stack, "--non-interactive", "--event-log")
        if _pulumi(request, *command, str(gate)).returncode != 0:
            shown = folder / "full"
            _pulumi(request, *command, str(shown), "--ignore-protect")
        return events.read(shown, gate=gate), state.read(folder / "state")


def _pulumi(request: Request, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PULUMI_DEBUG_COMMANDS": "true"}
    return subprocess.run(
        ["pulumi", *arguments], cwd=request.project, env=environment, capture_output=True, text=True, check=False
    )


def _other_cluster(request: Request, plan: Plan) -> list[str]:
    """The uid of kube-system names a cluster, whatever its address; each provider's context must lead to the one in the stack file."""
    answers: list[str] = []
    for change in plan.changes.values():
        if change.type != "pulumi:providers:kubernetes" or change.name.startswith("default_"):
            continue
        wanted = text(at(change.after, "clusterIdentifier"))
        command: Sequence[str] = [
            "kubectl",
            "--context",
            text(change.after.get("context")),
            "get",
            "namespace",
            "kube-system",
            "-o",
            "jsonpath={.metadata.uid}",
        ]
        found = subprocess.run(command, cwd=request.project, capture_output=True, text=True, check=False)
        if found.returncode != 0:
            answers.append(f"the cluster of {change.name} can't be asked who it is: {found.stderr.strip()[:200]}")
        elif wanted and found.stdout.strip() != wanted:
            answers.append(f"{change.name} leads to the cluster {found.stdout.strip()}, the stack is for {wanted}")
    return answers


def _write(request: Request, report: Report, outcome: str, why: list[str]) -> None:
    """One line; appended and on disk before anything is done."""
    entry = {
        "time": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "by": request.by,
        "stack": request.stack,
        "outcome": outcome,
        "report": report.fingerprint,
        "state": report.case.state.fingerprint,
        "counts": dict(report.counts),
        "accepted": [f"{f.flag} {f.urn} {f.accepted}" for f in report.findings if f.accepted],
        "against": why,
        "breakGlass": request.break_glass,
    }
    with request.ledger.open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(entry)}\n")
        file.flush()
        os.fsync(file.fileno())
