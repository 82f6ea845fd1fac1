"""Images and secrets that get another value in place: what a reviewer asks for first, though no rule is broken by either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from review.differences import Difference
from review.flags import Case
from review.redaction import shown
from review.values import at, text
from review.world import Thing, workload

SHOWN = 12
"""Digits of a digest: who compares them has both sides in full below."""


def lines(case: Case, differences: Mapping[str, Iterable[Difference]]) -> Iterator[str]:
    """At most one of each, short enough for what is read first; never a secret's value."""
    images = [f"{step} ({_some(sorted(places))})" for step, places in _images(case).items()]
    if images:
        yield f"{'another image' if len(images) == 1 else 'other images'}: {_some(images, '; ')}"
    secrets = list(_secrets(case, differences))
    if secrets:
        yield f"{'a secret gets' if len(secrets) == 1 else 'secrets get'} another value: {_some(secrets, '; ')}"


def _some(words: Sequence[str], between: str = ", ") -> str:
    return between.join([*words[:3], *([f"and {len(words) - 3} more"] if len(words) > 3 else [])])


def _images(case: Case) -> Mapping[str, list[str]]:
    """What runs instead of what, and where."""
    found: dict[str, list[str]] = {}
    for change in case.plan.touched:
        old, new = case.before.by_urn.get(change.urn), case.after.by_urn.get(change.urn)
        if old is None or new is None:
            continue
        ours, theirs = dict(_named(old)), dict(_named(new))
        steps = {_step(ours[name], theirs[name]) for name in ours.keys() & theirs.keys() if ours[name] != theirs[name]}
        for step in sorted(steps):
            found.setdefault(step, []).append(case.label(change))
    return found


def _secrets(case: Case, differences: Mapping[str, Iterable[Difference]]) -> Iterator[str]:
    """Resources, and those keys of theirs that are secret and change."""
    for change in case.plan.touched:
        keys = [d.path.removeprefix("stringData.").removeprefix("data.") for d in differences[change.urn] if d.hidden]
        if keys:
            yield f"{case.label(change)} ({_some(keys)})"


def _named(thing: Thing) -> Iterator[tuple[str, str]]:
    """Container and image; one without a name where the object itself names it."""
    if (work := workload(thing)) is not None:
        for container in work.every_container:
            yield text(container.get("name")), text(container.get("image"))
    elif thing.kind == "RemoteImage":
        yield "", text(thing.body.get("name"))
    elif image := text(at(thing.body, "spec", "imageName")):
        yield "", image


def _step(ours: str, theirs: str) -> str:
    sides = [shown(_short(side)) for side in (ours, theirs)]
    names = [side.partition("@")[0] for side in sides]
    if names[0] == names[1] and all("@" in side for side in sides):
        return f"{names[0]} {sides[0].partition('@')[2]} → {sides[1].partition('@')[2]}"
    return f"{sides[0]} → {sides[1]}"


def _short(image: str) -> str:
    name, at_, digest = image.partition("@sha256:")
    return f"{name}{at_}{digest[:SHOWN]}"
