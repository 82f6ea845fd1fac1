"""What a stack costs in a month: a band, not a number.

Owns: the model `replicas x (cpu + memory) x hours / packing + storage + fixed`. Prices are data (`prices.json`, or a file of the
same shape), dated and with a source each. Not in it: discounts, egress, load balancers, object storage.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from review.capacity import Need
from review.problems import CannotJudgeError
from review.quantities import GIB
from review.values import at, mapping, number, text

SHIPPED = Path(__file__).parent / "prices.json"


@dataclass(frozen=True, slots=True)
class Prices:
    """One profile."""

    profile: str
    date: str
    source: str
    currency: str
    cpu_month: float
    memory_month: float
    """Per GiB."""
    storage_month: float
    """Per GiB."""
    fixed_month: float
    band: float
    """Share by which the true price may lie above or below."""

    @classmethod
    def read(cls, file: Path, profile: str | None = None) -> Prices:
        try:
            document: Any = json.loads(file.read_bytes())
        except (OSError, ValueError) as error:
            msg = f"{file}: no price file: {error}"
            raise CannotJudgeError(msg) from None
        profiles = mapping(mapping(document).get("profiles"))
        name = profile if profile is not None else text(mapping(document).get("default"))
        found = mapping(profiles.get(name))
        fields = ("cpu_hour", "memory_gib_hour", "storage_gib_month", "fixed_month", "packing")
        values = [number(found.get(field)) for field in fields]
        hours, band = number(at(document, "hours_per_month")), number(at(document, "band"))
        numbers = [value for value in (*values, hours, band) if value is not None and value >= 0]
        if len(numbers) != len(fields) + 2 or not numbers[4] or not text(found.get("date")):
            msg = f"{file}: profile {name!a} is not complete; known are {', '.join(profiles) or 'none'}; each needs date, {', '.join(fields)}"
            raise CannotJudgeError(msg)
        cpu, memory, storage, fixed, packing, hours_, band_ = numbers
        return cls(
            *(name, text(found.get("date")), text(found.get("source")), text(at(document, "currency")) or "USD"),
            *(cpu * hours_ / packing, memory * hours_ / packing, storage, fixed, band_),
        )

    def month(self, need: Need, replicas: float | None = None) -> float:
        """Of one object, at its fewest replicas unless told."""
        cpu, memory = need.total("cpu", replicas), need.total("memory", replicas)
        return (
            cpu * self.cpu_month
            + memory / GIB * self.memory_month
            + need.total("storage", replicas) / GIB * self.storage_month
        )


@dataclass(frozen=True, slots=True)
class Bill:
    """Before and after, per month."""

    prices: Prices
    before: float
    after: float
    before_most: float
    """With every autoscaler at its largest number."""
    after_most: float
    top: tuple[tuple[str, float, float], ...]
    """Objects whose cost changes most, or costs most if none does: label, before, after."""
    complete: bool
    """False if a size is unknown: then it is not in the sums."""

    @property
    def delta(self) -> float:
        return self.after - self.before


def bill(prices: Prices, before: list[Need], after: list[Need]) -> Bill:
    ours = {need.thing.key: (need.thing.label, prices.month(need)) for need in before}
    theirs = {need.thing.key: (need.thing.label, prices.month(need)) for need in after}
    rows = [
        (
            (theirs.get(key) or ours[key])[0],
            ours[key][1] if key in ours else 0.0,
            theirs[key][1] if key in theirs else 0.0,
        )
        for key in {**ours, **theirs}
    ]
    rows.sort(key=lambda row: (-abs(row[2] - row[1]), -max(row[1], row[2]), row[0]))
    return Bill(
        prices=prices,
        before=_all(prices, before, most=False),
        after=_all(prices, after, most=False),
        before_most=_all(prices, before, most=True),
        after_most=_all(prices, after, most=True),
        top=tuple(row for row in rows[:5] if row[1] or row[2]),
        complete=all(need.complete for need in [*before, *after]),
    )


def _all(prices: Prices, needs: list[Need], *, most: bool) -> float:
    total = sum(prices.month(need, need.most if most else None) for need in needs)
    return total + (prices.fixed_month if needs else 0.0)
