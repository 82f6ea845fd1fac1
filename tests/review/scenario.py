"""One change of the corpus, and what the review must say to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    name: str
    about: str
    """The flag that it is there for, or the rule that F7 speaks of."""
    edits: tuple[tuple[str, str], ...]
    """Text of the program, and what comes instead."""
    flags: tuple[str, ...] = ()
    """All that must be raised, each with `!` if it blocks."""
    exit_code: int = 0
    says: str = ""
    """A part of the words that the first flag must use."""


def of(name: str, about: str, *edits: tuple[str, str], flags: str = "", says: str = "") -> Scenario:
    raised = tuple(flags.split())
    code = 20 if any(f.endswith("!") for f in raised) else 10 if raised else 0
    return Scenario(name, about, edits, raised, code, says)


def without(start: str) -> tuple[str, str]:
    """Takes one statement away."""
    return (f"\n{start}", f"\n# {start}")
