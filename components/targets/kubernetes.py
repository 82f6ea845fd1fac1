"""What two or more components render alike on Kubernetes: labels, network policies, protection, restricted pods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes.core.v1 import (
    CapabilitiesArgs,
    PodSecurityContextArgs,
    SeccompProfileArgs,
    SecurityContextArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.networking.v1 import (
    IPBlockArgs,
    NetworkPolicy,
    NetworkPolicyEgressRuleArgs,
    NetworkPolicyIngressRuleArgs,
    NetworkPolicyPeerArgs,
    NetworkPolicyPortArgs,
    NetworkPolicySpecArgs,
)

from components.connections import Edge, Host, Instance, Network, Peer, Pods
from components.guards import PROTECTED
from components.targets import KubernetesTarget

NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""Set by the API server on every namespace, so it can't be forged. https://kubernetes.io/docs/reference/labels-annotations-taints/"""


def metadata(
    target: KubernetesTarget,
    labels: Mapping[str, str],
    name: str | None = None,
    annotations: Mapping[str, pulumi.Input[str]] | None = None,
) -> ObjectMetaArgs:
    """Metadata in the stack's namespace with the recommended labels. Without a name, each change makes a new object."""
    return ObjectMetaArgs(
        name=name,
        namespace=target.namespace,
        labels={**labels, "app.kubernetes.io/part-of": target.project, "app.kubernetes.io/managed-by": "slipway"},
        annotations=annotations,
    )


def kept(parent: pulumi.Resource, target: KubernetesTarget, *, protect: bool) -> pulumi.ResourceOptions:
    """Options of what must not be lost by one edit: the engine refuses to delete it, and the cluster keeps it if forced."""
    return pulumi.ResourceOptions(parent=parent, provider=target.provider, protect=protect, retain_on_delete=protect)


def guarded(labels: Mapping[str, str], *, protect: bool) -> Mapping[str, str]:
    """Labels of what holds data: with ours, the API server refuses to delete it, whoever asks."""
    return {**labels, **PROTECTED} if protect else labels


def restricted_pod(user: int) -> PodSecurityContextArgs:
    """Pod half of Pod Security "restricted". https://kubernetes.io/docs/concepts/security/pod-security-standards/"""
    return PodSecurityContextArgs(
        run_as_non_root=True,
        run_as_user=user,
        run_as_group=user,
        fs_group=user,
        fs_group_change_policy="OnRootMismatch",
        seccomp_profile=SeccompProfileArgs(type="RuntimeDefault"),
    )


def restricted_container(user: int | None = None) -> SecurityContextArgs:
    """Container half of Pod Security "restricted", and a read-only root on top. `user`: another one than the pod's."""
    return SecurityContextArgs(
        run_as_user=user,
        run_as_group=user,
        allow_privilege_escalation=False,
        capabilities=CapabilitiesArgs(drop=["ALL"]),
        read_only_root_filesystem=True,
    )


def network_policy(
    name: str,
    labels: Mapping[str, str],
    pods: Mapping[str, str],
    edges: tuple[Sequence[Edge], Sequence[Edge]],
    target: KubernetesTarget,
    parent: pulumi.Resource,
) -> NetworkPolicy:
    """Both sides of an instance's edges (inbound, outbound) and nothing else; the namespace denies the rest. Hosts by name
    are beyond this kind of object: `named_hosts` has them.
    """
    inbound, outbound = edges
    return NetworkPolicy(
        f"{name}-policy",
        metadata=metadata(target, labels, name),
        spec=NetworkPolicySpecArgs(
            pod_selector=LabelSelectorArgs(match_labels=dict(pods)),
            policy_types=["Ingress", "Egress"],
            ingress=[
                NetworkPolicyIngressRuleArgs(from_=_peers(peer), ports=_ports(ports))
                for peer, ports in _by_peer([(e.consumer, e) for e in inbound])
            ]
            or None,  # the server leaves an empty list out, so that writing one differs for ever
            egress=[
                NetworkPolicyEgressRuleArgs(to=_peers(peer), ports=_ports(ports))
                for peer, ports in _by_peer([(e.producer, e) for e in outbound if not isinstance(e.producer, Host)])
            ]
            or None,
        ),
        opts=pulumi.ResourceOptions(parent=parent, provider=target.provider),
    )


_Port = tuple[int, str]


def _by_peer(pairs: Sequence[tuple[Peer, Edge]]) -> list[tuple[Peer, list[_Port]]]:
    ports: defaultdict[str, set[_Port]] = defaultdict(set)
    peers: dict[str, Peer] = {}
    for peer, edge in pairs:
        key = repr(peer)
        peers[key] = peer
        ports[key].add((edge.port, edge.protocol))
    return [(peers[key], sorted(ports[key])) for key in sorted(peers)]


def _ports(ports: Sequence[_Port]) -> list[NetworkPolicyPortArgs]:
    return [NetworkPolicyPortArgs(port=port, protocol=protocol) for port, protocol in ports]


def _peers(peer: Peer) -> list[NetworkPolicyPeerArgs]:
    match peer:
        case Pods(namespace=namespace, labels=labels) | Instance(namespace=namespace, labels=labels):
            if namespace is None:
                return [NetworkPolicyPeerArgs(pod_selector=LabelSelectorArgs(match_labels=dict(labels)))]
            return [
                NetworkPolicyPeerArgs(
                    namespace_selector=LabelSelectorArgs(match_labels={NAMESPACE_LABEL: namespace}),
                    pod_selector=LabelSelectorArgs(match_labels=dict(labels)),
                )
            ]
        case Network(cidrs=cidrs, without=without):
            return [
                NetworkPolicyPeerArgs(ip_block=IPBlockArgs(cidr=cidr, except_=list(without) or None))
                for cidr in sorted(cidrs)
            ]
        case Host():
            return []
