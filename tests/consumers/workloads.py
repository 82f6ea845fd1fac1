"""What a stack's rendered objects ask Kubernetes to run, whatever their kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from components.vocabulary import cpu_millis, size_bytes
from tests.consumers.cluster import Cluster

KINDS = ("Deployment", "StatefulSet")
ENDED = ("Succeeded", "Failed")
"""Phases of pods that count for no quota."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A Deployment or StatefulSet."""

    object: dict[str, Any]
    fewest: int
    """Replicas without load."""
    most: int
    """Replicas that an autoscaler may make."""

    @property
    def kind(self) -> str:
        return self.object["kind"].lower()

    @property
    def name(self) -> str:
        return self.object["metadata"]["name"]

    @property
    def namespace(self) -> str:
        return self.object["metadata"]["namespace"]

    @property
    def pod_labels(self) -> dict[str, str]:
        return self.object["spec"]["template"]["metadata"]["labels"]

    def available(self, cluster: Cluster) -> int:
        return cluster.get(self.kind, self.name, self.namespace)["status"].get("availableReplicas", 0)

    def pods(self, cluster: Cluster) -> list[dict[str, Any]]:
        return cluster.all("pod", self.namespace, selector(self.object["spec"]["selector"]["matchLabels"]))


def workloads(objects: Iterable[dict[str, Any]]) -> list[Workload]:
    """Sorted by kind and name."""
    known = list(objects)
    bounds = {
        each["spec"]["scaleTargetRef"]["name"]: (each["spec"]["minReplicas"], each["spec"]["maxReplicas"])
        for each in known
        if each["kind"] == "HorizontalPodAutoscaler"
    }
    found: list[Workload] = []
    for each in known:
        if each["kind"] in KINDS:
            name = each["metadata"]["name"]
            fewest, most = bounds[name] if name in bounds else (each["spec"]["replicas"],) * 2
            found.append(Workload(object=each, fewest=fewest, most=most))
    return sorted(found, key=lambda workload: (workload.kind, workload.name))


def namespaces(objects: Iterable[dict[str, Any]]) -> list[str]:
    """Those that a stack makes, its own first: the names of the others start with it."""
    return sorted(each["metadata"]["name"] for each in objects if each["kind"] == "Namespace")


def namespace(objects: Iterable[dict[str, Any]]) -> str:
    """The stack's own."""
    own, *others = namespaces(objects)
    assert all(other.startswith(f"{own}-") for other in others)
    return own


def selector(labels: dict[str, str]) -> str:
    """As kubectl wants it."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def requested(pod: dict[str, Any]) -> tuple[int, int]:
    """Processor time (thousandths) and memory that a pod counts for: its containers, or a bigger step before them."""
    spec = pod["spec"]
    beside = [each for each in spec.get("initContainers", []) if each.get("restartPolicy") == "Always"]
    before = [each for each in spec.get("initContainers", []) if each.get("restartPolicy") != "Always"]
    together = [*spec["containers"], *beside]
    cpu = max(sum(map(_cpu, together)), *(_cpu(each) for each in before), 0)
    memory = max(sum(map(_memory, together)), *(_memory(each) for each in before), 0)
    return cpu, memory


def _cpu(container: dict[str, Any]) -> int:
    return cpu_millis(container["resources"]["requests"]["cpu"])


def _memory(container: dict[str, Any]) -> int:
    return size_bytes(container["resources"]["requests"]["memory"])
