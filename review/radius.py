"""Who feels a change: dependents by the engine's own record, and neighbours by selectors and references.

Owns: the edges. A dependency is followed to its end; a selector or a reference one step, as what lies beyond it is a guess.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from review.flags import Case
from review.values import at, objects, text
from review.world import CLUSTER_POD_LABEL, Thing, World, selects


@dataclass(frozen=True, slots=True)
class Reach:
    """One resource that is not changed itself but depends on, or is joined to, one that is."""

    urn: str
    by: str
    """URN of the changed resource."""
    how: str


def edges(world: World) -> Iterator[tuple[str, str, str]]:
    """From what is relied on, to who relies on it, and how."""
    for thing in world.things:
        if thing.package == "kubernetes":
            yield from _selected(world, thing)
            yield from _referred(world, thing)


def _selected(world: World, thing: Thing) -> Iterator[tuple[str, str, str]]:
    field = {
        "Service": "selector",
        "CiliumNetworkPolicy": "endpointSelector",
        "NetworkPolicy": "podSelector",
        "PodDisruptionBudget": "selector",
        "PodMonitor": "selector",
    }.get(thing.kind)
    selector = thing.spec.get(field) if field is not None else None
    if not selector:
        return
    for work in world.workloads:
        if work.thing.namespace == thing.namespace and selects(selector, work.labels):
            yield (
                (work.thing.urn, thing.urn, "sends it requests")
                if thing.kind == "Service"
                else (thing.urn, work.thing.urn, f"is under this {thing.kind}")
            )
    for cluster in world.of("Cluster"):
        if cluster.namespace == thing.namespace and selects(selector, {CLUSTER_POD_LABEL: cluster.name}):
            yield thing.urn, cluster.urn, f"is under this {thing.kind}"


def _referred(world: World, thing: Thing) -> Iterator[tuple[str, str, str]]:
    names = [
        ("Service", text(b.get("name")))
        for rule in objects(thing.spec.get("rules"))
        for b in objects(rule.get("backendRefs"))
    ]
    names += [
        ("Service", text(at(p, "backend", "service", "name")))
        for r in objects(thing.spec.get("rules"))
        for p in objects(at(r, "http", "paths"))
    ]
    target = at(thing.spec, "scaleTargetRef")
    if target is not None:
        names.append((text(at(target, "kind")), text(at(target, "name"))))
    for kind, name in names:
        found = world.by_key.get((kind, thing.namespace, name))
        if found is not None:
            yield found.urn, thing.urn, "leads to it" if kind == "Service" else "scales it"


def reached(case: Case) -> list[Reach]:
    """By the engine's order; a resource that is changed itself is not in it."""
    changed = [change.urn for change in case.plan.touched if change.package != "pulumi"]
    direct = set(changed)
    dependents: defaultdict[str, list[str]] = defaultdict(list)
    for urn, known in case.state.known.items():
        for dependency in known.dependencies:
            dependents[dependency].append(urn)
    found: dict[str, Reach] = {}
    for origin in changed:
        todo = [origin]
        while todo:
            for urn in dependents[todo.pop()]:
                if urn not in direct and urn not in found and urn in case.plan.changes:
                    found[urn] = Reach(urn, origin, "depends on it")
                    todo.append(urn)
    for world in (case.before, case.after):
        for source, urn, how in edges(world):
            if source in direct and urn not in direct and urn not in found:
                found[urn] = Reach(urn, source, how)
    return [found[urn] for urn in case.plan.changes if urn in found]
