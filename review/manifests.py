"""The objects of a stack before and after, as files for other scanners and for `diff -r`.

Owns: names of files, which come from hostile words and must not leave the folder; and that no value is written that a report hides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from review import redaction
from review.flags import Case
from review.values import mapping
from review.world import Thing, World

_LETTERS = re.compile(r"[^a-z0-9.-]+")


def files(case: Case) -> Mapping[str, str]:
    """By name below `before/` and `after/`: one object each, Kubernetes' as manifests, Docker's as inputs of the provider."""
    return {
        f"{side}/{name}": text
        for side, world in (("before", case.before), ("after", case.after))
        for name, text in _of(world)
    }


def _of(world: World) -> Iterator[tuple[str, str]]:
    import yaml  # noqa: PLC0415  # a twentieth of a second that most reports need not spend

    taken: set[str] = set()
    for thing in world.things:
        name = stem = "-".join(filter(None, (_plain(thing.kind), _plain(thing.namespace), _plain(thing.name))))
        number = 2
        while name in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add(name)
        yield f"{name}.yaml", yaml.safe_dump(_body(thing), sort_keys=True, allow_unicode=True)


def _plain(word: str) -> str:
    return _LETTERS.sub("-", word.lower()).strip("-.")[:80]


def _body(thing: Thing) -> dict[str, Any]:
    """Without what the provider keeps for itself; a Secret's data by its keys alone."""
    body = dict(redaction.hidden(dict(thing.body)))
    body.pop("__defaults", None)
    if thing.kind == "Secret":
        for field, instead in (("data", ""), ("stringData", redaction.HIDDEN)):  # `data` is base64
            if field in body:
                body[field] = dict.fromkeys(mapping(body[field]), instead)
    return body
