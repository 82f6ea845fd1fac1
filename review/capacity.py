"""Sums of what a stack asks for: replicas, CPU, memory, storage, per component and per object.

Owns: how an object's request is read. What is unknown or hidden is counted as missing and said so, never as zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from review.quantities import quantity
from review.values import at, items, mapping, number, objects, text
from review.world import Thing, Workload, World


@dataclass(frozen=True, slots=True)
class Need:
    """Of one object: each of its replicas, and how many there are."""

    thing: Thing
    replicas: float
    """Fewest that run."""
    most: float
    cpu: float
    """Cores requested by one replica."""
    memory: float
    """Bytes requested by one replica."""
    storage: float
    """Bytes of one replica."""
    storage_class: str = ""
    complete: bool = True
    """False if a part of it is unknown."""

    def total(self, what: str, replicas: float | None = None) -> float:
        count = self.replicas if replicas is None else replicas
        if what == "replicas":
            return 0.0 if self.thing.kind == "PersistentVolumeClaim" else count
        return count * float(getattr(self, what))


WHAT = ("replicas", "cpu", "memory", "storage")


def needs(world: World) -> list[Need]:
    """Every object that costs something."""
    works = {work.thing.urn: work for work in world.workloads}
    return [need for thing in world.things if (need := _need(world, thing, works.get(thing.urn))) is not None]


def _need(world: World, thing: Thing, work: Workload | None) -> Need | None:
    if work is not None:
        return _of_pods(world, work) if thing.kind not in ("Job", "CronJob", "Pod") else None
    match thing.kind, thing.package:
        case "Cluster", "kubernetes" if "instances" in thing.spec:
            return _of_cluster(world, thing)
        case "Pooler", "kubernetes":
            count = number(thing.spec.get("instances", 1))
            containers = objects(at(thing.spec, "template", "spec", "containers"))
            return _made(thing, None if count is None else (count, count), containers, ())
        case "PersistentVolumeClaim", "kubernetes":
            size = quantity(at(thing.spec, "resources", "requests", "storage"))
            return Need(thing, 1, 1, 0, 0, size or 0, text(thing.spec.get("storageClassName")), size is not None)
        case "Container", "docker" if thing.body.get("mustRun") is not False and thing.body.get("attach") is not True:
            cpu, memory = number(thing.body.get("cpus")), number(thing.body.get("memory"))
            return Need(
                thing, 1, 1, cpu or 0, (memory or 0) * 2.0**20, 0, complete=cpu is not None and memory is not None
            )
        case _:
            return None


def _of_pods(world: World, work: Workload) -> Need:
    sidecars = [c for c in objects(work.pod.get("initContainers")) if c.get("restartPolicy") == "Always"]
    replicas = world.replicas(work.thing)
    templates = [t for t in objects(work.thing.spec.get("volumeClaimTemplates")) if not _claimed(world, work, t)]
    sizes = [at(t, "spec", "resources", "requests", "storage") for t in templates]
    return _made(work.thing, replicas, [*work.containers, *sidecars], sizes)


def _claimed(world: World, work: Workload, template: Mapping[str, Any]) -> bool:
    """Whether the claims that a template would make are objects of the stack themselves, and so counted there."""
    name = f"{text(at(template, 'metadata', 'name'))}-{work.thing.name}-0"
    return ("PersistentVolumeClaim", work.thing.namespace, name) in world.by_key


def _of_cluster(world: World, thing: Thing) -> Need:
    wal = at(thing.spec, "walStorage", "size")
    sizes = [at(thing.spec, "storage", "size"), *([wal] if wal is not None else [])]
    return _made(thing, world.replicas(thing), [thing.spec], sizes, text(at(thing.spec, "storage", "storageClass")))


def _made(
    thing: Thing,
    replicas: tuple[float, float] | None,
    containers: Iterable[Mapping[str, Any]],
    sizes: Iterable[Any],
    storage_class: str = "",
) -> Need:
    complete = replicas is not None
    sums: dict[str, float] = {"cpu": 0.0, "memory": 0.0}
    for container in containers:
        found = mapping(container.get("resources"))
        for what in sums:
            given = mapping(found.get("requests")).get(what, mapping(found.get("limits")).get(what))
            value = quantity(given)
            complete = complete and (value is not None or given is None)
            sums[what] += value or 0.0
    storage = 0.0
    for size in sizes:
        value = quantity(size)
        complete = complete and value is not None
        storage += value or 0.0
    low, high = replicas or (0.0, 0.0)
    return Need(thing, low, high, sums["cpu"], sums["memory"], storage, storage_class, complete)


@dataclass(frozen=True, slots=True)
class Sum:
    """Of one component, or of the whole stack."""

    name: str
    before: Mapping[str, float]
    after: Mapping[str, float]

    @property
    def changed(self) -> bool:
        return any(self.before[what] != self.after[what] for what in WHAT)


def sums(before: list[Need], after: list[Need], component: Mapping[str, str]) -> list[Sum]:
    """One per component, the whole stack last; by name of the component that an object belongs to."""
    names = sorted({component.get(need.thing.urn, "") for need in [*before, *after]})
    found = [Sum(name, _totals(before, component, name), _totals(after, component, name)) for name in names]
    return [*found, Sum("all", _totals(before, component, None), _totals(after, component, None))]


def _totals(needs_: list[Need], component: Mapping[str, str], name: str | None) -> dict[str, float]:
    chosen = [need for need in needs_ if name is None or component.get(need.thing.urn, "") == name]
    return {what: sum(need.total(what) for need in chosen) for what in WHAT}


def pools(thing: Thing) -> dict[str, float]:
    """Sizes that are capacity too: connections of a pooler and a server, memory of a cache."""
    found: dict[str, float | None] = {}
    parameters = mapping(at(thing.spec, "pgbouncer", "parameters"))
    found |= {f"pooler {key}": number(parameters.get(key)) for key in ("default_pool_size", "max_client_conn")}
    found["max_connections"] = number(at(thing.spec, "postgresql", "parameters", "max_connections"))
    if thing.kind == "ConfigMap":
        for body in mapping(thing.body.get("data")).values():
            for line in text(body).splitlines():
                if line.strip().startswith("maxmemory "):
                    found["cache memory"] = _maxmemory(line)
    words = [text(word) for word in items(thing.body.get("command"))]
    if "--maxmemory" in words[:-1]:
        found["cache memory"] = _maxmemory(f"maxmemory {words[words.index('--maxmemory') + 1]}")
    return {key: value for key, value in found.items() if value is not None}


def _maxmemory(line: str) -> float | None:
    """Valkey's own units: `100mb` is binary, `100m` decimal."""
    value = line.split()[1].lower()
    for suffix, factor in (("kb", 2**10), ("mb", 2**20), ("gb", 2**30), ("k", 1e3), ("m", 1e6), ("g", 1e9), ("b", 1)):
        if value.endswith(suffix):
            size = number(value.removesuffix(suffix))
            return None if size is None else size * factor
    return number(value)
