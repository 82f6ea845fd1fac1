"""What differs between two versions of one object, as a person would say it.

Owns: lists are compared by what identifies their members (a container's name, a port, a mount's path), never by position, so
that a new first entry is one line and not a change of all that follow. Whatever the provider says has changed, and no line here
covers, becomes a line of its own: a secret's change is thereby never lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from review.model import Change, Op, autonamed
from review.redaction import NOT_KNOWN, hidden, shown
from review.values import UNKNOWN, Path, at, canonical, has, is_secret, items, mapping

KEYS: Mapping[str, tuple[str, ...]] = {
    "ports": ("name", "containerPort", "internal", "port", "protocol"),
    "volumeMounts": ("mountPath",),
    "mounts": ("target",),
    "topologySpreadConstraints": ("topologyKey",),
    "subjects": ("kind", "namespace", "name"),
    "imagePullSecrets": ("name",),
    "tls": ("secretName",),
    "conditions": ("type",),
    "rules": ("name", "alert", "record"),
    "metrics": ("type",),
    "networksAdvanced": ("name",),
    "listeners": ("name",),
    "volumeClaimTemplates": ("metadata",),
}
"""What identifies a member, by the list's name; `name` for every other list whose members all have one."""

WHOLE = frozenset({"command", "args", "entrypoints", "commands"})
"""Lists whose order is their meaning."""

CONNECTIONS = ("postgres", "redis", "app", "object_store", "external")
"""Fields of which each connection has one."""

_FORM = "its form"
"""Stands for the key of a member that is known by which of several fields it has."""

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One line. Both sides are fit to be shown, `None` where there is nothing."""

    path: str
    before: str | None
    after: str | None
    hidden: bool = False
    """A secret: that it changed is all there is to say."""
    unknown: bool = False

    @property
    def sentence(self) -> str:
        if self.hidden:
            return "changed, value hidden"
        if self.before is None:
            return f"added: {self.after}"
        if self.after is None:
            return f"removed (was {self.before})"
        return f"{self.before} → {self.after}"


def of(change: Change) -> list[Difference]:
    """All lines of one change; nothing for a creation or a deletion, where all is new or gone."""
    if change.op not in (Op.UPDATE, Op.REPLACE):
        return []
    root: Path = (change.kind,)
    found = list(_compared(change.before, change.after, root))
    if autonamed(change):
        found = [(path, line) for path, line in found if path[1:] != ("metadata", "name")]
    lines = [line for _, line in found]
    covered = [path[1:] for path, _ in found] + ([("metadata", "name")] if autonamed(change) else [])
    for changed in change.changed:
        if not any(_related(changed.path, path) for path in covered):
            lines.append(_uncovered(change, changed.path))
            covered.append(changed.path)
    return lines


def _uncovered(change: Change, path: Path) -> Difference:
    values = (_nearest(change.before, path), _nearest(change.after, path))
    label = _label((change.kind, *path))
    if any(is_secret(value) or has(value, "[secret]") for value in values):
        return Difference(label, None, None, hidden=True)
    return Difference(label, "as it is", "changed by the provider")


def _nearest(value: Any, path: Path) -> Any:
    """What stands at the path, or the secret that hides it."""
    for step in path:
        if is_secret(value):
            return value
        value = at(value, step)
    return value


def _related(path: Path, other: Path) -> bool:
    """Whether one path leads through the other; positions and keys of list members are taken for equal."""
    ours, theirs = _words(path), _words(other)
    length = min(len(ours), len(theirs))
    return ours[:length] == theirs[:length]


def _words(path: Path) -> list[str]:
    return [step for step in path if isinstance(step, str) and not step.startswith("[")]


def _compared(before: Any, after: Any, path: Path) -> Iterator[tuple[Path, Difference]]:
    if before is not _ABSENT and after is not _ABSENT and before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict) and not is_secret(before) and not is_secret(after):
        ours, theirs = mapping(before), mapping(after)
        for key in sorted({*ours, *theirs} - {"__defaults"}):
            yield from _compared(ours.get(key, _ABSENT), theirs.get(key, _ABSENT), (*path, key))
        return
    if isinstance(before, list) and isinstance(after, list):
        yield from _lists(items(before), items(after), path)
        return
    yield path, _line(before, after, path)


def _line(before: Any, after: Any, path: Path) -> Difference:
    hidden = any(side is not _ABSENT and is_secret(side) for side in (before, after))
    if _is_text(before) and _is_text(after):
        return _lines_of(before, after, path)
    sides = [None if side is _ABSENT else shown(side, path) for side in (before, after)]
    if hidden and None not in sides:
        return Difference(_label(path), None, None, hidden=True)
    return Difference(_label(path), sides[0], sides[1], unknown=after == UNKNOWN or NOT_KNOWN in (sides[1] or ""))


def _is_text(side: Any) -> bool:
    return isinstance(side, str) and "\n" in side.strip()


def _lines_of(before: str, after: str, path: Path) -> Difference:
    """A file: only the lines that differ, unless it is their order. Looked through whole: a line alone hides less."""
    whole = [shown(side, path) for side in (before, after)]
    ours, theirs = (Counter(line.strip() for line in side.splitlines()) for side in (before, after))
    sides = ["; ".join((one - other).elements()) for one, other in ((ours, theirs), (theirs, ours))]
    if not any(sides) or any(hidden(side, path) != side for side in (before, after)):
        return Difference(_label(path), whole[0], whole[1])
    gone, come = (shown(side, path) if side else None for side in sides)
    return Difference(_label(path), gone, come)


def _lists(before: Sequence[Any], after: Sequence[Any], path: Path) -> Iterator[tuple[Path, Difference]]:
    if path[-1] in WHOLE:
        yield path, _words_of(before, after, path)
        return
    fields = _fields(path, [*before, *after])
    if path[-1] in _FORMS and all(isinstance(member, dict) for member in [*before, *after]):
        fields = (_FORM,)
    ours, theirs = _keyed(path, before, fields), _keyed(path, after, fields)
    for key in [*ours, *(k for k in theirs if k not in ours)]:
        if fields or (key in ours and key in theirs) or not _says_all(key, ours, theirs):
            yield from _compared(ours.get(key, _ABSENT), theirs.get(key, _ABSENT), (*path, f"[{key}]"))
        else:
            yield path, _line(ours.get(key, _ABSENT), theirs.get(key, _ABSENT), path)
    if list(ours) != list(theirs) and set(ours) == set(theirs) and not fields:
        yield path, Difference(_label(path), "order", "other order")


def _says_all(key: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether the key is the whole member, so that naming it again beside its value says nothing."""
    value = ours.get(key, theirs.get(key))
    return not (isinstance(value, str) and "=" in value)


