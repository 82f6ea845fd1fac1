"""F8 cost, F11 unknown, F12 drift, F13 mass: what is not wrong in itself, but too big or too dark to pass unseen."""

from __future__ import annotations

from collections.abc import Iterator

from review.flags.finding import Case, Finding, Grade
from review.model import Op
from review.values import UNKNOWN, canonical, leaves, text

DANGER = frozenset(
    {
        "replicas",
        "instances",
        "storage",
        "size",
        "storageClassName",
        "storageClass",
        "accessModes",
        "image",
        "imageName",
        "namespace",
    }
    | {
        "cidr",
        "bucket",
        "destinationPath",
        "kubeconfig",
        "context",
        "reclaimPolicy",
        "schedule",
        "roleRef",
        "privileged",
    }
)
"""Fields whose value decides whether a change is harmless."""


_CHEAPER = "look at the five dearest below; smaller requests or fewer replicas cost less"


def cost(case: Case) -> Iterator[Finding]:
    bill, limits = case.bill, case.limits
    share = bill.delta / bill.before if bill.before else 1.0
    new = not case.needs_before
    if bill.delta > limits.cost and share > limits.cost_share and not new:
        sentence = f"costs {bill.delta:,.0f} {bill.prices.currency} more per month ({share:+.0%})"
        yield Finding(
            "F8",
            Grade.APPROVE,
            case.whole,
            "the stack",
            sentence,
            f"price list {bill.prices.profile} of {bill.prices.date}",
            _CHEAPER,
        )
    if over_ceiling(case):
        sentence = f"may cost {bill.after_most * (1 + bill.prices.band):,.0f} {bill.prices.currency} per month; the limit is {limits.cost_ceiling:,.0f}"
        yield Finding(
            "F8",
            Grade.BLOCK,
            case.whole,
            "the stack",
            sentence,
            f"price list {bill.prices.profile} of {bill.prices.date}",
            _CHEAPER,
        )


def over_ceiling(case: Case) -> bool:
    ceiling = case.limits.cost_ceiling
    return ceiling is not None and case.bill.after_most * (1 + case.bill.prices.band) > ceiling


def unknown(case: Case) -> Iterator[Finding]:
    for change in case.plan.touched:
        if change.op not in (Op.UPDATE, Op.REPLACE) or UNKNOWN not in canonical(change.after):
            continue
        dark = sorted(
            {
                _field(path)
                for path, leaf in leaves(change.after)
                if leaf == UNKNOWN and (len(path) <= 1 or _dangerous(path))
            }
        )
        if dark:
            sentence = f"{', '.join(dark)} {'is' if len(dark) == 1 else 'are'} not known before pulumi up: what this change does can't be judged"
            yield case.finding(
                "F11",
                Grade.APPROVE,
                change,
                sentence,
                "",
                "give the value in the stack file, or pass an output of one value and not of a whole object",
            )


def _dangerous(path: tuple[str | int, ...]) -> bool:
    """A whole spec, or one of the fields that decide."""
    return path == ("spec",) or any(step in DANGER for step in path[-2:])


def _field(path: tuple[str | int, ...]) -> str:
    return ".".join(str(step) for step in path) or "everything"


def drift(case: Case) -> Iterator[Finding]:
    for change in case.plan.touched:
        if change.urn in case.drifted:
            sentence = "was changed by somebody else since the last pulumi up: this change is planned from a picture that is no longer true"
            yield case.finding(
                "F12", Grade.APPROVE, change, sentence, "", "pulumi refresh first, and look at what it brings"
            )


def mass(case: Case) -> Iterator[Finding]:
    limits = case.limits
    there = [c for c in case.plan.changes.values() if c.old is not None and c.package != "pulumi"]
    touched = [c for c in there if c.touched]
    share = len(touched) / len(there) if there else 0.0
    if len(touched) > limits.mass or (len(there) >= limits.mass_floor and share > limits.mass_share):
        sentence = f"{len(touched)} of {len(there)} resources change at once: too many for one careful look"
        yield Finding(
            "F13",
            Grade.APPROVE,
            case.whole,
            "the stack",
            sentence,
            "",
            "split it, or say in the pull request why it can't be",
        )
    yield from _versions(case)


def _versions(case: Case) -> Iterator[Finding]:
    made = {
        c.type: c for c in case.plan.changes.values() if c.op is Op.CREATE and c.type.startswith("pulumi:providers:")
    }
    for change in case.plan.changes.values():
        if change.type.startswith("pulumi:providers:"):
            new = made.get(change.type) if change.op is Op.DELETE else change
            ours, theirs = text(change.before.get("version")), text(new.after.get("version")) if new is not None else ""
            if ours and theirs and ours != theirs:
                yield case.finding(
                    "F13",
                    Grade.APPROVE,
                    change,
                    f"the provider goes from version {ours} to {theirs}: every resource of it may behave differently",
                    "",
                    "raise versions in a change of their own",
                )
        elif change.kind == "CustomResourceDefinition" and change.op is Op.UPDATE:
            yield case.finding(
                "F13",
                Grade.APPROVE,
                change,
                "the definition of a whole kind changes: every object of it is read by new rules",
                "",
                "raise versions in a change of their own",
            )
