"""The objects of a stack before and after, and how they find each other.

Owns: what a workload is, which pods a selector means, how many replicas there really are. Field names are Kubernetes' own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from review.model import Change, Op, Plan
from review.values import at, items, mapping, number, objects, text

PODS: Mapping[str, tuple[str, ...]] = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}
"""Where the pod stands in each kind."""

LONG_RUNNING = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})

OPERATED = frozenset({"Alertmanager", "Prometheus"})
"""Kinds of the Prometheus operator, which labels the pods that it makes for them."""

CLUSTER_POD_LABEL = "cnpg.io/cluster"
"""The operator gives it to the pods it makes for a `Cluster` (CloudNativePG, labels and annotations)."""

Key = tuple[str, str, str]
"""Kind, namespace, name."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One Kubernetes object or Docker resource."""

    urn: str
    kind: str
    namespace: str
    name: str
    body: Mapping[str, Any]
    package: str

    @property
    def key(self) -> Key:
        return self.kind, self.namespace, self.name

    @property
    def label(self) -> str:
        """How a person calls it."""
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.name}"

    @property
    def labels(self) -> Mapping[str, Any]:
        return mapping(at(self.body, "metadata", "labels"))

    @property
    def spec(self) -> Mapping[str, Any]:
        return mapping(self.body.get("spec"))


@dataclass(frozen=True, slots=True)
class Workload:
    """Something that runs pods."""

    thing: Thing
    pod: Mapping[str, Any]
    """Spec of the pod."""
    labels: Mapping[str, Any]
    """Of the pod."""
    containers: list[dict[str, Any]]
    every_container: list[dict[str, Any]]
    """With those that run first."""

    @property
    def long_running(self) -> bool:
        return self.thing.kind in LONG_RUNNING


class World:
    """All objects at one time; unknown and hidden values are in them as marks."""

    def __init__(self, things: Iterable[Thing]) -> None:
        self.things = list(things)

    @cached_property
    def by_key(self) -> Mapping[Key, Thing]:
        return {thing.key: thing for thing in self.things}

    @cached_property
    def by_urn(self) -> Mapping[str, Thing]:
        return {thing.urn: thing for thing in self.things}

    @cached_property
    def workloads(self) -> list[Workload]:
        return [found for thing in self.things if (found := workload(thing)) is not None]

    @cached_property
    def autoscalers(self) -> Mapping[Key, Thing]:
        """By what they scale."""
        found: dict[Key, Thing] = {}
        for thing in self.of("HorizontalPodAutoscaler", "ScaledObject"):
            target = mapping(thing.spec.get("scaleTargetRef"))
            found[text(target.get("kind")) or "Deployment", thing.namespace, text(target.get("name"))] = thing
        return found

    def of(self, *kinds: str) -> Iterator[Thing]:
        return (thing for thing in self.things if thing.kind in kinds and thing.package == "kubernetes")

    @cached_property
    def operated(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Namespaces and labels of pods that an operator makes."""
        return [
            (
                thing.namespace,
                {"app.kubernetes.io/name": thing.kind.lower(), "app.kubernetes.io/instance": thing.name},
            )
            for thing in self.of(*OPERATED)
        ]

    def replicas(self, thing: Thing) -> tuple[float, float] | None:
        """Fewest and most; None if the number is not known."""
        scaler = self.autoscalers.get(thing.key)
        if scaler is not None:
            least = scaler.spec.get("minReplicas", scaler.spec.get("minReplicaCount", 1))
            most = scaler.spec.get("maxReplicas", scaler.spec.get("maxReplicaCount", least))
            low, high = number(least), number(most)
            return None if low is None or high is None else (low, high)
        if thing.kind == "Cluster":
            value = number(thing.spec.get("instances", 1))
        elif thing.kind == "Container":
            value = 1.0
        else:
            value = number(thing.spec.get("replicas", 1))
        return None if value is None else (value, value)


def workload(thing: Thing) -> Workload | None:
    if thing.kind not in PODS or thing.package != "kubernetes":
        return None
    template = at(thing.body, *PODS[thing.kind])
    pod = mapping(at(template, "spec"))
    if not pod:
        return None
    containers = objects(pod.get("containers"))
    every = [*objects(pod.get("initContainers")), *containers]
    return Workload(thing, pod, mapping(at(template, "metadata", "labels")), containers, every)


def selects(selector: Any, labels: Mapping[str, Any]) -> bool:
    """A label selector over labels; an empty one means everything, as in Kubernetes."""
    wanted = mapping(selector)
    exact = mapping(wanted.get("matchLabels")) if "matchLabels" in wanted or "matchExpressions" in wanted else wanted
    if any(labels.get(key) != value for key, value in exact.items()):
        return False
    return all(_holds(expression, labels) for expression in objects(wanted.get("matchExpressions")))


def _holds(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    value, values = labels.get(text(expression.get("key"))), items(expression.get("values"))
    match expression.get("operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None


def before(plan: Plan) -> World:
    return World(
        _thing(c, c.before) for c in plan.changes.values() if c.old is not None and c.op is not Op.READ and _is(c)
    )


def after(plan: Plan) -> World:
    return World(
        _thing(c, c.after) for c in plan.changes.values() if c.new is not None and c.op is not Op.DELETE and _is(c)
    )


def _is(change: Change) -> bool:
    return change.package in ("kubernetes", "docker")


def thing_of(change: Change) -> Thing:
    """What the change is about: as it is now, or as it will be if it is new."""
    return _thing(change, change.before if change.old is not None else change.after)


def _thing(change: Change, inputs: Mapping[str, Any]) -> Thing:
    name = text(at(inputs, "metadata", "name")) or text(inputs.get("name")) or change.name
    kind = text(inputs.get("kind")) if change.package == "kubernetes" and "apiVersion" in inputs else change.kind
    return Thing(
        change.urn, kind or change.kind, text(at(inputs, "metadata", "namespace")), name, inputs, change.package
    )
