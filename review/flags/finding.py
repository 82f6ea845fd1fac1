"""What every flag is given, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from review import capacity, world
from review.capacity import Need
from review.cost import Bill, Prices, bill
from review.model import Change, Plan, State
from review.renames import Rename, renames
from review.rules import Breach, breaches
from review.values import text
from review.world import Thing, World


class Grade(StrEnum):
    """What a flag does to the verdict."""

    BLOCK = "block"
    APPROVE = "approve"


@dataclass(frozen=True, slots=True)
class Finding:
    """One flag on one resource."""

    flag: str
    grade: Grade
    urn: str
    label: str
    """How a person calls the resource."""
    sentence: str
    """What will happen, for this resource."""
    source: str = ""
    """Why that is so."""
    remedy: str = ""
    """What to do instead; may be lines to paste."""
    weight: int = 0
    """Heavier ones come first within a flag."""
    accepted: str = ""
    """Reason, once somebody has accepted it by name."""

    @property
    def how_to_accept(self) -> str:
        return f"accept: {self.flag} {self.urn} <reason>"


@dataclass(frozen=True, slots=True)
class Limits:
    """From which size on a change is worth a person's look."""

    drop: float = 0.20
    """Share of a capacity that may go."""
    cost: float = 50.0
    """Per month, in the price file's currency; both this and the share must be passed."""
    cost_share: float = 0.10
    cost_ceiling: float | None = None
    """Per month: the upper edge of the band may not pass it."""
    mass: int = 50
    mass_share: float = 0.30
    mass_floor: int = 20
    """Stacks with fewer resources have no mass."""


class Case:
    """One change with everything that is derived from it once."""

    def __init__(self, plan: Plan, state: State, prices: Prices, limits: Limits, drifted: frozenset[str]) -> None:
        self.plan = plan
        self.state = state
        self.prices = prices
        self.limits = limits
        self.drifted = drifted

    @cached_property
    def before(self) -> World:
        return world.before(self.plan)

    @cached_property
    def after(self) -> World:
        return world.after(self.plan)

    @cached_property
    def renames(self) -> list[Rename]:
        return renames(self.plan, self.component)

    @cached_property
    def breaches_before(self) -> list[Breach]:
        return breaches(self.before)

    @cached_property
    def breaches_after(self) -> list[Breach]:
        return breaches(self.after)

    @cached_property
    def newly_failing(self) -> list[Breach]:
        known = {breach.identity for breach in self.breaches_before}
        return [breach for breach in self.breaches_after if breach.identity not in known]

    @cached_property
    def newly_passing(self) -> list[Breach]:
        left = {breach.identity for breach in self.breaches_after}
        return [b for b in self.breaches_before if b.identity not in left and b.urn in self.after.by_urn]

    @cached_property
    def needs_before(self) -> list[Need]:
        return capacity.needs(self.before)

    @cached_property
    def needs_after(self) -> list[Need]:
        return capacity.needs(self.after)

    @cached_property
    def bill(self) -> Bill:
        return bill(self.prices, self.needs_before, self.needs_after)

    @cached_property
    def component(self) -> Mapping[str, str]:
        """By URN: name of the component directly below the stack; empty for what has none."""
        found: dict[str, str] = {}
        for urn in self.plan.changes:
            found[urn] = _component(self.plan.changes, urn)
        return found

    def label(self, change: Change) -> str:
        """`Cluster blocksight-prod/main`, or type and logical name for what is no object."""
        thing = self.thing(change.urn)
        if thing is not None:
            return thing.label
        if change.package in ("kubernetes", "docker"):
            return world.thing_of(change).label
        return f"{change.kind} {change.name}"

    def thing(self, urn: str) -> Thing | None:
        return self.before.by_urn.get(urn) or self.after.by_urn.get(urn)

    def finding(
        self, flag: str, grade: Grade, change: Change, sentence: str, source: str = "", remedy: str = ""
    ) -> Finding:
        return Finding(flag, grade, change.urn, self.label(change), sentence, source, remedy)

    @property
    def whole(self) -> str:
        """URN of the stack itself, for flags about all of it."""
        return next(
            (urn for urn, c in self.plan.changes.items() if c.type == "pulumi:pulumi:Stack"),
            f"urn:pulumi:{text(self.plan.stack)}",
        )


def _component(changes: Mapping[str, Change], urn: str) -> str:
    seen: set[str] = set()
    last = ""
    while urn in changes and urn not in seen and changes[urn].type != "pulumi:pulumi:Stack":
        seen.add(urn)
        change = changes[urn]
        if change.package not in ("kubernetes", "docker", "random", "pulumi"):
            last = change.name
        urn = change.parent
    return last
