"""F9 guard removed, F10 backup, F14 pending: what would have caught the next mistake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from review import kinds
from review.flags.finding import Case, Finding, Grade
from review.model import Change, Op
from review.values import at, canonical, items, objects, text
from review.words import days

_KEEPING = (
    ("reclaimPolicy", ("reclaimPolicy",), "Retain", "volumes of this class are deleted with their claims from now on"),
    (
        "persistentVolumeReclaimPolicy",
        ("spec", "persistentVolumeReclaimPolicy"),
        "Retain",
        "the volume is deleted with its claim from now on",
    ),
    (
        "databaseReclaimPolicy",
        ("spec", "databaseReclaimPolicy"),
        "retain",
        "the database is dropped with its object from now on",
    ),
    (
        "databaseRoleReclaimPolicy",
        ("spec", "databaseRoleReclaimPolicy"),
        "retain",
        "the role is dropped with its object from now on",
    ),
    (
        "whenDeleted",
        ("spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted"),
        "Retain",
        "volume claims go with the StatefulSet from now on",
    ),
    ("deletionPolicy", ("spec", "target", "deletionPolicy"), "Retain", "the secret goes with its source from now on"),
)
"""Field, where it stands, its keeping value, and what its loss means. Absent counts as keeping where that is the API's default."""

_DEFAULT_KEEPS = frozenset({"databaseReclaimPolicy", "databaseRoleReclaimPolicy", "whenDeleted", "deletionPolicy"})


def guard_removed(case: Case) -> Iterator[Finding]:
    for change in case.plan.changes.values():
        if change.old is not None and change.new is not None and change.op is not Op.READ:
            yield from _options(case, change)
            yield from _policies(case, change)
            ours, theirs = _retention(change.before), _retention(change.after)
            if ours is not None and (theirs is None or theirs < ours):
                sentence = f"backups are kept for {'no stated time' if theirs is None else f'{theirs:g} days'} instead of {ours:g} days: older points in time can't be restored"
                remedy = f"keep {ours:g} days, or copy the base backups that would go to a place of their own"
                yield case.finding("F9", Grade.BLOCK, change, sentence, "Barman Cloud: retention policy", remedy)


def _options(case: Case, change: Change) -> Iterator[Finding]:
    assert change.old is not None
    assert change.new is not None
    if change.type == "pulumi:pulumi:Stack":
        return
    known = case.state.known.get(change.urn)
    protected = change.old.protect or (known is not None and known.protect)
    retained = change.old.retain or (known is not None and known.retain)
    lost = [
        name
        for name, was, stays in (
            ("protect", protected, change.new.protect),
            ("retain_on_delete", retained, change.new.retain),
        )
        if was and not stays
    ]
    if lost:
        words = {
            "protect": "the next change may delete it without being stopped",
            "retain_on_delete": "a deletion then takes the object itself with it",
        }
        sentence = f"loses {' and '.join(lost)}: {', and '.join(words[name] for name in lost)}"
        quiet = "" if "protect" in lost else "a preview shows nothing of this"
        finding = case.finding(
            "F9",
            Grade.BLOCK,
            change,
            sentence,
            quiet,
            "put it back, or take it off in a change of its own that does nothing else",
        )
        yield replace(finding, weight=kinds.weight(change))


def _policies(case: Case, change: Change) -> Iterator[Finding]:
    for field, path, keeping, consequence in _KEEPING:
        old, new = at(change.before, *path), at(change.after, *path)
        kept = old == keeping or (old is None and field in _DEFAULT_KEEPS and new is not None)
        if kept and new != keeping and not (new is None and field in _DEFAULT_KEEPS):
            yield case.finding(
                "F9",
                Grade.BLOCK,
                change,
                f"{field} goes from {keeping} to {text(new) or 'the default'}: {consequence}",
                "Kubernetes: reclaiming",
                f"keep {keeping}",
            )


def _retention(inputs: object) -> float | None:
    """In days."""
    for path in (("spec", "retentionPolicy"), ("spec", "backup", "retentionPolicy")):
        found = days(text(at(inputs, *path)))
        if found is not None:
            return found
    return None


def backup(case: Case) -> Iterator[Finding]:
    for change in case.plan.touched:
        if change.package != "kubernetes" or change.op is Op.CREATE:
            continue
        for sentence, remedy in _less_backup(change):
            source = "recovery point: what is not archived can't be restored"
            yield case.finding("F10", Grade.BLOCK, change, sentence, source, remedy)


