"""Network policies of both kinds, in one form: whom they select, and what they let through.

Cilium's kind differs in names only, but that it goes by hosts too, and that what it denies no other policy permits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from review.values import canonical, items, mapping, objects, text
from review.world import Thing, World, selects

CILIUM = "CiliumNetworkPolicy"
KINDS = ("NetworkPolicy", CILIUM)


def of(world: World) -> Iterator[Thing]:
    return world.of(*KINDS)


def selector(policy: Thing) -> Any:
    """Of the pods that it is about."""
    return _plain(policy.spec.get("endpointSelector")) if policy.kind == CILIUM else policy.spec.get("podSelector")


def covers(policy: Thing, namespace: str, labels: object, direction: str) -> bool:
    """Whether pods with these labels may do no more in a direction than policies say."""
    if policy.kind == CILIUM:
        types: list[Any] = [side for side in ("Ingress", "Egress") if side.lower() in policy.spec]
    else:
        types = items(policy.spec.get("policyTypes")) or ["Ingress"]
    return policy.namespace == namespace and direction in types and selects(selector(policy), mapping(labels))


def peers(policy: Thing) -> Iterator[tuple[str, str, str]]:
    """Direction, peer and ports of everything that a policy allows, as comparable texts."""
    for direction, side in (("ingress", "from"), ("egress", "to")):
        for rule in objects(policy.spec.get(direction)):
            if policy.kind == CILIUM:
                yield from _of_cilium(direction, side, rule)
                continue
            ports = _ports(objects(rule.get("ports")))
            for peer in objects(rule.get(side)) or [{}]:
                yield direction, _peer(peer), ports


def _of_cilium(direction: str, side: str, rule: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    ports = _ports([port for each in objects(rule.get(f"{side}Ports")) for port in objects(each.get("ports"))])
    found = [
        text(each.get("matchName")) or text(each.get("matchPattern")) for each in objects(rule.get(f"{side}FQDNs"))
    ]
    found += [text(cidr) for cidr in items(rule.get(f"{side}CIDR"))]
    found += [_peer({"ipBlock": block}) for block in objects(rule.get(f"{side}CIDRSet"))]
    found += [_peer({"podSelector": _plain(each)}) for each in objects(rule.get(f"{side}Endpoints"))]
    found += [f"entity {text(each)}" if each != "all" else "everybody" for each in items(rule.get(f"{side}Entities"))]
    known = {f"{side}{word}" for word in ("FQDNs", "CIDR", "CIDRSet", "Endpoints", "Entities", "Ports")}
    found += [canonical({key: value}) for key, value in rule.items() if key not in known and key.startswith(side)]
    for peer in found or ["everybody"]:
        yield direction, peer, ports


def _plain(chosen: object) -> dict[str, Any]:
    """Cilium says where a label comes from before its name: `k8s:app`."""
    found = dict(mapping(chosen))
    if labels := mapping(found.get("matchLabels")):
        found["matchLabels"] = {key.removeprefix("k8s:").removeprefix("any:"): value for key, value in labels.items()}
    return found


def _ports(ports: list[dict[str, Any]]) -> str:
    return ", ".join(sorted(f"{p.get('port', 'all')}/{p.get('protocol', 'TCP')}" for p in ports)) or "all ports"


def _peer(peer: object) -> str:
    found = mapping(peer)
    if not found:
        return "everybody"
    block = mapping(found.get("ipBlock"))
    if block:
        left_out = items(block.get("except"))
        return f"{text(block.get('cidr'))}{f' but {len(left_out)} ranges' if left_out else ''}"
    words: list[str] = []
    for field, name in (("podSelector", "pods"), ("namespaceSelector", "namespaces")):
        if field in found:
            wanted = mapping(mapping(found[field]).get("matchLabels"))
            other = mapping(found[field]).get("matchExpressions")
            chosen = ", ".join(f"{k}={v}" for k, v in sorted(wanted.items())) + (canonical(other) if other else "")
            words.append(f"{name} {chosen or 'of any label'}")
    return " in ".join(words)
