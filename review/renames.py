"""Deletions and creations that are one and the same thing under another name, and the line that says so to the engine.

Owns: likeness. Two resources of one type are a pair if what they say is the same once their own component's name is taken out of it,
or if their parents are a pair. An alias keeps the row; it cannot keep a physical name that changes with the logical one, and the
proposal says so.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from review.model import Change, Op, Plan
from review.values import at, leaves, text

LIKE = 0.9
"""Share of equal leaves from which two strangers are a pair."""
LIKE_RELATIVES = 0.6
"""The same for children of one parent, or of parents that are a pair."""
FEW = 4
"""Leaves below which only relatives can be a pair: all passwords of one length look alike."""

_IGNORED = {("metadata", "name"), ("metadata", "namespace"), ("name",)}


@dataclass(frozen=True, slots=True)
class Rename:
    """A pair."""

    old: Change
    new: Change
    parent: Rename | None
    """The pair that its parents are: then their alias is enough."""

    @property
    def physical(self) -> tuple[str, str] | None:
        """Old and new name of the object, if that differs."""
        names = tuple(
            text(at(side, "metadata", "name")) or text(side.get("name")) for side in (self.old.before, self.new.after)
        )
        places = tuple(text(at(side, "metadata", "namespace")) for side in (self.old.before, self.new.after))
        full = [f"{place}/{name}" if place else name for place, name in zip(places, names, strict=True)]
        return None if full[0] == full[1] else (full[0], full[1])

    @property
    def alias(self) -> str:
        """To paste into the options of the new one."""
        if self.old.type == self.new.type and self.old.parent == self.new.parent:
            return f"opts=ResourceOptions(aliases=[pulumi.Alias(name={json.dumps(self.old.name)})])"
        return f"opts=ResourceOptions(aliases=[{json.dumps(self.old.urn)}])"


def renames(plan: Plan, component: Mapping[str, str]) -> list[Rename]:
    """Pairs, parents before their children."""
    gone: defaultdict[str, list[Change]] = defaultdict(list)
    made: list[Change] = []
    for change in plan.changes.values():
        if change.package == "pulumi":
            continue
        if change.op is Op.DELETE:
            gone[change.type].append(change)
        elif change.op is Op.CREATE:
            made.append(change)
    found: dict[str, Rename] = {}
    made.sort(key=lambda c: c.urn.count("$"))
    for new in made:
        old = _best(new, gone[new.type], found, component)
        if old is not None:
            gone[new.type].remove(old)
            parent = found.get(new.parent)
            found[new.urn] = Rename(old, new, parent if parent is not None and parent.old.urn == old.parent else None)
    return list(found.values())


def _best(
    new: Change, candidates: list[Change], found: Mapping[str, Rename], component: Mapping[str, str]
) -> Change | None:
    parent = found.get(new.parent)
    best: tuple[float, int, str] = (0.0, 0, "")
    choice: Change | None = None
    ours = _leaves(new, component)
    for old in candidates:
        theirs = _leaves(old, component)
        union = ours.keys() | theirs.keys()
        share = (
            sum(ours.get(path, _NOTHING) == theirs.get(path, _NOTHING) for path in union) / len(union) if union else 1.0
        )
        related = old.parent == new.parent or (parent is not None and parent.old.urn == old.parent)
        enough = LIKE_RELATIVES if related else LIKE
        rank = (share + related, -_apart(old.name, new.name), old.urn)
        if (related or len(union) >= FEW) and share >= enough and rank > best:
            best, choice = rank, old
    return choice


def _apart(old: str, new: str) -> int:
    """Letters of two names that are neither in a common beginning nor in a common end."""
    start, end = _shared(old, new), _shared(old[::-1], new[::-1])
    return len(old) + len(new) - 2 * min(start + end, len(old), len(new))


def _shared(ours: str, theirs: str) -> int:
    """Letters that two words begin with."""
    return next(
        (n for n, (one, other) in enumerate(zip(ours, theirs, strict=False)) if one != other),
        min(len(ours), len(theirs)),
    )


_NOTHING = "\0nothing"


def _leaves(change: Change, component: Mapping[str, str]) -> dict[tuple[str | int, ...], str]:
    """Leaves without the names that a rename changes."""
    inputs = change.after if change.new is not None else change.before
    names = sorted({component.get(change.urn, ""), change.name} - {""}, key=len, reverse=True)
    found: dict[tuple[str | int, ...], str] = {}
    for path, leaf in leaves(inputs):
        if path[:2] in _IGNORED or path[:1] in _IGNORED:
            continue
        word = str(leaf)
        for name in names:
            word = word.replace(name, "\0")
        found[tuple(step.replace(names[-1], "\0") if names and isinstance(step, str) else step for step in path)] = word
    return found
