"""A new image of every app at the stack's peak: the declared quota must have room for it, and not for much more."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from components.vocabulary import cpu_millis, size_bytes
from tests.consumers.cluster import Cluster
from tests.consumers.operator_pods import made_by_operators
from tests.consumers.rendered import Rendered
from tests.consumers.workloads import KINDS, namespace, namespaces, selector, workloads

NEW = "9" * 64
"""Digest of an image that was not there before."""


@pytest.fixture(scope="module", params=["staging", "prod"])
def peak(request: pytest.FixtureRequest, cluster: Cluster, rendered: Rendered) -> Generator[list[dict[str, Any]]]:
    """The stack's objects, applied, with every replica that the autoscalers may make and every pod of the operators."""
    objects = [_at_most(each) for each in rendered.objects(request.param)]
    with cluster.room_for(objects):
        cluster.apply(*objects)
        cluster.apply(*(made for each in objects for made in made_by_operators(each)))
        for each in workloads(objects):
            cluster.wait_until(f"{each.name} has all replicas", lambda each=each: each.available(cluster) == each.most)
        yield objects


def _at_most(each: dict[str, Any]) -> dict[str, Any]:
    """An autoscaler at its upper bound; and no pause between replicas, which would only take time here."""
    if each["kind"] == "HorizontalPodAutoscaler":
        return {**each, "spec": {**each["spec"], "minReplicas": each["spec"]["maxReplicas"]}}
    if each["kind"] in KINDS:
        return {**each, "spec": {**each["spec"], "minReadySeconds": 0}}
    return each


def test_the_databases_volumes_and_pods_fit(cluster: Cluster, peak: list[dict[str, Any]]) -> None:
    (server,) = [each for each in peak if each["kind"] == "Cluster"]
    space, labels = namespace(peak), f"cnpg.io/cluster={server['metadata']['name']}"

    def pods() -> list[dict[str, Any]]:
        return cluster.all("pod", space, labels)

    cluster.wait_until("every pod of the server runs", lambda: all(p["status"]["phase"] == "Running" for p in pods()))
    claims = cluster.all("pvc", space, labels)
    assert {claim["status"]["phase"] for claim in claims} == {"Bound"}
    assert len(claims) == 2 * server["spec"]["instances"]
    assert len(pods()) >= server["spec"]["instances"] + 1


def test_prometheus_and_alertmanager_take_up_the_claims_that_are_there(
    cluster: Cluster, peak: list[dict[str, Any]]
) -> None:
    for each in peak:
        if each["kind"] not in ("Alertmanager", "Prometheus"):
            continue
        space, (controller,) = each["metadata"]["namespace"], made_by_operators(each)
        cluster.rolled_out("statefulset", controller["metadata"]["name"], space)
        labels = selector(controller["spec"]["selector"]["matchLabels"])
        pods = cluster.all("pod", space, labels)
        volumes = [volume for pod in pods for volume in pod["spec"]["volumes"] if "persistentVolumeClaim" in volume]
        used = {volume["persistentVolumeClaim"]["claimName"] for volume in volumes}
        there = {claim["metadata"]["name"] for claim in cluster.all("pvc", space)}
        assert len(pods) == each["spec"]["replicas"]
        ours = {each["metadata"]["name"] for each in peak if each["kind"] == "PersistentVolumeClaim"}
        assert len(used) == len(pods)
        assert used <= ours, "the operator would make claims of its own beside ours"
        assert there <= ours
        assert len({pod["spec"]["nodeName"] for pod in pods}) == len(pods)


def test_an_image_bump_rolls_within_the_quota(cluster: Cluster, peak: list[dict[str, Any]]) -> None:
    cluster.apply(*(_bumped(each.object) for each in workloads(peak)))  # all at once, as one `up` does
    for each in workloads(peak):
        cluster.rolled_out(each.kind, each.name, each.namespace)
        images = {pod["spec"]["containers"][0]["image"] for pod in each.pods(cluster)}
        assert images == {_image(_bumped(each.object))}, each.name
    assert [told for space in namespaces(peak) for told in _denied(cluster, space)] == []


def test_the_same_without_room_for_the_surge_is_stuck(cluster: Cluster, peak: list[dict[str, Any]]) -> None:
    """What the proof at load keeps away: without it, the engine would wait in vain, and not say why."""
    space = namespace(peak)
    (quota,) = [q for q in peak if q["kind"] == "ResourceQuota" and q["metadata"]["namespace"] == space]
    used = cluster.get("resourcequota", "quota", space)["status"]["used"]
    assert size_bytes(used["requests.memory"]) < size_bytes(quota["spec"]["hard"]["requests.memory"])
    assert cpu_millis(used["requests.cpu"]) < cpu_millis(quota["spec"]["hard"]["requests.cpu"])

    cluster.apply({**quota, "spec": {"hard": {**quota["spec"]["hard"], "pods": used["pods"]}}})
    cluster.wait_until(
        "the smaller quota is in force",
        lambda: cluster.get("resourcequota", "quota", space)["status"]["hard"]["pods"] == used["pods"],
    )
    each = next(each for each in workloads(peak) if each.kind == "deployment" and each.namespace == space)
    cluster.apply(each.object)  # back to the first image
    cluster.wait_until("the quota denies the surge", lambda: bool(_denied(cluster, space)))
    done = cluster.try_kubectl("rollout", "status", f"{each.kind}/{each.name}", "-n", space, "--timeout=3s")
    assert done.returncode != 0

    cluster.apply(quota)
    cluster.rolled_out(each.kind, each.name, space)


def _bumped(workload: dict[str, Any]) -> dict[str, Any]:
    """With another image in its first container."""
    template = workload["spec"]["template"]
    first, *others = template["spec"]["containers"]
    first = {**first, "image": f"{first['image'].partition('@')[0]}@sha256:{NEW}"}
    template = {**template, "spec": {**template["spec"], "containers": [first, *others]}}
    return {**workload, "spec": {**workload["spec"], "template": template}}


def _image(workload: dict[str, Any]) -> str:
    return workload["spec"]["template"]["spec"]["containers"][0]["image"]


def _denied(cluster: Cluster, space: str) -> list[str]:
    return [e["message"] for e in cluster.all("events", space) if "exceeded quota" in e.get("message", "")]
