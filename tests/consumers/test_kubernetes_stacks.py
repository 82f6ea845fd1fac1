"""The shipped Kubernetes stacks, read by a real API server and its controllers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.vocabulary import cpu_millis, size_bytes
from tests.consumers.cluster import ZONES, Cluster
from tests.consumers.rendered import Rendered

MANAGER = "--field-manager=pulumi-kubernetes"
APPLY = ("apply", "--server-side", MANAGER)
"""As the provider does it. https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/"""


@dataclass(frozen=True, kw_only=True)
class Applied:
    """A stack on the cluster."""

    cluster: Cluster
    namespace: str
    folder: Path
    objects: list[dict[str, Any]]
    warnings: str

    def named(self, kind: str) -> dict[str, dict[str, Any]]:
        """The rendered objects of a kind, by name."""
        return {each["metadata"]["name"]: each for each in self.objects if each["kind"] == kind}

    @property
    def workloads(self) -> dict[str, dict[str, Any]]:
        """What keeps pods running, by name."""
        return self.named("Deployment") | self.named("StatefulSet")

    def fewest_replicas(self, workload: str) -> int:
        autoscaler = self.named("HorizontalPodAutoscaler").get(workload)
        return self.workloads[workload]["spec"]["replicas"] if autoscaler is None else autoscaler["spec"]["minReplicas"]

    def pods(self, workload: str) -> list[dict[str, Any]]:
        """As its own selector finds them."""
        labels = self.workloads[workload]["spec"]["selector"]["matchLabels"]
        return self.cluster.all("pod", self.namespace, ",".join(f"{key}={value}" for key, value in labels.items()))


@pytest.fixture(scope="module", params=["staging", "prod"])
def stack(request: pytest.FixtureRequest, cluster: Cluster, rendered: Rendered) -> Generator[Applied]:
    objects = rendered.objects(request.param)
    (namespace,) = [each["metadata"]["name"] for each in objects if each["kind"] == "Namespace"]
    cluster.define_for(objects)
    folder = rendered.folder(request.param)
    try:
        done = cluster.try_kubectl(*APPLY, "-f", folder)
        assert done.returncode == 0, done.stderr
        yield Applied(cluster=cluster, namespace=namespace, folder=folder, objects=objects, warnings=done.stderr)
    finally:
        cluster.empty(namespace)


def test_every_object_is_accepted_without_a_warning(stack: Applied) -> None:
    assert len(stack.objects) >= 20
    assert stack.warnings == ""  # Pod Security warns of a Deployment whose pods it would deny
    for each in stack.objects:
        stack.cluster.get(_kind(each), each["metadata"]["name"], stack.namespace)


def _kind(each: dict[str, Any]) -> str:
    """`Deployment.v1.apps`, as kubectl wants it: two operators may use one kind's name."""
    group, _, version = each["apiVersion"].rpartition("/")
    return f"{each['kind']}.{version}.{group}"


def test_apps_become_available_with_their_replicas(stack: Applied) -> None:
    for app, workload in stack.workloads.items():
        stack.cluster.wait_until(
            f"{app} has its replicas", lambda app=app: _available(stack, app) == stack.fewest_replicas(app)
        )
        stack.cluster.rolled_out(workload["kind"].lower(), app, stack.namespace)
    assert stack.cluster.all("events", stack.namespace) != []
    assert [event["message"] for event in _failures(stack)] == []


def _available(stack: Applied, app: str) -> int:
    kind = stack.workloads[app]["kind"].lower()
    return stack.cluster.get(kind, app, stack.namespace)["status"].get("availableReplicas", 0)


def _failures(stack: Applied) -> list[dict[str, Any]]:
    """What the controllers of workloads, the quota or the scheduler could not do."""
    events = stack.cluster.all("events", stack.namespace)
    workloads = {"Deployment", "ReplicaSet", "StatefulSet", "Pod"}
    return [each for each in events if each["type"] == "Warning" and each["involvedObject"]["kind"] in workloads]


def test_replicas_are_spread_over_zones(stack: Applied) -> None:
    zones = {
        node["metadata"]["name"]: node["metadata"]["labels"]["topology.kubernetes.io/zone"]
        for node in stack.cluster.all("node", "default")
    }
    for app in stack.workloads:
        pods = stack.pods(app)
        used = Counter(zones[pod["spec"]["nodeName"]] for pod in pods)
        assert len(used) == min(stack.fewest_replicas(app), len(ZONES)), f"{app}: {used}"
        assert len({pod["spec"]["nodeName"] for pod in pods}) == len(pods), f"{app} has two replicas on one node"


def test_services_find_the_pods(stack: Applied) -> None:
    for name, service in stack.named("Service").items():
        slices = stack.cluster.all("endpointslice", stack.namespace, f"kubernetes.io/service-name={name}")
        ready = [e for s in slices for e in s["endpoints"] or [] if e["conditions"]["ready"]]
        assert len(ready) == sum(map(stack.fewest_replicas, _behind(stack, service))), name


