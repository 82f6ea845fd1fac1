"""The shipped Kubernetes stacks, read by a real API server and its controllers."""

from __future__ import annotations

import json
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
from tests.consumers.workloads import ENDED, namespace, namespaces, requested, selector, workloads

OPERATED = ("alertmanager", "prometheus")
"""Programs whose pods an operator makes, which does not run here."""

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

    @property
    def namespaces(self) -> list[str]:
        return namespaces(self.objects)

    def named(self, kind: str) -> dict[str, dict[str, Any]]:
        """The rendered objects of a kind, by name. Quotas and policies are called alike in every namespace."""
        return {each["metadata"]["name"]: each for each in self.objects if each["kind"] == kind}

    def all(self, kind: str, labels: str = "") -> list[dict[str, Any]]:
        """Objects on the cluster, in every namespace of the stack."""
        return [each for space in self.namespaces for each in self.cluster.all(kind, space, labels)]


@pytest.fixture(scope="module", params=["staging", "prod"])
def stack(request: pytest.FixtureRequest, cluster: Cluster, rendered: Rendered) -> Generator[Applied]:
    objects = rendered.objects(request.param)
    folder = rendered.folder(request.param)
    with cluster.room_for(objects):
        done = cluster.try_kubectl(*APPLY, "-f", folder)
        assert done.returncode == 0, done.stderr
        own = namespace(objects)
        yield Applied(cluster=cluster, namespace=own, folder=folder, objects=objects, warnings=done.stderr)


def test_every_object_is_accepted_without_a_warning(stack: Applied) -> None:
    assert len(stack.objects) >= 20
    assert stack.warnings == ""  # Pod Security warns of a Deployment whose pods it would deny
    assert len(_live(stack)) == len(stack.objects)


def _live(stack: Applied) -> list[dict[str, Any]]:
    """All objects of the stack as they are, in one request for each kind."""
    return json.loads(stack.cluster.kubectl("get", "-f", stack.folder, "-o", "json", "--show-managed-fields"))["items"]


def test_everything_becomes_available(stack: Applied) -> None:
    found = workloads(stack.objects)
    assert len(found) >= 2
    for each in found:
        stack.cluster.wait_until(
            f"{each.name} has its replicas", lambda each=each: each.available(stack.cluster) == each.fewest
        )
        stack.cluster.rolled_out(each.kind, each.name, each.namespace)
    for job in stack.named("Job"):
        stack.cluster.kubectl("wait", "--for=condition=Complete", "--timeout=60s", f"job/{job}", "-n", stack.namespace)
    assert [event["message"] for event in _failures(stack)] == []


def _failures(stack: Applied) -> list[dict[str, Any]]:
    """What the controllers of workloads, the quota or the scheduler could not do."""
    events = stack.all("events")
    workloads = {"Deployment", "ReplicaSet", "Pod"}
    return [each for each in events if each["type"] == "Warning" and each["involvedObject"]["kind"] in workloads]


def test_replicas_are_spread_over_zones(stack: Applied) -> None:
    zones = {
        node["metadata"]["name"]: node["metadata"]["labels"]["topology.kubernetes.io/zone"]
        for node in stack.cluster.all("node", "default")
    }
    for each in workloads(stack.objects):
        places = [pod["spec"]["nodeName"] for pod in each.pods(stack.cluster)]
        used = Counter(zones[place] for place in places)
        assert len(used) == min(each.fewest, len(ZONES)), f"{each.name}: {used}"
        assert len(set(places)) == len(places), f"{each.name} has two replicas on one node"