def _words_of(before: Sequence[Any], after: Sequence[Any], path: Path) -> Difference:
    """A command line: only the words that differ, unless it is their order."""
    ours, theirs = [w for w in before if w not in after], [w for w in after if w not in before]
    if not ours and not theirs:
        ours, theirs = list(before), list(after)
    if any(is_secret(word) for word in (*ours, *theirs)):
        return Difference(_label(path), None, None, hidden=True)
    sides = [" ".join(shown(word) for word in words) or None for words in (ours, theirs)]
    return Difference(_label(path), sides[0], sides[1])


def _fields(path: Path, members: Sequence[Any]) -> tuple[str, ...]:
    if not all(isinstance(member, dict) for member in members):
        return ()
    named = KEYS.get(str(path[-1]) if path else "", ("name",))
    return tuple(f for f in named if all(isinstance(mapping(m).get(f), str | int) for m in members))


def _keyed(path: Path, members: Sequence[Any], fields: tuple[str, ...]) -> dict[str, Any]:
    """By their key; a member without one is its own key, and an equal second one is counted."""
    found: dict[str, Any] = {}
    for member in members:
        called = _key(path, member, fields)
        key = called
        number = 2
        while key in found:
            key = f"{called} #{number}"
            number += 1
        found[key] = member
    return found


def _key(path: Path, member: Any, fields: tuple[str, ...]) -> str:
    if fields == (_FORM,):
        return _FORMS[str(path[-1])](mapping(member))
    if fields:
        return "/".join(str(mapping(member)[field]) for field in fields)
    if isinstance(member, str) and "=" in member:  # KEY=value of a container's environment
        return member.partition("=")[0]
    return canonical(hidden(member)) if isinstance(member, dict | list) else shown(member)


def _source(member: Mapping[str, Any]) -> str:
    """Of a projected volume: what it is of, and the files that it gives; which object they come from may change."""
    kind = next(iter(sorted(member)), "")
    files = [str(mapping(i).get("path", "")) for i in items(at(member, kind, "items"))] or [
        str(at(member, kind, "path") or "")
    ]
    return " ".join(filter(None, (kind, ", ".join(files))))


def _connection(member: Mapping[str, Any]) -> str:
    """Of an app's connection: what it reaches."""
    return next((f"{kind} {member[kind]}" for kind in CONNECTIONS if kind in member), "")


_FORMS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {"sources": _source, "connects_to": _connection}
"""What a member is called, by the list's name."""


def _label(path: Path) -> str:
    label = ""
    for step in path[1:]:
        word = shown(step)
        if isinstance(step, int):
            label += f"[{step}]"
        elif word.startswith("["):
            label += word if len(word) < 60 else f"{word[:57]}…]"
        else:
            label += f".{word}" if label else word
    return label or "the whole object"
