"""The cluster layer on a real API server: it takes every object, and refuses to delete what is protected."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from cluster import versions
from components.guards import APPROVAL, PROTECTED
from tests.consumers import accounts
from tests.consumers.cluster import Cluster, as_yaml
from tests.consumers.rendered import Rendered
from toolchain.consumers.crds import RELEASES

GUARDED = "guarded"
"""The namespace where the tests delete things."""
DENIED = "this object holds data and is protected"
RULES = ("ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy")


@dataclass(frozen=True, kw_only=True)
class Layer:
    cluster: Cluster
    objects: list[dict[str, Any]]
    warnings: str

    def delete(self, kind: str, name: str) -> str:
        """What kubectl says; nothing is deleted."""
        done = self.cluster.try_kubectl("delete", kind, name, *_scope(kind), "--dry-run=server", "--wait=false")
        assert (done.returncode == 0) == (done.stderr == ""), done.stderr
        return done.stderr

    def annotate(self, kind: str, name: str, approval: str) -> None:
        self.cluster.kubectl("annotate", kind, name, *_scope(kind), "--overwrite", f"{APPROVAL}={approval}")


def _scope(kind: str) -> tuple[str, ...]:
    """kubectl warns of a namespace where a kind has none."""
    return () if kind in {"namespace", "pv", "crd"} else ("-n", GUARDED)


@pytest.fixture(scope="module")
def layer(cluster: Cluster, rendered: Rendered) -> Generator[Layer]:
    cluster.define(*RELEASES)  # once, whole, as other tests expect them; ours go over them
    # The fake nodes' own class has that name, and a class can't change its driver.
    objects = [_renamed(each) for each in rendered.objects("prod", "cluster")]
    apply = ("apply", "--server-side", "--force-conflicts", "--field-manager=pulumi-kubernetes", "-f", "-")
    ours = [each for each in objects if each["metadata"]["name"] != "safe-upgrades.gateway.networking.k8s.io"]
    try:
        done = cluster.try_kubectl(*apply, stdin=as_yaml(objects))
        assert done.returncode == 0, done.stderr
        cluster.kubectl(*apply, stdin=as_yaml(_sacrifices()))
        layer = Layer(cluster=cluster, objects=objects, warnings=done.stderr)
        cluster.wait_until("the policy is in force", lambda: DENIED in layer.delete("pvc", "kept"))
        yield layer
    finally:
        for kind in RULES:
            names = [each["metadata"]["name"] for each in ours if each["kind"] == kind]
            cluster.kubectl("delete", kind, *names, "--ignore-not-found")
        cluster.wait_until("the policy is gone", lambda: _may_go(cluster))
        cluster.kubectl("delete", "clusters.postgresql.cnpg.io,pvc", "--all", "-n", GUARDED)
        cluster.kubectl("delete", "pv", "kept", "--wait=false")
        cluster.kubectl("delete", "storageclass", "fast-retain-shipped")
        spaces = [each["metadata"]["name"] for each in ours if each["kind"] == "Namespace"]
        cluster.kubectl("delete", "namespace", GUARDED, *spaces, "--wait=false")


def _may_go(cluster: Cluster) -> bool:
    return cluster.try_kubectl("delete", "namespace", GUARDED, "--dry-run=server", "--wait=false").returncode == 0


def _renamed(each: dict[str, Any]) -> dict[str, Any]:
    if each["kind"] != "StorageClass":
        return each
    return {**each, "metadata": {**each["metadata"], "name": f"{each['metadata']['name']}-shipped"}}


def _sacrifices() -> list[Mapping[str, Any]]:
    """One protected object of each kind that can be, and a claim that is not protected."""
    size = {"storage": "1Gi"}

    def claim(name: str, labels: Mapping[str, str]) -> Mapping[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": GUARDED, "labels": dict(labels)},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "fast-retain-shipped",
                "resources": {"requests": size},
            },
        }

    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": GUARDED, "labels": PROTECTED}},
        claim("kept", PROTECTED),
        claim("loose", {}),
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": "kept", "labels": PROTECTED},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "capacity": size,
                "hostPath": {"path": "/none"},
                "persistentVolumeReclaimPolicy": "Retain",
            },
        },
        {
            "apiVersion": "postgresql.cnpg.io/v1",
            "kind": "Cluster",
            "metadata": {"name": "kept", "namespace": GUARDED, "labels": PROTECTED},
            "spec": {"instances": 1, "storage": {"size": "1Gi"}},
        },
    ]


def test_every_object_is_accepted_without_a_warning(layer: Layer) -> None:
    assert len(layer.objects) >= 60
    assert layer.warnings == ""
    kinds = {each["kind"] for each in layer.objects}
    assert {"CustomResourceDefinition", "GatewayClass", "PriorityClass", "StorageClass", *RULES} <= kinds


def test_the_definitions_are_ours_and_served(layer: Layer) -> None:
    served = {line.partition("/")[0] for line in layer.cluster.kubectl("api-versions").splitlines()}
    assert {group for release in RELEASES for group in release.groups} <= served
    labelled = layer.cluster.kubectl(
        "get", "crd", "-o", "name", "-l", ",".join(f"{k}={v}" for k, v in PROTECTED.items())
    )
    assert len(labelled.splitlines()) == sum(each["kind"] == "CustomResourceDefinition" for each in layer.objects)


def test_the_policy_is_understood_as_it_is_meant(layer: Layer) -> None:
    """The API server checks the expressions against the kinds' schemas, and says what it doubts."""
    for each in (each for each in layer.objects if each["kind"] == "ValidatingAdmissionPolicy"):
        name = each["metadata"]["name"]
        layer.cluster.wait_until(
            f"{name} is checked",
            lambda name=name: "observedGeneration" in _status(layer, name),
        )
        assert "expressionWarnings" not in _status(layer, name).get("typeChecking", {})


