"""F5 downtime, F6 capacity drop."""

from __future__ import annotations

from collections.abc import Iterator

from review import capacity
from review.capacity import Need
from review.flags.finding import Case, Finding, Grade
from review.model import Change, Op
from review.quantities import GIB, cores, gibibytes
from review.values import at, canonical, number, text
from review.world import LONG_RUNNING, PODS, Thing, selects, workload

_DOORS = frozenset({"Service", "Ingress", "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "Gateway"})
_WORDS = {
    "replicas": "replicas",
    "cpu": "cores per replica",
    "memory": "memory per replica",
    "storage": "storage per replica, all its volumes together",
}


def downtime(case: Case) -> Iterator[Finding]:
    for change in case.plan.touched:
        if change.package != "kubernetes":
            continue
        for sentence, source, remedy in _outages(case, change):
            yield case.finding("F5", Grade.APPROVE, change, sentence, source, remedy)
        yield from _handed_over(case, change)


Outage = tuple[str, str, str]
"""What will happen, why that is so, and what to do instead."""


def _outages(case: Case, change: Change) -> Iterator[Outage]:
    kind = change.kind
    if change.op is Op.DELETE:
        yield from _gone(case, change)
    elif change.op in (Op.UPDATE, Op.REPLACE):
        if kind in LONG_RUNNING:
            yield from _workload(case, change)
        elif kind == "Service":
            for field in ("type", "clusterIP"):
                if at(change.before, "spec", field) != at(change.after, "spec", field):
                    yield (
                        f"its {field} changes: clients that hold the old address lose it",
                        "Kubernetes: services",
                        f"make a second Service with the new {field}, move its callers, and remove this one then",
                    )
        elif kind == "Cluster" and change.type.startswith("kubernetes:postgresql.cnpg.io"):
            ours, theirs = (number(at(side, "spec", "instances")) for side in (change.before, change.after))
            if theirs == 1 and ours != 1:
                yield (
                    "one instance is left: every restart is an outage, and a lost node loses what was not archived",
                    "CloudNativePG: replication",
                    "keep two instances or more",
                )


def _gone(case: Case, change: Change) -> Iterator[Outage]:
    kind = change.kind
    thing = case.before.by_urn.get(change.urn)
    if kind in LONG_RUNNING:
        yield "stops running", "", "keep it until nobody calls it"
    elif kind in _DOORS:
        yield "whoever calls it gets no answer any more", "", "keep it until nobody calls it"
    elif kind == "PodDisruptionBudget" and thing is not None and _still_there(case, thing):
        yield "a drain of nodes may take all of its pods at once", "Kubernetes: disruptions", "keep the budget"


def _still_there(case: Case, budget: Thing) -> bool:
    """Whether pods that the budget cared for still run, with no other budget that cares for them."""
    left = [
        w
        for w in case.after.workloads
        if w.thing.namespace == budget.namespace and selects(budget.spec.get("selector"), w.labels)
    ]
    others = [b for b in case.after.of("PodDisruptionBudget") if b.namespace == budget.namespace]
    return any(w.long_running and not any(selects(b.spec.get("selector"), w.labels) for b in others) for w in left)


def _workload(case: Case, change: Change) -> Iterator[Outage]:
    kind, before, after = change.kind, change.before, change.after
    rolls = canonical(at(before, *PODS[kind])) != canonical(at(after, *PODS[kind]))
    strategy = at(after, "spec", "strategy", "type") or at(after, "spec", "updateStrategy", "type")
    if strategy == "Recreate" and (rolls or at(before, "spec", "strategy", "type") != "Recreate"):
        yield (
            "all its pods stop before the first new one starts (strategy Recreate)",
            "Kubernetes: deployments",
            "roll with maxUnavailable 0, if two versions may run side by side",
        )
    thing = case.after.by_urn.get(change.urn)
    counts = (case.before.by_urn.get(change.urn), thing)
    ours = case.before.replicas(counts[0]) if counts[0] is not None else None
    theirs = case.after.replicas(counts[1]) if counts[1] is not None else None
    if theirs is not None and theirs[0] == 0 and ours is not None and ours[0] > 0:
        yield "no replica is left: it stops", "", "keep one replica or more"
    elif theirs is not None and theirs[0] == 1 and (ours is None or ours[0] != 1):
        yield (
            "one replica is left: every drained node is an outage",
            "Kubernetes: disruptions",
            "keep two replicas or more",
        )
    if canonical(at(before, "spec", "selector")) != canonical(at(after, "spec", "selector")):
        yield (
            "its selector changes: it lets go of its running pods and starts new ones",
            "Kubernetes: deployments, selector is immutable",
            "leave the selector as it is; other labels may change freely",
        )
    yield from _probes(case, change)


def _handed_over(case: Case, change: Change) -> Iterator[Finding]:
    """From a number of replicas to an autoscaler: nobody holds the number between the two."""
    thing = case.after.by_urn.get(change.urn)
    ours = number(at(change.before, "spec", "replicas"))
    if change.op is not Op.UPDATE or thing is None or ours is None or ours <= 1:
        return
    if at(change.after, "spec", "replicas") is not None or thing.key not in case.after.autoscalers:
        return
    least = case.after.replicas(thing)
    again = f"to {least[0]:g}" if least is not None else "again"
    sentence = f"hands its number of replicas over to an autoscaler: with the field gone from what is applied, Kubernetes runs 1 instead of {ours:g} for a moment, until the autoscaler has raised it {again}"
    remedy = "let somebody else hold the number first, then no pod goes:\n" + _HOLD.format(
        kind=thing.kind,
        api=text(thing.body.get("apiVersion")),
        name=thing.name,
        place=thing.namespace,
        count=f"{ours:g}",
    )
    yield case.finding("F5", Grade.APPROVE, change, sentence, "Kubernetes: server-side apply, ownership", remedy)


_HOLD = """echo '{{"apiVersion": "{api}", "kind": "{kind}", "metadata": {{"name": "{name}", "namespace": "{place}"}}, "spec": {{"replicas": {count}}}}}' | kubectl apply --server-side --force-conflicts --field-manager=handover --validate=false -f -"""
"""A second owner of the field: what another one no longer applies stays."""


def _probes(case: Case, change: Change) -> Iterator[Outage]:
    sides = [case.before.by_urn.get(change.urn), case.after.by_urn.get(change.urn)]
    works = [workload(side) if side is not None else None for side in sides]
    if works[0] is None or works[1] is None:
        return
    after = {text(c.get("name")): c for c in works[1].containers}
    for container in works[0].containers:
        name = text(container.get("name"))
        for probe in ("readinessProbe", "livenessProbe"):
            if container.get(probe) is not None and name in after and after[name].get(probe) is None:
                what = (
                    "requests reach it before it can answer"
                    if probe == "readinessProbe"
                    else "a hung process is not restarted"
                )
                lost = f"container {name} loses its {probe.removesuffix('Probe')} probe: {what}"
                yield lost, "Kubernetes: probes", "keep the probe; if it fails too early, give it more time"


def capacity_drop(case: Case) -> Iterator[Finding]:
    before = {need.thing.urn: need for need in case.needs_before}
    for need in case.needs_after:
        old = before.get(need.thing.urn)
        change = case.plan.changes[need.thing.urn]
        if old is not None:
            for sentence, remedy in _drops(case, old, need):
                yield case.finding("F6", Grade.APPROVE, change, sentence, remedy=remedy)
    yield from _pools(case)


def _drops(case: Case, old: Need, new: Need) -> Iterator[tuple[str, str]]:
    for what, words in _WORDS.items():
        if what == "storage" and new.thing.kind == "PersistentVolumeClaim":
            continue  # F1 says that it can't shrink
        ours, theirs = (need.replicas if what == "replicas" else float(getattr(need, what)) for need in (old, new))
        if ours > 0 and new.complete and (ours - theirs) / ours > case.limits.drop:
            sides = _written(what, ours), _written(what, theirs)
            yield f"{words}: {(ours - theirs) / ours:.0%} less, from {sides[0]} to {sides[1]}", _room(what, *sides)


def _room(what: str, ours: str, theirs: str) -> str:
    need = "what is stored, and its growth," if what == "storage" else "the busiest day of the last weeks"
    return f"keep {ours}, or see first that {need} fits into {theirs}"


def _written(what: str, value: float) -> str:
    if what in ("memory", "storage"):
        return gibibytes(value)
    return cores(value) if what == "cpu" else f"{value:g}"


def _pools(case: Case) -> Iterator[Finding]:
    for change in case.plan.touched:
        sides = (case.before.by_urn.get(change.urn), case.after.by_urn.get(change.urn))
        if sides[0] is None or sides[1] is None:
            continue
        ours, theirs = (capacity.pools(side) for side in sides if side is not None)
        for name, value in ours.items():
            new = theirs.get(name)
            if new is not None and value > 0 and (value - new) / value > case.limits.drop:
                shown = [gibibytes(v) if v >= GIB / 1024 else f"{v:g}" for v in (value, new)]
                yield case.finding(
                    "F6",
                    Grade.APPROVE,
                    change,
                    f"{name}: {(value - new) / value:.0%} less, from {shown[0]} to {shown[1]}",
                    remedy=_room("pool", *shown),
                )