def _less_backup(change: Change) -> Iterator[tuple[str, str]]:
    """What is lost, and what to do instead."""
    gone = change.op is Op.DELETE
    if change.kind == "ScheduledBackup":
        yield from _schedule(change)
    elif change.kind == "ObjectStore" and not gone:
        if canonical(at(change.before, "spec", "configuration")) != canonical(
            at(change.after, "spec", "configuration")
        ):
            yield (
                "backups go somewhere else or by other rules: what is in the old place is not found by a restore",
                "leave the place as it is; to move, take a base backup right after, and keep the old bucket as long as its retention",
            )
    elif change.kind == "Cluster" and not gone:
        yield from _archiver(change)
    elif change.kind == "CronJob" and any(word in change.name for word in ("backup", "drill")):
        if gone:
            yield "the backup or its drill no longer runs: nobody notices when a restore stops working", "keep it"
        elif _rhythm(change.before) != _rhythm(change.after):
            yield "the backup or its drill runs at other times, or not at all", f"keep {_old_rhythm(change)}"


def _schedule(change: Change) -> Iterator[tuple[str, str]]:
    if change.op is Op.DELETE:
        yield (
            "no base backup is made any more: a restore replays ever more of the archive, until none is possible",
            "keep the schedule",
        )
    elif at(change.after, "spec", "suspend") is True and at(change.before, "spec", "suspend") is not True:
        yield "is suspended: no base backup is made any more", "leave it running"
    elif _rhythm(change.before) != _rhythm(change.after):
        yield (
            "base backups are made at other times: see that none is missed",
            f"keep {_old_rhythm(change)}, or take a backup by hand when the change is up",
        )


def _old_rhythm(change: Change) -> str:
    return f"schedule {_rhythm(change.before)[0]}"


def _rhythm(inputs: object) -> tuple[str, bool]:
    return text(at(inputs, "spec", "schedule")), at(inputs, "spec", "suspend") is True


def _archiver(change: Change) -> Iterator[tuple[str, str]]:
    def archives(inputs: object) -> bool:
        plugins = objects(at(inputs, "spec", "plugins"))
        return (
            any(p.get("isWALArchiver") is True and p.get("enabled") is not False for p in plugins)
            or at(inputs, "spec", "backup", "barmanObjectStore") is not None
        )

    if archives(change.before) and not archives(change.after):
        yield (
            "the write-ahead log is not archived any more: a lost volume loses everything since the last backup",
            "keep the archiver",
        )
    old = [p.get("parameters") for p in objects(at(change.before, "spec", "plugins"))]
    new = [p.get("parameters") for p in objects(at(change.after, "spec", "plugins"))]
    if archives(change.after) and items(old) and canonical(old) != canonical(new):
        yield (
            "the archive gets another place or server name: a restore does not find what was archived before",
            "keep both names; for a new place take a base backup right after, and keep the old one as long as its retention",
        )


def pending(case: Case) -> Iterator[Finding]:
    if case.plan.maybe_corrupt:
        yield Finding(
            "F14",
            Grade.BLOCK,
            case.whole,
            "the stack",
            "the engine says that the state may be damaged",
            remedy="pulumi state repair",
        )
    for operation in case.state.pending:
        urn = operation.partition(" ")[2]
        sentence = f"an earlier pulumi up was interrupted while {operation.partition(' ')[0]} it: nobody knows whether the object is there"
        yield Finding(
            "F14",
            Grade.BLOCK,
            urn,
            urn.rpartition("::")[2],
            sentence,
            remedy="pulumi refresh, or pulumi cancel and then refresh",
        )
    for urn, known in case.state.known.items():
        words = [
            *(["it is tainted: the next pulumi up replaces it"] if known.tainted else []),
            *(["its replacement was begun and not ended"] if known.pending_replacement else []),
            *(["it was made but never became ready"] if known.init_errors else []),
        ]
        for sentence in words:
            change = case.plan.changes.get(urn)
            label = case.label(change) if change is not None else urn.rpartition("::")[2]
            yield Finding(
                "F14",
                Grade.BLOCK,
                urn,
                label,
                sentence,
                remedy="bring the stack to rest first: pulumi up without this change",
            )
