"""The pieces of the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.telemetry import TargetKind

Series = Mapping[str, str]
"""Values as promtool writes them, by series: one a minute from minute 0."""

GONE = "gone"
"""Takes a series of those that are well out."""

LONG = 3000
"""Minutes that are more than any case plays."""


@dataclass(frozen=True, kw_only=True)
class Case:
    minutes: int
    """When it is looked."""
    ill: Series
    """What makes it fire, in place of what is well, or beside it."""
    well: Series = field(default_factory=dict[str, str])
    """What only just does not."""
    count: int = 1
    """How many fire."""


@dataclass(frozen=True, kw_only=True)
class Teller:
    """One instance of a kitchen sink, and its alerts."""

    target: TargetKind
    instance: str
    well: Series
    """An instance that raises nothing."""
    cases: Mapping[str, Case]


def of(series: str, **labels: str) -> str:
    """A series by name and labels; a trailing underscore lets a label be called like a word of Python."""
    told = ",".join(f'{key.rstrip("_")}="{value}"' for key, value in labels.items())
    return f"{series}{{{told}}}"


def flat(value: float) -> str:
    return f"{value:.10g}x{LONG}"
