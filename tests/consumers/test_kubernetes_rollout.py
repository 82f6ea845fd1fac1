"""A new image of every app at the stack's peak: the declared quota must have room for it, and not for much more."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from components.vocabulary import cpu_millis, size_bytes
from tests.consumers.cluster import Cluster
from tests.consumers.operator_pods import pods_and_claims
from tests.consumers.rendered import Rendered

NEW = "9" * 64
"""Digest of an image that was not there before."""


@pytest.fixture(scope="module", params=["staging", "prod"])
def peak(request: pytest.FixtureRequest, cluster: Cluster, rendered: Rendered) -> Generator[list[dict[str, Any]]]:
    """The stack's objects, applied, with every replica that the autoscaler may make and every pod of the database."""
    objects = [_at_most(each) for each in rendered.objects(request.param)]
    namespace = _namespace(objects)
    cluster.define_for(objects)
    try:
        cluster.apply(*objects)
        for each in objects:
            if each["kind"] == "Cluster":
                cluster.apply(*pods_and_claims(each))
        for app in _deployments(objects):
            cluster.wait_until(f"{app} has all replicas", lambda app=app: _available(cluster, objects, app))
        yield objects
    finally:
        cluster.empty(namespace)


def _at_most(each: dict[str, Any]) -> dict[str, Any]:
    """An autoscaler at its upper bound; and no pause between replicas, which would only take time here."""
    if each["kind"] == "HorizontalPodAutoscaler":
        return {**each, "spec": {**each["spec"], "minReplicas": each["spec"]["maxReplicas"]}}
    if each["kind"] == "Deployment":
        return {**each, "spec": {**each["spec"], "minReadySeconds": 0}}
    return each


def test_the_databases_volumes_and_pods_fit(cluster: Cluster, peak: list[dict[str, Any]]) -> None:
    namespace = _namespace(peak)
    (server,) = [each for each in peak if each["kind"] == "Cluster"]
    cluster.wait_until(
        "every claim is bound",
        lambda: all(c["status"]["phase"] == "Bound" for c in cluster.all("pvc", namespace)),
    )
    assert len(cluster.all("pvc", namespace)) == 2 * server["spec"]["instances"]
    selector = f"cnpg.io/cluster={server['metadata']['name']}"
    cluster.wait_until(
        "every pod of the server runs",
        lambda: all(pod["status"]["phase"] == "Running" for pod in cluster.all("pod", namespace, selector)),
    )
    assert len(cluster.all("pod", namespace, selector)) == server["spec"]["instances"] + 1


def test_an_image_bump_rolls_within_the_quota(cluster: Cluster, peak: list[dict[str, Any]]) -> None:
    namespace = _namespace(peak)
    bumped = [_bumped(each) for each in peak if each["kind"] == "Deployment"]
    cluster.apply(*bumped)  # all at once, as one `up` does
    for deployment in bumped:
        cluster.rolled_out("deployment", deployment["metadata"]["name"], namespace)
    images = {c["image"] for pod in _app_pods(cluster, namespace) for c in pod["spec"]["containers"]}
    assert images == {_image(deployment) for deployment in bumped}
    assert _denied(cluster, namespace) == []


def test_the_same_without_room_for_the_surge_is_stuck(cluster: Cluster, peak: list[dict[str, Any]]) -> None:
    """What the proof at load keeps away: without it, the engine would wait in vain, and not say why."""
    namespace = _namespace(peak)
    (quota,) = [each for each in peak if each["kind"] == "ResourceQuota"]
    used = cluster.get("resourcequota", "quota", namespace)["status"]["used"]
    assert size_bytes(used["requests.memory"]) < size_bytes(quota["spec"]["hard"]["requests.memory"])
    assert cpu_millis(used["requests.cpu"]) < cpu_millis(quota["spec"]["hard"]["requests.cpu"])

    cluster.apply({**quota, "spec": {"hard": {**quota["spec"]["hard"], "pods": used["pods"]}}})
    cluster.wait_until(
        "the smaller quota is in force",
        lambda: cluster.get("resourcequota", "quota", namespace)["status"]["hard"]["pods"] == used["pods"],
    )
    deployment = _deployments(peak)["web"]
    cluster.apply(deployment)  # back to the first image
    cluster.wait_until("the quota denies the surge", lambda: bool(_denied(cluster, namespace)))
    done = cluster.try_kubectl("rollout", "status", "deployment/web", "-n", namespace, "--timeout=3s")
    assert done.returncode != 0

    cluster.apply(quota)
    cluster.rolled_out("deployment", "web", namespace)


def _available(cluster: Cluster, objects: list[dict[str, Any]], app: str) -> bool:
    bounds = {
        o["metadata"]["name"]: o["spec"]["maxReplicas"] for o in objects if o["kind"] == "HorizontalPodAutoscaler"
    }
    wanted = bounds[app] if app in bounds else _deployments(objects)[app]["spec"]["replicas"]
    return cluster.get("deployment", app, _namespace(objects))["status"].get("availableReplicas") == wanted


def _bumped(deployment: dict[str, Any]) -> dict[str, Any]:
    template = deployment["spec"]["template"]
    container = template["spec"]["containers"][0]
    container = {**container, "image": f"{container['image'].partition('@')[0]}@sha256:{NEW}"}
    template = {**template, "spec": {**template["spec"], "containers": [container]}}
    return {**deployment, "spec": {**deployment["spec"], "template": template}}


def _image(deployment: dict[str, Any]) -> str:
    return deployment["spec"]["template"]["spec"]["containers"][0]["image"]


def _app_pods(cluster: Cluster, namespace: str) -> list[dict[str, Any]]:
    return cluster.all("pod", namespace, "app.kubernetes.io/name in (app-service,cdn-frontend)")


def _denied(cluster: Cluster, namespace: str) -> list[str]:
    return [e["message"] for e in cluster.all("events", namespace) if "exceeded quota" in e.get("message", "")]


def _deployments(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in objects if each["kind"] == "Deployment"}


def _namespace(objects: list[dict[str, Any]]) -> str:
    (name,) = [each["metadata"]["name"] for each in objects if each["kind"] == "Namespace"]
    return name
