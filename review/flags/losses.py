"""F1 data loss, F2 cascade, F3 rename, F4 delete-first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from review import kinds
from review.flags.finding import Case, Finding, Grade
from review.model import Change, Op
from review.quantities import quantity
from review.renames import Rename
from review.values import at, text

_SHRINKABLE = (
    ("core/v1:PersistentVolumeClaim", ("spec", "resources", "requests", "storage")),
    ("postgresql.cnpg.io/v1:Cluster", ("spec", "storage", "size")),
    ("postgresql.cnpg.io/v1:Cluster", ("spec", "walStorage", "size")),
)
_SHRINK = "Kubernetes: a volume claim can grow and never shrink"

_MOVED = ("kubeconfig", "context", "cluster", "host", "clusterIdentifier")
"""Fields of a provider that say where it works."""


def data_loss(case: Case) -> Iterator[Finding]:
    for change in case.plan.changes.values():
        loss = kinds.data_loss(change) if change.loses else None
        if loss is not None:
            sentence = f"{_how(change)}: {_consequence(change, loss.consequence)}"
            finding = case.finding("F1", _grade(case, change), change, sentence, _source(change, loss), _remedy(change))
            yield replace(finding, weight=kinds.weight(change))
        yield from _shrunk(case, change)


def _how(change: Change) -> str:
    if change.op is Op.DELETE:
        return "is deleted"
    return f"is replaced, because {_causes(change)} can't be changed in place"


def _causes(change: Change) -> str:
    return ", ".join(change.why[:3]) or "an input"


def _consequence(change: Change, words: str) -> str:
    if change.op is Op.DELETE and change.type in kinds.PASSWORDS:
        return "the generated value is forgotten: who still needs it can't look it up, and nothing can rotate it"
    if _stays(change):
        return _KEPT if change.op is Op.DELETE else _LEFT
    return words


def _stays(change: Change) -> bool:
    """A password has no object that could."""
    return change.old is not None and change.old.retain and change.type not in kinds.PASSWORDS


def _source(change: Change, loss: kinds.Loss) -> str:
    return "Pulumi: retainOnDelete" if _stays(change) else loss.source


_KEPT = "it stays where it is (retain_on_delete), but nothing manages, updates or backs it up any more, and a new one of its name fails"
_LEFT = "the old one stays where it is with all that it holds (retain_on_delete), but nothing manages or backs it up any more; the new one starts empty"


def _remedy(change: Change) -> str:
    undo = "put it back into the stack file" if change.op is Op.DELETE else f"leave {_causes(change)} as it was"
    if change.old is not None and change.old.protect:
        return f"{undo}; if it shall go, take its protection off first, in a change of its own: until then the engine refuses"
    return f"{undo}, or set protect and retain_on_delete first, in a change of its own"


def _grade(case: Case, change: Change) -> Grade:
    """What nobody protected and can be made again is a question, not a stop."""
    protected = change.old is not None and change.old.protect
    if change.package == "docker" and not protected:
        return Grade.APPROVE
    if change.type in kinds.PASSWORDS and not protected and not kinds.stateful(change.urn):
        readers = [urn for urn, known in case.state.known.items() if change.urn in known.dependencies]
        names = [thing.name for urn in readers if (thing := case.thing(urn)) is not None]
        return Grade.BLOCK if any(kinds.stateful(name) for name in [*readers, *names]) else Grade.APPROVE
    return Grade.BLOCK


def _shrunk(case: Case, change: Change) -> Iterator[Finding]:
    if change.op not in (Op.UPDATE, Op.REPLACE):
        return
    for end, path in _SHRINKABLE:
        if change.type.endswith(end):
            old, new = at(change.before, *path), at(change.after, *path)
            ours, theirs = quantity(old), quantity(new)
            if ours is not None and theirs is not None and theirs < ours:
                sentence = f"its storage is to shrink from {old} to {new}; no volume can shrink: the change fails in the middle of pulumi up, or the volume is made anew and empty"
                remedy = f"keep {old}; to get a smaller one, make a second one beside it and copy the data"
                yield case.finding("F1", Grade.BLOCK, change, sentence, _SHRINK, remedy)
    old_major, new_major = (_major(side) for side in (change.before, change.after))
    if change.type.endswith("postgresql.cnpg.io/v1:Cluster") and old_major and new_major and new_major < old_major:
        sentence = (
            f"PostgreSQL goes back from {old_major} to {new_major}: the server can't read what the newer one wrote"
        )
        yield case.finding(
            "F1", Grade.BLOCK, change, sentence, "PostgreSQL: pg_upgrade", "restore a dump into a new cluster instead"
        )


def _major(inputs: object) -> int | None:
    image = text(at(inputs, "spec", "imageName")).partition("@")[0].rpartition(":")[2]
    digits = image.partition(".")[0].partition("-")[0]
    return int(digits) if digits.isdecimal() else None


def cascade(case: Case) -> Iterator[Finding]:
    for change in case.plan.changes.values():
        loss = kinds.cascade(change)
        if loss is None or change.name.startswith("default_"):
            continue
        if change.loses:
            yield case.finding(
                "F2",
                Grade.BLOCK,
                change,
                f"{_how(change)}: {_consequence(change, loss.consequence)}",
                _source(change, loss),
                _remedy(change),
            )
        elif change.op is Op.UPDATE and change.type.startswith("pulumi:providers:"):
            moved = [field for field in _MOVED if change.before.get(field) != change.after.get(field)]
            if moved:
                sentence = f"works somewhere else from now on ({', '.join(moved)} changed): what is there stays behind, what is expected is not there"
                yield case.finding(
                    "F2",
                    Grade.BLOCK,
                    change,
                    sentence,
                    loss.source,
                    "move a stack by making a second one, not by pointing the first elsewhere",
                )


def rename(case: Case) -> Iterator[Finding]:
    """One for each thing that a person renamed, not for what lies below it or is called after it."""
    roots = [pair for pair in case.renames if pair.parent is None]
    moved = list(_moved_namespaces(case))
    for pair in roots:
        if any(_called_after(pair, other) for other in roots) or any(_follows(pair, *names) for names in moved):
            continue
        inherited = sum(other.parent is not None and _root(other) == pair.new.urn for other in case.renames)
        namesakes = sum(_called_after(other, pair) for other in roots)
        counts = [(inherited, "below it"), (namesakes, "called after it")]
        and_more = " and ".join(f"{count} resources {where}" for count, where in counts if count)
        what = f"{case.label(pair.old)} is deleted and its like is made as {pair.new.name}"
        physical = [
            p
            for other in case.renames
            if (other is pair or _root(other) == pair.new.urn) and (p := other.physical) is not None
        ]
        remedy = pair.alias
        if physical:
            old, new = min(
                physical, key=lambda names: (len(names[0]), names[0])
            )  # the thing itself, whatever comes first
            remedy += f"\n# The alias keeps the rows; names of objects change too ({old} → {new}), and no object can be renamed: those are still replaced. Keep the old name."
        sentence = f"looks like a rename: {what}{', with ' if and_more else ''}{and_more}"
        yield case.finding("F3", Grade.BLOCK, pair.new, sentence, "Pulumi: aliases", remedy)


def _called_after(pair: Rename, other: Rename) -> bool:
    """Whether a pair's names differ as those of a renamed component do: it is renamed because that one is."""
    if pair is other or other.new.package in ("kubernetes", "docker", "random"):
        return False
    return _follows(pair, other.old.name, other.new.name)


def _follows(pair: Rename, old: str, new: str) -> bool:
    return pair.old.name.replace(old, new) == pair.new.name


def _moved_namespaces(case: Case) -> Iterator[tuple[str, str]]:
    """Names before and after: F2 speaks of them, and of what is called after them."""
    for change in case.plan.touched:
        if change.kind == "Namespace" and change.op is Op.REPLACE:
            yield text(at(change.before, "metadata", "name")), text(at(change.after, "metadata", "name"))


def _root(pair: Rename) -> str:
    """The new URN of the topmost pair above."""
    while pair.parent is not None:
        pair = pair.parent
    return pair.new.urn


def delete_first(case: Case) -> Iterator[Finding]:
    for change in case.plan.changes.values():
        if change.op is Op.REPLACE and change.delete_first and change.kind not in ("Job", "RandomPassword"):
            sentence = "is deleted before its successor is there: what it does is not done in between"
            source = (
                "pulumi-docker: containers"
                if change.package == "docker"
                else "pulumi-kubernetes: an object with a name of its own is deleted before it is made again"
            )
            yield case.finding(
                "F4",
                Grade.APPROVE,
                change,
                sentence,
                source,
                "leave out metadata.name, so that the new one gets a name of its own and comes first",
            )
