"""Where everything goes, and what two or more objects have in common."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta import v1 as meta
from pulumi_kubernetes.networking import v1 as networking

PROJECT = pulumi.get_project()
PREFIX = f"{PROJECT}-{pulumi.get_stack()}"
COMMON = {"app.kubernetes.io/part-of": PROJECT, "app.kubernetes.io/managed-by": "slipway"}
CNPG = "postgresql.cnpg.io/v1"
IMAGE = (
    "ghcr.io/cloudnative-pg/postgresql:18.6-202608310817-standard-trixie"
    "@sha256:c2a773217853c6e0ffe7da9c37ea456466efb20cf844f27511a73fa6a81e3152"
)
PRIVATE = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
APPLIED = {"pulumi.com/waitFor": "jsonpath={.status.applied}=true"}
GUARDED = {"slipway.dev/protected": "true"}
POD_SECURITY = {
    f"pod-security.kubernetes.io/{mode}{suffix}": value
    for mode in ("enforce", "audit", "warn")
    for suffix, value in (("", "restricted"), ("-version", "v1.36"))
}

pairs = range(pulumi.Config().require_int("pairs"))
apis = [f"api-{number:03}" for number in pairs]
fronts = [f"front-{number:03}" for number in pairs]

cluster = Provider(
    "environment-cluster",
    kubeconfig="~/.kube/config",
    context="bench",
    cluster_identifier="00000000-0000-0000-0000-000000000000",
    enable_config_map_mutable=True,
    enable_secret_mutable=True,
)
ENVIRONMENT = {"app.kubernetes.io/name": "environment", "app.kubernetes.io/instance": "environment"}
SERVER = {"app.kubernetes.io/name": "postgres-cluster", "app.kubernetes.io/instance": "main"}
opts = pulumi.ResourceOptions(provider=cluster)
kept = pulumi.ResourceOptions(provider=cluster, protect=True, retain_on_delete=True)
generated = pulumi.ResourceOptions(protect=True, retain_on_delete=True)
namespace = core.Namespace(
    "environment-namespace",
    metadata=meta.ObjectMetaArgs(name=PREFIX, labels={**ENVIRONMENT, **COMMON, **POD_SECURITY, **GUARDED}),
    opts=kept,
).metadata.name


def kept_after(*resources: pulumi.Resource) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=cluster, protect=True, retain_on_delete=True, depends_on=[*resources])


def about(
    labels: dict[str, str], name: str | None = None, annotations: dict[str, str] | None = None
) -> meta.ObjectMetaArgs:
    return meta.ObjectMetaArgs(name=name, namespace=namespace, labels={**labels, **COMMON}, annotations=annotations)


def selector(app: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": "app-service", "app.kubernetes.io/instance": app}


def pods(labels: dict[str, str]) -> list[networking.NetworkPolicyPeerArgs]:
    return [networking.NetworkPolicyPeerArgs(pod_selector=meta.LabelSelectorArgs(match_labels=labels))]


def pods_of(space: str, labels: dict[str, str]) -> networking.NetworkPolicyPeerArgs:
    return networking.NetworkPolicyPeerArgs(
        namespace_selector=meta.LabelSelectorArgs(match_labels={"kubernetes.io/metadata.name": space}),
        pod_selector=meta.LabelSelectorArgs(match_labels=labels),
    )


def tcp(*ports: int) -> list[networking.NetworkPolicyPortArgs]:
    return [networking.NetworkPolicyPortArgs(port=port, protocol="TCP") for port in ports]
