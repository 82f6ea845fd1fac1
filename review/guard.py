"""`pulumi up` of exactly what was reviewed, or nothing; `pulumi destroy` of what nobody protected, or with a reason.

Owns: the second preview just before the update, the comparison with the reviewed report, and the options that are refused. A saved
plan of the engine does not pin the state it starts from; the report's fingerprint does.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from review import clusters, cost, ledger, real, state
from review.flags import Case, Grade, Limits
from review.problems import CannotJudgeError
from review.report import EXIT_BLOCKED, SCHEMA, Asked, judge
from review.values import mapping, objects, text

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
NAMED = 5
"""Protected resources that a refusal names."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for."""

    stack: str
    project: Path
    reviewed: Path | None
    """The report; None for `pulumi destroy`."""
    ledger: Path
    by: str
    acceptances: tuple[Path, ...]
    break_glass: str
    options: tuple[str, ...]
    """Passed on to `pulumi up` or `pulumi destroy`."""
    kubectl: bool
    """Whether to compare the cluster's identity with the one that the stack file names."""


def run(request: Request) -> int:
    """The exit code: the engine's own if it was run."""
    operation = "up" if request.reviewed is not None else "destroy"
    why, told = _judged(request, request.reviewed) if request.reviewed is not None else _teardown(request)
    entry = {
        "by": request.by,
        "stack": request.stack,
        "operation": operation,
        **told,
        "options": list(request.options),
        "against": why,
        "breakGlass": request.break_glass,
    }
    if why:
        ledger.append(request.ledger, entry | {"outcome": "refused"})
        return _told(why)
    ledger.append(request.ledger, entry | {"outcome": "started"})
    command = ["pulumi", operation, "--stack", request.stack, "--yes", "--non-interactive", "--skip-preview"]
    code = subprocess.run([*command, *request.options], cwd=request.project, check=False).returncode
    ledger.append(request.ledger, entry | {"outcome": "done" if code == 0 else f"failed with {code}"})
    return code


def _told(why: list[str]) -> int:
    for line in why:
        print(f"guard: {line}")  # noqa: T201  # this is a command
    return EXIT_BLOCKED


def _risky(request: Request) -> list[str]:
    risky = [option for option in request.options if option.partition("=")[0] in REFUSED and not request.break_glass]
    return [
        f"{option} is refused without --break-glass REASON: it does something else than was reviewed"
        for option in risky
    ]


def _judged(request: Request, reviewed: Path) -> tuple[list[str], dict[str, Any]]:
    """Reasons against the update, and what the ledger keeps of what would be done now."""
    why = _risky(request)
    wanted = _reviewed(reviewed)
    plan, before = real.planned(request.project, request.stack)
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
    if request.kubectl:
        why += clusters.others([(c.type, c.name, c.after) for c in plan.changes.values()], request.project)
    told = {
        "report": report.fingerprint,
        "state": before.fingerprint,
        "counts": dict(report.counts),
        "accepted": [f"{f.flag} {f.urn} {f.accepted}" for f in report.findings if f.accepted],
    }
    return why, told


def _teardown(request: Request) -> tuple[list[str], dict[str, Any]]:
    """Reasons against taking all of the stack away. The engine refuses protected resources as well, unless told otherwise."""
    exported = real.export(request.project, request.stack)
    before = state.parse(exported, f"state of {request.stack}")
    why = _risky(request)
    protected = [urn for urn, known in before.known.items() if known.protect]
    if protected and not request.break_glass:
        names = ", ".join(urn.rpartition("::")[2] for urn in protected[:NAMED])
        more = f" and {len(protected) - NAMED} more" if len(protected) > NAMED else ""
        why.append(
            f"{request.stack} holds {len(protected)} protected resources ({names}{more}): destroying it needs --break-glass REASON"
        )
    if request.kubectl:
        resources = objects(mapping(exported["deployment"]).get("resources"))
        why += clusters.others(
            [
                (text(r.get("type")), text(r.get("urn")).rpartition("::")[2], mapping(r.get("inputs")))
                for r in resources
            ],
            request.project,
        )
    told = {"state": before.fingerprint, "counts": {"delete": len(before.known)}, "protected": len(protected)}
    return why, told


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
