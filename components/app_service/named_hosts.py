"""Hosts outside that pods reach by name: what Cilium's own policies add to the NetworkPolicy of an app.

Both kinds add up: a pod reaches what either permits, and neither opens more than it says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components import versions
from components.connections import PRIVATE, Edge, Host, Network
from components.targets import KubernetesTarget, Resolvers
from components.targets.kubernetes import metadata

_NAMESPACE = "k8s:io.kubernetes.pod.namespace"
"""Cilium's own label of a pod's namespace; without it a selector looks into the policy's namespace alone."""


def create(
    name: str,
    labels: dict[str, str],
    outbound: Sequence[Edge],
    target: KubernetesTarget,
    parent: pulumi.Resource,
) -> list[CustomResource]:
    """One policy for the pods with these labels, or none where they go by no name.

    https://docs.cilium.io/en/v1.18/security/policy/language/#dns-based
    """
    hosts: defaultdict[int, set[str]] = defaultdict(set)
    for edge in outbound:
        if isinstance(edge.producer, Host):
            hosts[edge.port].add(edge.producer.name)
    if not hosts:
        return []
    assert target.resolvers is not None, "a proof has looked for it"
    policy = CustomResource(
        f"{name}-named-hosts",
        api_version=versions.CILIUM_API,
        kind="CiliumNetworkPolicy",
        metadata=metadata(target, labels, name),
        spec={
            "endpointSelector": {"matchLabels": dict(labels)},
            "egress": [*_heard(target.resolvers), *(_reached(sorted(hosts[port]), port) for port in sorted(hosts))],
            "egressDeny": [{"toCIDRSet": _closed(outbound, target.resolvers), "toPorts": [_ports(*sorted(hosts))]}],
        },
        opts=pulumi.ResourceOptions(parent=parent, provider=target.provider),
    )
    return [policy]


def _heard(resolvers: Resolvers) -> list[dict[str, Any]]:
    """Answers pass through Cilium, which learns from them which addresses a name has. Any name may be asked for: the pods
    look for the stack's own servers too.
    """
    pods = {_NAMESPACE: resolvers.namespace, **{f"k8s:{key}": value for key, value in resolvers.labels.items()}}
    ports = [{"port": "53", "protocol": protocol} for protocol in ("TCP", "UDP")]
    heard = [{"ports": ports, "rules": {"dns": [{"matchPattern": "*"}]}}]
    found: list[dict[str, Any]] = [{"toEndpoints": [{"matchLabels": pods}], "toPorts": heard}]
    if resolvers.addresses:
        found.append({"toCIDR": list(resolvers.addresses), "toPorts": heard})
    return found


def _reached(names: Sequence[str], port: int) -> dict[str, Any]:
    return {"toFQDNs": [{"matchName": name} for name in names], "toPorts": [_ports(port)]}


def _ports(*numbers: int) -> dict[str, Any]:
    return {"ports": [{"port": str(number), "protocol": "TCP"} for number in numbers]}


def _closed(outbound: Sequence[Edge], resolvers: Resolvers) -> list[dict[str, Any]]:
    """Whoever answers for a name could answer with a metadata server or a node. Pods are not meant by a range. What is
    denied here is denied whatever permits it, so what the app names by its address is left out.
    """
    named = {
        cidr
        for edge in outbound
        if isinstance(edge.producer, Network) and not edge.producer.without
        for cidr in edge.producer.cidrs
    }
    asked = [IPv4Network(cidr) for cidr in sorted({*named, *resolvers.addresses}) if ":" not in cidr]
    found: list[dict[str, Any]] = []
    for private in PRIVATE:
        whole = IPv4Network(private)
        if not any(whole.subnet_of(each) for each in asked):
            inside = [str(each) for each in asked if each.subnet_of(whole)]
            found.append({"cidr": private, **({"except": inside} if inside else {})})
    return found
