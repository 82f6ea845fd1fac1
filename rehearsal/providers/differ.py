"""Structural comparison of two property trees, as paths in the engine's notation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from rehearsal.providers.structs import mapping, sequence

Path = tuple[str | int, ...]


class Change:
    """How one property differs; the numbers are those of `PropertyDiff.Kind` without replacement."""

    ADD, DELETE, UPDATE = 0, 2, 4


def compare(old: Any, new: Any, unordered: frozenset[str] = frozenset(), path: Path = ()) -> Iterator[tuple[Path, int]]:
    """Each place where `new` differs from `old`. `unordered` are names of lists that the real provider treats as sets."""
    match old, new:
        case dict(), dict():
            before, after = mapping(old), mapping(new)
            for key in sorted({*before, *after}):
                yield from _compare_value(before.get(key), after.get(key), unordered, (*path, key))
        case list(), list():
            yield from _compare_lists(sequence(old), sequence(new), unordered, path)
        case _ if old != new or isinstance(old, bool) != isinstance(new, bool):
            yield path, Change.UPDATE
        case _:
            return


def _compare_lists(old: list[Any], new: list[Any], unordered: frozenset[str], path: Path) -> Iterator[tuple[Path, int]]:
    if unordered.intersection(p for p in path if isinstance(p, str)):
        old, new = _sorted(old), _sorted(new)
    for i in range(max(len(old), len(new))):
        if i >= len(old):
            yield (*path, i), Change.ADD
        elif i >= len(new):
            yield (*path, i), Change.DELETE
        else:
            yield from compare(old[i], new[i], unordered, (*path, i))


def _compare_value(before: Any, after: Any, unordered: frozenset[str], path: Path) -> Iterator[tuple[Path, int]]:
    """An absent value and null are the same."""
    if before is None and after is None:
        return
    if before is None:
        yield path, Change.ADD
    elif after is None:
        yield path, Change.DELETE
    else:
        yield from compare(before, after, unordered, path)


def _sorted(values: Sequence[Any]) -> list[Any]:
    return sorted(values, key=lambda value: json.dumps(value, sort_keys=True))


def written(path: Path) -> str:
    """`spec.ports[0]["example.com/port"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif any(c in part for c in '."[]'):
            text += '["' + part.replace('"', '\\"') + '"]'
        else:
            text += f".{part}" if text else part
    return text


def touches(path: Path, rule: Path) -> bool:
    """Whether a change at `path` concerns the property of `rule`, where `*` stands for any index."""
    return all(r in ("*", p) for p, r in zip(path, rule, strict=False))
