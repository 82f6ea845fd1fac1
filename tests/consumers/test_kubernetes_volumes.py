"""The rule for volumes of apps with several replicas, tried with objects written here.

Claims are made one by one, under the names that the StatefulSet's claim template gives; the controller adopts them.
They grow by themselves, while the template, which can't be changed, stays as it was.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from tests.consumers.cluster import Cluster

NAME = "chain"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> Generator[str]:
    with cluster.namespace("volumes", RESTRICTED) as name:
        yield name


def test_claims_are_adopted_grow_and_outlive_rollouts(cluster: Cluster, namespace: str) -> None:
    cluster.apply(*(_claim(namespace, number, "10Gi") for number in range(3)))
    before = _identities(cluster, namespace)
    cluster.apply(_workload(namespace, replicas=3, version="1"))
    cluster.rolled_out("statefulset", NAME, namespace)
    assert _identities(cluster, namespace) == before, "the controller made claims of its own"
    assert _mounted(cluster, namespace) == {f"{NAME}-{n}": f"data-{NAME}-{n}" for n in range(3)}

    cluster.apply(*(_claim(namespace, number, "20Gi") for number in range(3)))
    cluster.wait_until("every volume has grown", lambda: _sizes(cluster, namespace) == {"20Gi"})

    cluster.apply(_workload(namespace, replicas=3, version="2"))
    cluster.rolled_out("statefulset", NAME, namespace)
    assert _identities(cluster, namespace) == before
    assert _order_of_creation(cluster, namespace) == [f"{NAME}-{n}" for n in (2, 1, 0)]


def test_a_later_replica_gets_the_claim_that_was_made_for_it(cluster: Cluster, namespace: str) -> None:
    cluster.apply(_claim(namespace, 3, "20Gi"))
    before = _identities(cluster, namespace)
    cluster.apply(_workload(namespace, replicas=4, version="2"))
    cluster.rolled_out("statefulset", NAME, namespace)
    assert _identities(cluster, namespace) == before
    assert _sizes(cluster, namespace) == {"20Gi"}


def test_the_template_itself_cannot_grow(cluster: Cluster, namespace: str) -> None:
    """Why the rule is what it is: the day the API server allows this, it can be simpler."""
    grown = _workload(namespace, replicas=4, version="2")
    grown["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] = "20Gi"
    with pytest.raises(AssertionError, match="updates to statefulset spec for fields other than"):
        cluster.apply(grown)


def test_claims_cannot_shrink(cluster: Cluster, namespace: str) -> None:
    with pytest.raises(AssertionError, match=r"field can not be less than status\.capacity"):
        cluster.apply(_claim(namespace, 0, "10Gi"))


def test_claims_outlive_the_workload(cluster: Cluster, namespace: str) -> None:
    before = _identities(cluster, namespace)
    cluster.kubectl("delete", "statefulset", NAME, "-n", namespace, "--cascade=foreground")
    assert _identities(cluster, namespace) == before


def _identities(cluster: Cluster, namespace: str) -> dict[str, str]:
    return {claim["metadata"]["name"]: claim["metadata"]["uid"] for claim in cluster.all("pvc", namespace)}


def _sizes(cluster: Cluster, namespace: str) -> set[str]:
    return {claim["status"].get("capacity", {}).get("storage", "") for claim in cluster.all("pvc", namespace)}


def _mounted(cluster: Cluster, namespace: str) -> dict[str, str]:
    return {
        pod["metadata"]["name"]: volume["persistentVolumeClaim"]["claimName"]
        for pod in cluster.all("pod", namespace)
        for volume in pod["spec"]["volumes"]
        if "persistentVolumeClaim" in volume
    }


def _order_of_creation(cluster: Cluster, namespace: str) -> list[str]:
    pods = sorted(cluster.all("pod", namespace), key=lambda pod: pod["metadata"]["creationTimestamp"])
    return [pod["metadata"]["name"] for pod in pods]


def _claim(namespace: str, number: int, size: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": f"data-{NAME}-{number}", "namespace": namespace, "labels": {"app": NAME}},
        "spec": _claim_spec(size),
    }


def _claim_spec(size: str) -> dict[str, Any]:
    return {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast-retain",
        "resources": {"requests": {"storage": size}},
    }


def _workload(namespace: str, *, replicas: int, version: str) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": NAME, "namespace": namespace},
        "spec": {
            "serviceName": NAME,
            "replicas": replicas,
            "minReadySeconds": 1,  # so that the order of replacements shows in whole seconds
            "podManagementPolicy": "OrderedReady",
            "selector": {"matchLabels": {"app": NAME}},
            "template": {"metadata": {"labels": {"app": NAME}}, "spec": _pod_spec(version)},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": _claim_spec("10Gi")}],
        },
    }


def _pod_spec(version: str) -> dict[str, Any]:
    return {
        "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "app",
                "image": f"example.com/chain:{version}",
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            }
        ],
    }
