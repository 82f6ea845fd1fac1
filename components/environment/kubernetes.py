"""Environment on Kubernetes."""

from __future__ import annotations

from dataclasses import replace

import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core.v1 import Namespace, ResourceQuota, ResourceQuotaSpecArgs
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.networking.v1 import (
    IPBlockArgs,
    NetworkPolicy,
    NetworkPolicyEgressRuleArgs,
    NetworkPolicyPeerArgs,
    NetworkPolicyPortArgs,
    NetworkPolicySpecArgs,
)

from components.connections import Apart
from components.environment.spec import DnsSpec, KubernetesTargetSpec
from components.footprint import cores, size
from components.guards import PROTECTED
from components.targets import GatewayFacts, KubernetesTarget, Resolvers
from components.targets.kubernetes import NAMESPACE_LABEL, metadata

COMPONENT = "environment"


def create(
    name: str, spec: KubernetesTargetSpec, *, prefix: str, project: str, parent: pulumi.Resource
) -> KubernetesTarget:
    provider = Provider(
        f"{name}-cluster",
        kubeconfig=spec.kubeconfig,  # the provider expands ~/ itself, so the state holds nobody's home
        context=spec.context,
        # Without it, a renamed context or a moved API server would plan to replace every object.
        cluster_identifier=spec.cluster.id,
        # Objects with a fixed name are updated in place; those that a rollout replaces say `immutable`.
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    labels = {"app.kubernetes.io/name": COMPONENT, "app.kubernetes.io/instance": name}
    namespace = _namespace(f"{name}-namespace", prefix, labels, spec, project, provider, parent, protect=True)
    target = KubernetesTarget(
        provider=provider,
        prefix=prefix,
        namespace=namespace.metadata.name,
        project=project,
        storage_class=spec.cluster.storage_classes.default,
        snapshot_class=spec.cluster.storage_classes.snapshots,
        zones=len(spec.cluster.zones),
        operators=frozenset(spec.cluster.operators),
        domain=f"{prefix}.svc.{spec.cluster.dns.domain}",
        gateway=_gateway(spec),
        resolvers=_resolvers(spec),
    )
    _deny_all(name, labels, target, parent)
    _permit_dns(name, labels, spec.cluster.dns, target, parent)
    quota = spec.quota
    hard = {
        "requests.cpu": quota.cpu,
        "requests.memory": quota.memory,
        "limits.memory": quota.memory,
        "requests.storage": quota.storage,
        "persistentvolumeclaims": str(quota.volume_claims),
        "pods": str(quota.pods),
    }
    _quota(name, labels, hard, target, parent)
    return target


def apart(
    name: str,
    wanted: Apart,
    spec: KubernetesTargetSpec,
    target: KubernetesTarget,
    *,
    parent: pulumi.Resource,
) -> KubernetesTarget:
    """A namespace beside the stack's own: nothing else is in it, and it may ask for no more than it was given."""
    own = f"{name}-{wanted.role}"
    labels = {"app.kubernetes.io/name": COMPONENT, "app.kubernetes.io/instance": own}
    namespace = _namespace(
        f"{own}-namespace",
        wanted.namespace,
        labels,
        spec,
        target.project,
        target.provider,
        parent,
        protect=wanted.protect,
    )
    ground = replace(target, namespace=namespace.metadata.name)
    _deny_all(own, labels, ground, parent)
    _permit_dns(own, labels, spec.cluster.dns, ground, parent)
    most = wanted.quota
    _quota(
        own,
        labels,
        {
            "requests.cpu": cores(most.cpu),
            **({"limits.cpu": cores(most.cpu)} if wanted.limited else {}),
            "requests.memory": size(most.memory),
            "limits.memory": size(most.memory),
            "requests.storage": size(most.storage),
            "persistentvolumeclaims": str(most.volume_claims),
            "pods": str(most.pods),
        },
        ground,
        parent,
    )
    return ground


def _namespace(
    logical: str,
    name: str,
    labels: dict[str, str],
    spec: KubernetesTargetSpec,
    project: str,
    provider: pulumi.ProviderResource,
    parent: pulumi.Resource,
    *,
    protect: bool,
) -> Namespace:
    return Namespace(
        logical,
        metadata=ObjectMetaArgs(
            name=name,
            labels={
                **labels,
                "app.kubernetes.io/part-of": project,
                "app.kubernetes.io/managed-by": "slipway",
                **(PROTECTED if protect else {}),
                **_pod_security(spec.cluster.version),
            },
        ),
        opts=pulumi.ResourceOptions(parent=parent, provider=provider, protect=protect, retain_on_delete=protect),
    )


def _gateway(spec: KubernetesTargetSpec) -> GatewayFacts | None:
    gateway = spec.cluster.gateway
    if gateway is None:
        return None
    return GatewayFacts(gateway_class=gateway.gateway_class, envoy="envoy_gateway" in spec.cluster.operators)


def _resolvers(spec: KubernetesTargetSpec) -> Resolvers | None:
    if spec.cluster.cni is None:
        return None
    dns = spec.cluster.dns
    return Resolvers(namespace=dns.namespace, labels=dns.labels, addresses=tuple(sorted(dns.addresses)))


def _pod_security(version: str) -> dict[str, str]:
    """Pinned, so that an upgrade of the cluster changes what is permitted only when the stack file says so."""
    modes = ("enforce", "audit", "warn")
    return {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in modes} | {
        f"pod-security.kubernetes.io/{mode}-version": f"v{version}" for mode in modes
    }


def _deny_all(name: str, labels: dict[str, str], target: KubernetesTarget, parent: pulumi.Resource) -> None:
    NetworkPolicy(
        f"{name}-deny-all",
        metadata=metadata(target, labels, "deny-all"),
        spec=NetworkPolicySpecArgs(pod_selector=LabelSelectorArgs(), policy_types=["Ingress", "Egress"]),
        opts=pulumi.ResourceOptions(parent=parent, provider=target.provider),
    )


def _permit_dns(
    name: str, labels: dict[str, str], dns: DnsSpec, target: KubernetesTarget, parent: pulumi.Resource
) -> None:
    """Port 53 only: a cloud's resolver can share its address with the metadata service."""
    resolvers = [
        NetworkPolicyPeerArgs(
            namespace_selector=LabelSelectorArgs(match_labels={NAMESPACE_LABEL: dns.namespace}),
            pod_selector=LabelSelectorArgs(match_labels=dict(dns.labels)),
        ),
        *(NetworkPolicyPeerArgs(ip_block=IPBlockArgs(cidr=address)) for address in sorted(dns.addresses)),
    ]
    ports = [NetworkPolicyPortArgs(port=53, protocol=protocol) for protocol in ("TCP", "UDP")]
    NetworkPolicy(
        f"{name}-permit-dns",
        metadata=metadata(target, labels, "permit-dns"),
        spec=NetworkPolicySpecArgs(
            pod_selector=LabelSelectorArgs(),
            policy_types=["Egress"],
            egress=[NetworkPolicyEgressRuleArgs(to=resolvers, ports=ports)],
        ),
        opts=pulumi.ResourceOptions(parent=parent, provider=target.provider),
    )


def _quota(
    name: str, labels: dict[str, str], hard: dict[str, str], target: KubernetesTarget, parent: pulumi.Resource
) -> None:
    ResourceQuota(
        f"{name}-quota",
        metadata=metadata(target, labels, "quota"),
        spec=ResourceQuotaSpecArgs(hard=hard),
        opts=pulumi.ResourceOptions(parent=parent, provider=target.provider),
    )