def _behind(stack: Applied, service: dict[str, Any]) -> list[str]:
    """Workloads whose pods a Service selects: one, or the selector is wrong."""
    wanted = service["spec"]["selector"].items()
    found = [
        name
        for name, workload in stack.workloads.items()
        if wanted <= workload["spec"]["template"]["metadata"]["labels"].items()
    ]
    assert len(found) == 1, found
    return found


def test_pod_security_denies_a_privileged_pod(stack: Applied) -> None:
    pod = _pod("intruder", stack.namespace)
    pod["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    done = stack.cluster.try_kubectl("apply", "-f", "-", stdin=yaml.safe_dump(pod))
    assert done.returncode != 0
    assert 'violates PodSecurity "restricted:v1.36": privileged' in done.stderr


def test_a_word_that_no_schema_knows_is_refused(stack: Applied) -> None:
    (database,) = stack.named("Database").values()
    misspelt = {**database, "spec": {**database["spec"], "ownr": "api"}}
    done = stack.cluster.try_kubectl("apply", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(misspelt))
    assert done.returncode != 0
    assert 'unknown field "spec.ownr"' in done.stderr


def test_the_quota_counts_and_denies(stack: Applied) -> None:
    # What has ended counts no more.
    pods = [
        pod
        for pod in stack.cluster.all("pod", stack.namespace)
        if pod["status"].get("phase") not in ("Succeeded", "Failed")
    ]
    requests = [container["resources"]["requests"] for pod in pods for container in pod["spec"]["containers"]]
    used = stack.cluster.get("resourcequota", "quota", stack.namespace)["status"]["used"]
    assert int(used["pods"]) == len(pods)
    assert cpu_millis(used["requests.cpu"]) == sum(cpu_millis(each["cpu"]) for each in requests)
    assert size_bytes(used["requests.memory"]) == sum(size_bytes(each["memory"]) for each in requests)

    glutton = _pod("glutton", stack.namespace)
    glutton["spec"]["containers"][0]["resources"] = {
        "requests": {"cpu": "1", "memory": "65Gi"},
        "limits": {"memory": "65Gi"},
    }
    done = stack.cluster.try_kubectl("apply", "-f", "-", stdin=yaml.safe_dump(glutton))
    assert done.returncode != 0
    assert "exceeded quota: quota" in done.stderr


def test_a_second_apply_changes_nothing(stack: Applied) -> None:
    before = [_as_applied(stack, each) for each in stack.objects]
    stack.cluster.kubectl(*APPLY, "-f", stack.folder)
    assert [_as_applied(stack, each) for each in stack.objects] == before
    done = stack.cluster.try_kubectl("diff", "--server-side", MANAGER, "-f", stack.folder)
    assert done.returncode == 0, done.stdout[:3000] + done.stderr


def _as_applied(stack: Applied, rendered: dict[str, Any]) -> dict[str, Any]:
    """An object as it is, without what controllers write to it all the time."""
    live = stack.cluster.get(_kind(rendered), rendered["metadata"]["name"], stack.namespace)
    metadata: dict[str, Any] = live["metadata"]
    del metadata["resourceVersion"]
    metadata["managedFields"] = [each for each in metadata["managedFields"] if each["manager"] in MANAGER]
    return {**live, "status": None}


def test_a_drain_gets_one_replica_at_a_time(stack: Applied) -> None:
    several = {name for name in stack.workloads if stack.fewest_replicas(name) > 1}
    assert stack.named("PodDisruptionBudget").keys() == several
    stack.cluster.cordon(closed=True)  # so that what replaces an evicted pod does not become ready
    try:
        for app in stack.named("PodDisruptionBudget"):
            stack.cluster.wait_until(f"{app} may lose a replica", lambda app=app: _may_lose(stack, app) == 1)
            first, second, *_ = stack.pods(app)
            assert stack.cluster.evict(first["metadata"]["name"], stack.namespace) == 201
            assert stack.cluster.evict(second["metadata"]["name"], stack.namespace) == 429
    finally:
        stack.cluster.cordon(closed=False)
    for app in stack.named("PodDisruptionBudget"):
        stack.cluster.wait_until(f"{app} is whole again", lambda app=app: _may_lose(stack, app) == 1)


def _may_lose(stack: Applied, app: str) -> int:
    status = stack.cluster.get("poddisruptionbudget", app, stack.namespace).get("status", {})
    return status.get("disruptionsAllowed", 0)


def _pod(name: str, namespace: str) -> dict[str, Any]:
    """A pod that Pod Security lets in."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": "only",
                    "image": "example.com/none",
                    "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"memory": "1Mi"}},
                    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                }
            ],
        },
    }
