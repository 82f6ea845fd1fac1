"""Six-field cron, seconds first, as CloudNativePG reads it: the syntax, and how far apart two firings can be.

https://pkg.go.dev/github.com/robfig/cron#hdr-CRON_Expression_Format
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

DAY = 86_400

HORIZON_DAYS = 4 * 366
"""Two leap years: even 29 February comes twice or close to it."""


@dataclass(frozen=True)
class _Field:
    word: str
    lowest: int
    highest: int
    names: Sequence[str] = ()

    def number(self, text: str) -> int:
        if text.lower() in self.names:
            return self.names.index(text.lower()) + self.lowest
        if not text.isdigit() or not self.lowest <= int(text) <= self.highest:
            msg = f"has no such {self.word}: they go from {self.lowest} to {self.highest}"
            raise ValueError(msg)
        return int(text)

    def read(self, text: str) -> frozenset[int]:
        return frozenset(value for part in text.split(",") for value in self._part(part))

    def _part(self, text: str) -> range:
        span, slash, step = text.partition("/")
        if slash and not (step.isdigit() and int(step) > 0):
            msg = f"has a step that is no number in its {self.word}s"
            raise ValueError(msg)
        if span in ("*", "?"):
            first, last = self.lowest, self.highest
        else:
            low, dash, high = span.partition("-")
            first = self.number(low)
            last = self.number(high) if dash else self.highest if slash else first
        if last < first:
            msg = f"has a range of {self.word}s that ends before it begins"
            raise ValueError(msg)
        return range(first, last + 1, int(step) if slash else 1)


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 6, _DAYS),
)


def longest_gap(schedule: str) -> int:
    """Seconds between two firings that follow each other, at worst. Raises ValueError on what is no six-field cron."""
    seconds, minutes, hours, days, months, weekdays = _read(schedule)
    times = sorted(h * 3600 + m * 60 + s for h in hours for m in minutes for s in seconds)
    within = max((later - earlier for earlier, later in pairwise(times)), default=0)
    fires = list(_fires(schedule, days, months, weekdays))
    if len(fires) < 2:
        msg = "never fires twice in four years"
        raise ValueError(msg)
    apart = max(later - earlier for earlier, later in pairwise(fires))
    return max(within, apart * DAY - times[-1] + times[0])


def _read(schedule: str) -> list[frozenset[int]]:
    parts = schedule.split()
    if len(parts) != len(_FIELDS):
        msg = f"has {len(parts)} fields, and needs six: seconds come first"
        raise ValueError(msg)
    return [field.read(part) for field, part in zip(_FIELDS, parts, strict=True)]


def _fires(schedule: str, days: frozenset[int], months: frozenset[int], weekdays: frozenset[int]) -> Iterator[int]:
    """Days on which it fires, counted from a first of January. Two restricted day fields mean either, as cron has it."""
    _, _, _, day, _, weekday = schedule.split()
    either = day[0] not in "*?" and weekday[0] not in "*?"
    start = datetime.date(2024, 1, 1)
    for number in range(HORIZON_DAYS):
        date = start + datetime.timedelta(days=number)
        by_day, by_weekday = date.day in days, date.isoweekday() % 7 in weekdays
        if date.month in months and (by_day or by_weekday if either else by_day and by_weekday):
            yield number


def _check(schedule: str) -> str:
    longest_gap(schedule)
    return schedule


SixFieldCron = Annotated[str, AfterValidator(_check), Field(examples=['"0 0 2 * * *"'])]
"""When something fires: second, minute, hour, day of the month, month, day of the week."""
