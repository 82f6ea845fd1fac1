"""The pieces that a report's text is made of; each format writes them in its own way and escapes every word itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Code:
    """Words to be copied or compared letter by letter."""

    text: str


Word = str | Code
Line = Sequence[Word]
"""Words that follow each other in one line or one cell."""


@dataclass(frozen=True, slots=True)
class Lines:
    """A list."""

    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Text:
    """One paragraph of one line."""

    line: Line


@dataclass(frozen=True, slots=True)
class Table:
    """Every row has as many cells as the head."""

    head: Sequence[str]
    rows: Sequence[Sequence[Line]]


@dataclass(frozen=True, slots=True)
class Paste:
    """Lines to copy."""

    text: str


@dataclass(frozen=True, slots=True)
class Fold:
    """Closed until somebody opens it."""

    title: str
    blocks: Sequence[Block]


Block = Lines | Text | Table | Paste | Fold


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report, in the order of importance."""

    title: str
    blocks: Sequence[Block]
    keep: bool = False
    """Never left out."""
    level: int = field(default=3)
