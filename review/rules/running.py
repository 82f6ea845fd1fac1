"""Rules about staying up: R23 to R29, R33, R34."""

from __future__ import annotations

from review.rules.breach import Found
from review.values import at, canonical, mapping, number, text
from review.world import LONG_RUNNING, World, selects

_OLD_VERSIONS = frozenset(
    {"extensions/v1beta1", "apps/v1beta1", "apps/v1beta2", "batch/v1beta1", "policy/v1beta1", "autoscaling/v2beta1"}
    | {
        "autoscaling/v2beta2",
        "networking.k8s.io/v1beta1",
        "rbac.authorization.k8s.io/v1beta1",
        "storage.k8s.io/v1beta1",
    }
    | {"apiextensions.k8s.io/v1beta1", "admissionregistration.k8s.io/v1beta1", "discovery.k8s.io/v1beta1"}
)
"""Removed from Kubernetes by 1.29 (its deprecation guide)."""

_OWNERS = ("app.kubernetes.io/name", "app.kubernetes.io/part-of", "app.kubernetes.io/managed-by")


def resources(world: World) -> Found:
    for work in world.workloads:
        for container in work.every_container:
            found = mapping(container.get("resources"))
            missing = [
                f"{r} {w}"
                for r, w in (("cpu", "requests"), ("memory", "requests"), ("memory", "limits"))
                if not mapping(found.get(w)).get(r)
            ]
            for what in missing:
                yield (
                    work.thing,
                    f"{text(container.get('name'))} {what}",
                    f"has no {what.replace('ests', 'est').replace('its', 'it')}",
                )


def ephemeral_storage(world: World) -> Found:
    for work in world.workloads:
        for container in work.every_container:
            found = mapping(container.get("resources"))
            if not all(mapping(found.get(w)).get("ephemeral-storage") for w in ("requests", "limits")):
                yield work.thing, text(container.get("name")), "may fill its node's disk"


def probes(world: World) -> Found:
    services = list(world.of("Service"))
    for work in world.workloads:
        if not work.long_running:
            continue
        served = any(
            s.namespace == work.thing.namespace
            and mapping(s.spec.get("selector"))
            and selects(s.spec.get("selector"), work.labels)
            for s in services
        )
        ready = [c.get("readinessProbe") for c in work.containers]
        if served and not any(ready):
            yield (
                work.thing,
                "readiness",
                "is behind a Service and has no readiness probe: it is sent requests before it can answer",
            )
        for container in work.containers:
            alive, able = container.get("livenessProbe"), container.get("readinessProbe")
            if alive is not None and able is not None and canonical(alive) == canonical(able):
                yield (
                    work.thing,
                    f"{text(container.get('name'))} liveness",
                    "is restarted by the very probe that says it is busy",
                )


def replicas(world: World) -> Found:
    for work in world.workloads:
        if work.thing.kind not in ("Deployment", "StatefulSet"):
            continue
        known = world.replicas(work.thing)
        if known is not None and 0 < known[0] < 2:
            yield work.thing, "", "runs once: every node that is drained is an outage"
    for scaler in world.of("HorizontalPodAutoscaler"):
        low, high = number(scaler.spec.get("minReplicas", 1)), number(scaler.spec.get("maxReplicas"))
        if low is not None and high is not None and high <= low:
            yield scaler, "", "can't scale: its largest number is its smallest"


def static_replicas(world: World) -> Found:
    for work in world.workloads:
        if work.thing.key in world.autoscalers and work.thing.spec.get("replicas") is not None:
            yield (
                work.thing,
                "",
                "sets a number of replicas that its autoscaler sets too: every pulumi up undoes the scaling",
            )


def disruption(world: World) -> Found:
    budgets = list(world.of("PodDisruptionBudget"))
    for work in world.workloads:
        if work.thing.kind not in ("Deployment", "StatefulSet"):
            continue
        known = world.replicas(work.thing)
        if known is None or known[0] < 2:
            continue
        found = [
            b for b in budgets if b.namespace == work.thing.namespace and selects(b.spec.get("selector"), work.labels)
        ]
        if not found:
            yield work.thing, "", "has no disruption budget: a drain may take all its pods at once"
        for budget in found:
            least, most = number(budget.spec.get("minAvailable")), number(budget.spec.get("maxUnavailable"))
            if (
                most == 0
                or budget.spec.get("maxUnavailable") == "0%"
                or (least is not None and least >= known[0])
                or budget.spec.get("minAvailable") == "100%"
            ):
                yield budget, "blocks", "lets no pod go: nodes can't be drained"
            if budget.spec.get("unhealthyPodEvictionPolicy") is None:
                yield budget, "unhealthy", "keeps pods that never become ready from being evicted"


def spread(world: World) -> Found:
    for work in world.workloads:
        known = world.replicas(work.thing)
        if work.thing.kind not in ("Deployment", "StatefulSet") or known is None or known[1] < 2:
            continue
        if not work.pod.get("topologySpreadConstraints") and not mapping(work.pod.get("affinity")).get(
            "podAntiAffinity"
        ):
            yield work.thing, "", "may run all its pods on one node"


def jobs(world: World) -> Found:
    for thing in world.of("Job", "CronJob"):
        spec = thing.spec if thing.kind == "Job" else mapping(at(thing.body, "spec", "jobTemplate", "spec"))
        if spec.get("activeDeadlineSeconds") is None:
            yield thing, "deadline", "may run for ever"
        if thing.kind == "Job" and spec.get("ttlSecondsAfterFinished") is None and not _owned(thing.body):
            yield thing, "ttl", "stays after its end"


def _owned(body: object) -> bool:
    """A job that the engine created and awaits must outlive its end, or the next preview would make it again."""
    return at(body, "metadata", "labels", "app.kubernetes.io/managed-by") is not None


def care(world: World) -> Found:
    for thing in world.things:
        if thing.package != "kubernetes":
            continue
        if text(thing.body.get("apiVersion")) in _OLD_VERSIONS:
            yield thing, "api", f"uses {thing.body['apiVersion']}, which current clusters no longer serve"
        if thing.kind in LONG_RUNNING:
            for label in _OWNERS:
                if label not in thing.labels:
                    yield thing, label, f"has no label {label}: nobody can see whose it is"


def priority(world: World) -> Found:
    """Where one workload has a priority class, one without is the first to go: they are a matter of the whole stack."""
    running = [work for work in world.workloads if work.long_running]
    if any(work.pod.get("priorityClassName") for work in running):
        for work in running:
            if not work.pod.get("priorityClassName"):
                yield work.thing, "priority", "has no priority class and others have: a full node evicts it before them"
