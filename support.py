"""Which fields of a spec a target can honour: the check behind docs/targets.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.vocabulary import NeededOn, OnlyOn, Problem, Spec


def unsupported(spec: Spec, target: str) -> Iterator[Problem]:
    """Fields that are set and that this target cannot honour, or unset and that it needs."""
    for name, field in type(spec).model_fields.items():
        value: Any = getattr(spec, name)
        key = field.alias or name
        for mark in field.metadata:
            match mark:
                case OnlyOn(target=only, reason=reason, harmless=harmless) if only != target:
                    if value != field.default and value not in harmless:
                        yield Problem(path=(key,), rule=f"is for {only} only: {reason}; remove it")
                case NeededOn(target=needed) if needed == target and value is None:
                    yield Problem(
                        path=(key,),
                        rule=f"is missing: stacks on {needed} need it",
                        example=str((field.examples or [""])[0]),
                    )
                case NeededOn(target=needed, reason=reason) if needed != target and value is not None:
                    yield Problem(path=(key,), rule=f"is for {needed} only: {reason}; remove it")
                case _:
                    pass
        for path, inner in _nested(value):
            yield from (problem.below(key, *path) for problem in unsupported(inner, target))


def _nested(value: Any) -> Iterator[tuple[tuple[str | int, ...], Spec]]:
    if isinstance(value, Spec):
        yield (), value
    elif isinstance(value, tuple):
        for index, item in enumerate(value):  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]  # any spec's field
            if isinstance(item, Spec):
                yield (index,), item
    elif isinstance(value, dict):
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]  # any spec's field
            if isinstance(item, Spec):
                yield (str(key),), item  # pyright: ignore[reportUnknownArgumentType]  # keys of specs are text