def _status(layer: Layer, policy: str) -> dict[str, Any]:
    return layer.cluster.get("validatingadmissionpolicy", policy).get("status", {})


SACRIFICES = [
    ("namespace", GUARDED),
    ("pvc", "kept"),
    ("pv", "kept"),
    ("clusters.postgresql.cnpg.io", "kept"),
    ("crd", "clusters.postgresql.cnpg.io"),
]


@pytest.mark.parametrize(("kind", "name"), SACRIFICES)
def test_a_protected_object_goes_only_with_an_approval_in_its_own_name(layer: Layer, kind: str, name: str) -> None:
    refused = layer.delete(kind, name)
    assert DENIED in refused
    assert f"{APPROVAL}={name}" in refused
    layer.annotate(kind, name, "yes")
    assert DENIED in layer.delete(kind, name)
    layer.annotate(kind, name, name)
    try:
        assert layer.delete(kind, name) == ""
    finally:
        layer.annotate(kind, name, "")


def test_deleting_all_of_a_kind_is_refused_too(layer: Layer) -> None:
    done = layer.cluster.try_kubectl("delete", "--raw", f"/api/v1/namespaces/{GUARDED}/persistentvolumeclaims")
    assert done.returncode != 0
    assert DENIED in done.stderr
    assert layer.cluster.get("pvc", "kept", GUARDED)["metadata"].get("deletionTimestamp") is None


def test_what_is_not_protected_goes_as_ever(layer: Layer) -> None:
    layer.cluster.kubectl("label", "pvc", "loose", "-n", GUARDED, "any=thing")
    assert layer.delete("pvc", "loose") == ""


def test_the_chart_that_can_be_rendered_here_takes_the_values_of_the_layer() -> None:
    """Envoy Gateway's, which lies in its Go module; Helm passes over a value that no template reads."""
    made = accounts.chart("envoy_gateway")
    assert "CustomResourceDefinition" not in {each["kind"] for each in made}
    (deployment,) = [each for each in made if each["kind"] == "Deployment"]
    assert deployment["spec"]["replicas"] == 2
    (told,) = [each for each in made if each["kind"] == "ConfigMap"]
    config = yaml.safe_load(told["data"]["envoy-gateway.yaml"])
    assert config["gateway"]["controllerName"] == versions.ENVOY_CONTROLLER
