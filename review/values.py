"""JSON values: narrowing, the engine's marks, the engine's property paths.

Owns: what a secret and an unknown look like in events and states, and that a value of the wrong shape is read as absent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, cast

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The engine's placeholder of a value it does not know before pulumi up (sdk/go/common/resource/plugin, `UnknownStringValue`)."""

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key of the engine's marked values (sdk/go/common/resource, `SigKey`)."""

SECRET = "1b47061264138c4ac30d75fd1eb44270"
"""Mark of a secret under that key."""

HIDDEN = "[secret]"
"""How the engine's displays, and ours, write a secret."""

Path = tuple[str | int, ...]
"""Keys and positions from an object's root."""

_STEP = re.compile(r"""\.?([^.\[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\[([^\]]*)\]""")


def mapping(value: Any) -> dict[str, Any]:
    """A mapping as it is, and an empty one for whatever stands in its place."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """A list as it is, and an empty one for whatever stands in its place."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def objects(value: Any) -> list[dict[str, Any]]:
    """The mappings of a list."""
    return [item for item in items(value) if isinstance(item, dict)]


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def number(value: Any) -> float | None:
    """A number, also one written as text; None for an absent, a hidden and an unknown one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


def at(value: Any, *path: str | int) -> Any:
    """What stands at `path`, or None."""
    for step in path:
        if isinstance(value, dict):
            value = cast("dict[str | int, Any]", value).get(step)
        elif isinstance(value, list) and isinstance(step, int):
            found = cast("list[Any]", value)
            value = found[step] if 0 <= step < len(found) else None
        else:
            return None
    return value


def is_secret(value: Any) -> bool:
    if isinstance(value, str):
        return value == HIDDEN
    return isinstance(value, dict) and mapping(value).get(SIGNATURE) == SECRET


def has(value: Any, test: str) -> bool:
    """Whether `test`, the unknown mark or the text of a hidden secret, stands anywhere below."""
    return any(leaf == test for _, leaf in leaves(value))


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf with its path; secrets are leaves, whatever they hold."""
    if is_secret(value):
        yield path, HIDDEN
    elif isinstance(value, dict):
        for key, child in mapping(value).items():
            yield from leaves(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(items(value)):
            yield from leaves(child, (*path, index))
    else:
        yield path, value


def parsed(path: str) -> Path:
    """The engine's way to write a path: `spec.containers[0].env["a.b"]`."""
    steps: list[str | int] = []
    for match in _STEP.finditer(path):
        key, index, quoted, other = match.groups()
        if index is not None:
            steps.append(int(index))
        elif quoted is not None:
            steps.append(quoted.replace('\\"', '"').replace("\\\\", "\\"))
        else:
            steps.append(key if key is not None else other)
    return tuple(steps)


def canonical(value: Any) -> str:
    """One text per value, whatever the order of its keys."""
    return _CANONICAL(value)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
"""Made once: it is called ten times per resource."""