def test_services_find_the_pods(stack: Applied) -> None:
    for name, service in stack.named("Service").items():
        if service["spec"]["selector"]["app.kubernetes.io/name"] in OPERATED:
            continue
        space = service["metadata"]["namespace"]
        pods = stack.cluster.all("pod", space, selector(service["spec"]["selector"]))
        slices = stack.cluster.all("endpointslice", space, f"kubernetes.io/service-name={name}")
        ready = [e["targetRef"]["name"] for s in slices for e in s["endpoints"] or [] if e["conditions"]["ready"]]
        assert pods != [], name
        assert sorted(ready) == [pod["metadata"]["name"] for pod in pods], name


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
    for space in stack.namespaces:
        pods = [p for p in stack.cluster.all("pod", space) if p["status"]["phase"] not in ENDED]
        used = stack.cluster.get("resourcequota", "quota", space)["status"]["used"]
        claims = [c for c in stack.named("PersistentVolumeClaim").values() if c["metadata"]["namespace"] == space]
        assert int(used["pods"]) == len(pods)
        assert cpu_millis(used["requests.cpu"]) == sum(requested(pod)[0] for pod in pods)
        assert size_bytes(used["requests.memory"]) == sum(requested(pod)[1] for pod in pods)
        assert int(used["persistentvolumeclaims"]) == len(claims)

    status = stack.cluster.get("resourcequota", "quota", stack.namespace)["status"]
    glutton = _pod("glutton", stack.namespace)
    too_much = str(size_bytes(status["hard"]["requests.memory"]) + 1)
    glutton["spec"]["containers"][0]["resources"] = {
        "requests": {"cpu": "1m", "memory": too_much},
        "limits": {"memory": too_much},
    }
    done = stack.cluster.try_kubectl("apply", "-f", "-", stdin=yaml.safe_dump(glutton))
    assert done.returncode != 0
    assert "exceeded quota: quota" in done.stderr


def test_a_second_apply_changes_nothing(stack: Applied) -> None:
    before = [_as_applied(each) for each in _live(stack)]
    stack.cluster.kubectl(*APPLY, "-f", stack.folder)
    assert [_as_applied(each) for each in _live(stack)] == before
    done = stack.cluster.try_kubectl("diff", "--server-side", MANAGER, "-f", stack.folder)
    assert done.returncode == 0, done.stdout[:3000] + done.stderr


def _as_applied(live: dict[str, Any]) -> dict[str, Any]:
    """An object without what controllers write to it all the time."""
    metadata: dict[str, Any] = live["metadata"]
    del metadata["resourceVersion"]
    metadata["managedFields"] = [each for each in metadata["managedFields"] if MANAGER.endswith(f"={each['manager']}")]
    return {**live, "status": None}


def test_what_runs_twice_has_a_disruption_budget(stack: Applied) -> None:
    chosen = [budget["spec"]["selector"]["matchLabels"] for budget in stack.named("PodDisruptionBudget").values()]
    for each in workloads(stack.objects):
        budgets = [labels for labels in chosen if labels.items() <= each.pod_labels.items()]
        assert len(budgets) == (1 if each.fewest > 1 else 0), f"{each.name}: {budgets}"


def test_a_drain_gets_what_the_budget_gives_and_no_more(stack: Applied) -> None:
    budgets = _budgets_with_pods(stack)
    assert len(budgets) >= 2
    for each in budgets:
        stack.cluster.wait_until(f"{_name(each)} may lose a replica", lambda each=each: _may_lose(stack, each) >= 1)
    stack.cluster.cordon(closed=True)  # so that what replaces an evicted pod does not become ready
    try:
        for each in budgets:
            space, labels = each["metadata"]["namespace"], selector(each["spec"]["selector"]["matchLabels"])
            pods = [_name(pod) for pod in stack.cluster.all("pod", space, labels)]
            allowed = _may_lose(stack, each)
            answers = [stack.cluster.evict(pod, space) for pod in pods[: allowed + 1]]
            assert answers == [*([201] * allowed), 429], _name(each)
    finally:
        stack.cluster.cordon(closed=False)
    for each in budgets:
        stack.cluster.wait_until(f"{_name(each)} is whole again", lambda each=each: _may_lose(stack, each) >= 1)


def _budgets_with_pods(stack: Applied) -> list[dict[str, Any]]:
    """All but those over pods that an operator would make."""
    labels = [each.pod_labels.items() for each in workloads(stack.objects)]
    budgets = stack.named("PodDisruptionBudget").values()
    return [b for b in budgets if any(b["spec"]["selector"]["matchLabels"].items() <= has for has in labels)]


def _may_lose(stack: Applied, budget: dict[str, Any]) -> int:
    live = stack.cluster.get("poddisruptionbudget", _name(budget), budget["metadata"]["namespace"])
    return live.get("status", {}).get("disruptionsAllowed", 0)


def _name(each: dict[str, Any]) -> str:
    return each["metadata"]["name"]


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
