"""The whole judgement as data: what every format prints.

Owns: the verdict, its exit code, and the fingerprint that acceptances and pulumi up are tied to.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from review import acceptance, capacity, differences, picture, radius
from review.acceptance import accept
from review.capacity import Sum
from review.cost import Bill
from review.differences import Difference
from review.flags import Case, Finding, Grade, findings
from review.flags.mass import over_ceiling
from review.flags.posture import Gain, gained_grants, gained_peers, lost_grants, lost_peers
from review.model import Change, Op, autonamed
from review.radius import Reach
from review.rules import Breach
from review.values import at, canonical

SCHEMA = 1
"""Version of the JSON form; a reader refuses what is newer."""


class Verdict(StrEnum):
    """In the order of their weight."""

    NO_CHANGES = "NO CHANGES"
    SAFE = "SAFE"
    NEEDS_APPROVAL = "NEEDS APPROVAL"
    BLOCK = "BLOCK"


EXIT_SAFE, EXIT_APPROVAL, EXIT_BLOCKED, EXIT_POLICY, EXIT_COST, EXIT_CANNOT_JUDGE, EXIT_REDACTION = (
    0,
    10,
    20,
    21,
    22,
    30,
    31,
)
"""Away from the engine's own 0 to 9."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found."""

    case: Case
    verdict: Verdict
    exit_code: int
    fingerprint: str
    findings: tuple[Finding, ...]
    counts: Mapping[str, int]
    differences: Mapping[str, tuple[Difference, ...]]
    """By URN, of what is touched."""
    sums: tuple[Sum, ...]
    bill: Bill
    failing: tuple[Breach, ...]
    passing: tuple[Breach, ...]
    grants: tuple[Gain, ...]
    peers: tuple[Gain, ...]
    grants_lost: tuple[Gain, ...]
    peers_lost: tuple[Gain, ...]
    reached: tuple[Reach, ...]
    picture: str
    drift_known: bool
    commit: str
    base: str
    remarks: tuple[str, ...] = ()
    """About the review itself, such as acceptances that do not hold."""

    @property
    def open(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.accepted]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller knows and the engine does not."""

    commit: str = ""
    base: str = ""
    drift_known: bool = False
    acceptances: tuple[Path, ...] = ()
    """Files."""


def judge(case: Case, asked: Asked) -> Report:
    """Raises CannotJudgeError for a file of acceptances that can't be read."""
    found = findings(case)
    changed = {change.urn: tuple(differences.of(change)) for change in case.plan.touched}
    print_ = _fingerprint(case, found)
    remarks: list[str] = []
    for file in asked.acceptances:
        reasons, why = acceptance.read(file, print_)
        found = accept(found, reasons) if reasons else found
        remarks += [why] if why else []
    reached = radius.reached(case)
    verdict, code = _verdict(case, found)
    return Report(
        case=case,
        verdict=verdict,
        exit_code=code,
        fingerprint=print_,
        findings=tuple(found),
        counts=_counts(case),
        differences=changed,
        sums=tuple(capacity.sums(case.needs_before, case.needs_after, case.component)),
        bill=case.bill,
        failing=tuple(case.newly_failing),
        passing=tuple(case.newly_passing),
        grants=tuple(gained_grants(case)),
        peers=tuple(gained_peers(case)),
        grants_lost=tuple(lost_grants(case)),
        peers_lost=tuple(lost_peers(case)),
        reached=tuple(reached),
        picture=picture.svg(case, reached, {f.urn for f in found if f.grade is Grade.BLOCK and not f.accepted}),
        drift_known=asked.drift_known,
        commit=asked.commit,
        base=asked.base,
        remarks=tuple(remarks),
    )


def _verdict(case: Case, found: list[Finding]) -> tuple[Verdict, int]:
    left = [finding for finding in found if not finding.accepted]
    blocking = [finding for finding in left if finding.grade is Grade.BLOCK]
    if blocking and not (over_ceiling(case) and all(f.flag == "F8" for f in blocking)):
        return Verdict.BLOCK, EXIT_BLOCKED
    if any(violation.mandatory for violation in case.plan.violations):
        return Verdict.BLOCK, EXIT_POLICY
    if blocking:
        return Verdict.BLOCK, EXIT_COST
    if left:
        return Verdict.NEEDS_APPROVAL, EXIT_APPROVAL
    return (Verdict.SAFE if case.plan.touched or case.plan.in_state else Verdict.NO_CHANGES), EXIT_SAFE


def _counts(case: Case) -> dict[str, int]:
    counts = Counter(_what(change) for change in case.plan.changes.values() if change.op is not Op.READ)
    order = ("create", "update", "replace, delete-first", "replace, create-first", "delete", "import", "same")
    return {what: counts[what] for what in order if counts[what]}


def _what(change: Change) -> str:
    if change.op is Op.REPLACE:
        return f"replace, {'delete' if change.delete_first else 'create'}-first"
    return change.op.value


def _fingerprint(case: Case, found: list[Finding]) -> str:
    """Of what would be done, what was found, and the state it starts from.

    Names that the engine makes up anew at each preview stand in it by the resource that they belong to.
    """
    made_up = {str(at(c.after, "metadata", "name")): c.urn for c in case.plan.changes.values() if autonamed(c)}
    names = re.compile("|".join(re.escape(name) for name in made_up)) if made_up else None

    def said(change: Change) -> str:
        text = canonical(change.after)
        return text if names is None else names.sub(lambda match: made_up[match.group()], text)

    done = [(c.urn, c.op.value, c.delete_first, said(c)) for c in case.plan.touched]
    quiet = [(c.urn, c.was, *c.in_state) for c in case.plan.in_state]
    flags = [[f.flag, f.urn, f.grade.value] for f in found]
    return hashlib.sha256(canonical([SCHEMA, done, quiet, flags, case.state.fingerprint]).encode()).hexdigest()
