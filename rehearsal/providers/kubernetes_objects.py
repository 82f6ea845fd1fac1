"""What an API server adds to an object: scope, server-side metadata, addresses and status.

Data first: which kinds are cluster-scoped, and the status of a kind whose controller has done its work. A kind that `_STATUS`
doesn't name has no status in a rehearsal, and reading it fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.providers.model import Subject
from rehearsal.providers.structs import Properties, mapping

ALWAYS = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
"""Namespaces of every cluster: kubernetes.io/docs/concepts/overview/working-with-objects/namespaces."""

CREATED = "2000-01-01T00:00:00Z"
"""One moment for all, so that two rehearsals agree."""

CLUSTER_SCOPED = frozenset(
    [
        "APIService",
        "CSIDriver",
        "CSINode",
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "FlowSchema",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "RuntimeClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
        "VolumeAttributesClass",
        # of operators in common use: cert-manager, Gateway API, CloudNativePG, external-snapshotter
        "ClusterIssuer",
        "GatewayClass",
        "ClusterImageCatalog",
        "VolumeSnapshotClass",
        "VolumeSnapshotContent",
    ]
)
"""`kubectl api-resources --namespaced=false` of Kubernetes 1.36, and the CRDs' `scope: Cluster`."""


def namespaced(token: str, inputs: Mapping[str, Any]) -> bool:
    return str(inputs.get("kind") or token.rpartition(":")[2].removesuffix("Patch")) not in CLUSTER_SCOPED


def with_server_fields(subject: Subject, server: Properties, before: Properties | None, address: str) -> Properties:
    """The object as the API server returns it, without a status."""
    metadata = {**mapping(subject.inputs.get("metadata")), **server}
    if namespaced(subject.token, subject.inputs):
        metadata.setdefault("namespace", "default")
    outputs: Properties = {**subject.inputs, "metadata": metadata}
    if subject.token == "kubernetes:core/v1:Service":
        old = mapping(before.get("spec")) if before is not None else {}
        outputs["spec"] = _service_spec(subject.inputs.get("spec", {}), old, address)
    return outputs


def _service_spec(spec: Any, before: Properties, address: str) -> Any:
    """kubernetes.io/docs/concepts/services-networking/service: an address unless external, TCP, `targetPort` equal to the port."""
    given = mapping(spec)
    if given is not spec or given.get("type") == "ExternalName":
        return spec
    address = given.get("clusterIP", before.get("clusterIP", address))
    return {"type": "ClusterIP", **given, "clusterIP": address, "clusterIPs": [address]}


def _replicas(outputs: Properties) -> int:
    return int(outputs.get("spec", {}).get("replicas", 1))


def _rolled_out(outputs: Properties) -> Properties:
    n = _replicas(outputs)
    return {
        "observedGeneration": outputs["metadata"]["generation"],
        "replicas": n,
        "updatedReplicas": n,
        "readyReplicas": n,
        "availableReplicas": n,
    }


def _load_balancer(outputs: Properties) -> Properties:
    if outputs.get("spec", {}).get("type") != "LoadBalancer":
        return {"loadBalancer": {}}
    parts = outputs["spec"]["clusterIP"].split(".")
    return {"loadBalancer": {"ingress": [{"ip": f"192.0.2.{parts[-1]}"}]}}


def _claim(outputs: Properties) -> Properties:
    spec = outputs.get("spec", {})
    return {
        "phase": "Bound",
        "accessModes": spec.get("accessModes", []),
        "capacity": spec.get("resources", {}).get("requests", {}),
    }


def _job(outputs: Properties) -> Properties:
    return {
        "succeeded": int(outputs.get("spec", {}).get("completions", 1)),
        "conditions": [{"type": "Complete", "status": "True"}],
    }


_STATUS: dict[str, Callable[[Properties], Properties]] = {
    "apps/v1:Deployment": _rolled_out,
    "apps/v1:StatefulSet": _rolled_out,
    "batch/v1:Job": _job,
    "core/v1:Namespace": lambda _: {"phase": "Active"},
    "core/v1:PersistentVolumeClaim": _claim,
    "core/v1:Pod": lambda _: {"phase": "Running"},
    "core/v1:Service": _load_balancer,
    "networking.k8s.io/v1:Ingress": lambda _: {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}},
}
"""By the API reference, kubernetes.io/docs/reference/kubernetes-api: the state that the provider's await logic waits for."""

STATUS_KINDS = frozenset(_STATUS)


def has_status(token: str) -> bool:
    return token.removeprefix("kubernetes:") in _STATUS


def status(token: str, outputs: Properties) -> Properties | None:
    make = _STATUS.get(token.removeprefix("kubernetes:"))
    return make(outputs) if make is not None else None
