"""One object that breaks one rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from review.world import Key, Thing, World


@dataclass(frozen=True, slots=True)
class Breach:
    """Equal ones before and after are the same breach: their words name no value that may change."""

    rule: str
    key: Key
    where: str
    """Part of the object, such as a container's name; empty for the whole."""
    sentence: str
    urn: str

    @property
    def identity(self) -> tuple[str, str, str]:
        """By resource and not by the object's name, which may be made up anew."""
        return self.rule, self.urn, self.where


Found = Iterable[tuple[Thing, str, str]]
"""Object, part of it, sentence."""

Check = Callable[[World], Found]
