"""Who can reach whom under a set of rendered NetworkPolicies: the rules of the Kubernetes API, over plain objects.

Nothing else in the tests enforces a policy (fake nodes don't), so this is what stands between a typo in a selector and
an open database. https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Actor:
    """A pod, or an address outside the cluster."""

    name: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    address: str = ""
    """Set for what is no pod."""


@dataclass(frozen=True, order=True)
class Path:
    """A conversation that the policies permit."""

    source: str
    destination: str
    port: int
    protocol: str = "TCP"


def permitted(
    policies: Sequence[Mapping[str, Any]], actors: Sequence[Actor], ports: Iterable[tuple[int, str]]
) -> set[Path]:
    """Every conversation between two of the actors that both sides' policies permit."""
    return {
        Path(source.name, destination.name, port, protocol)
        for source in actors
        for destination in actors
        for port, protocol in ports
        if not (source.address and destination.address)
        and _allows(policies, source, destination, (port, protocol), "egress")
        and _allows(policies, destination, source, (port, protocol), "ingress")
    }


def _allows(
    policies: Sequence[Mapping[str, Any]], pod: Actor, peer: Actor, port: tuple[int, str], direction: str
) -> bool:
    """Whether the policies that select `pod` let it talk to `peer`; a pod that none selects is open."""
    if pod.address:
        return True
    selecting = [p for p in policies if _selects(p, pod, direction)]
    rules = [rule for policy in selecting for rule in policy["spec"].get(direction) or ()]
    key = "to" if direction == "egress" else "from"
    return not selecting or any(_peer(rule.get(key), pod, peer) and _port(rule.get("ports"), port) for rule in rules)


def _selects(policy: Mapping[str, Any], pod: Actor, direction: str) -> bool:
    spec = policy["spec"]
    return (
        policy["metadata"]["namespace"] == pod.namespace
        and direction.capitalize() in spec["policyTypes"]
        and _matches(spec.get("podSelector"), pod.labels)
    )


def _matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    assert selector is not None
    assert not selector.keys() - {"matchLabels"}, "only matchLabels is understood here"
    return all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())


def _peer(peers: Sequence[Mapping[str, Any]] | None, pod: Actor, peer: Actor) -> bool:
    return peers is None or any(_one_peer(entry, pod, peer) for entry in peers)


def _one_peer(entry: Mapping[str, Any], pod: Actor, peer: Actor) -> bool:
    if block := entry.get("ipBlock"):
        if not peer.address:
            return False
        address = ipaddress.ip_address(peer.address)
        return address in ipaddress.ip_network(block["cidr"]) and not any(
            address in ipaddress.ip_network(hole) for hole in block.get("except") or ()
        )
    if peer.address:
        return False
    namespaces = entry.get("namespaceSelector")
    same = (
        peer.namespace == pod.namespace
        if namespaces is None
        else _matches(namespaces, {"kubernetes.io/metadata.name": peer.namespace})
    )
    return same and ("podSelector" not in entry or _matches(entry["podSelector"], peer.labels))


def _port(ports: Sequence[Mapping[str, Any]] | None, port: tuple[int, str]) -> bool:
    return ports is None or any((entry["port"], entry.get("protocol", "TCP")) == port for entry in ports)
