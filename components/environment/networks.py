"""Docker networks and their subnets: stable, so that adding one moves no other."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from components.environment.spec import SUBNET_PREFIX, DockerTargetSpec
from components.vocabulary import Problem

MOST_MEMBERS = 2 ** (32 - SUBNET_PREFIX) - 3
"""Addresses without network, broadcast and gateway."""


@dataclass(frozen=True, kw_only=True)
class NetworkPlan:
    """One network of the stack."""

    name: str
    """The producer's name, or the app's with `-egress`."""
    internal: bool
    """Whether it has no way out of the machine."""
    protect: bool
    """Whether a stateful container stands on it, which would be recreated with it."""
    members: frozenset[str]
    """Instances on it."""
    subnet: str = ""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """Networks with their subnets, and what is wrong with those."""

    networks: tuple[NetworkPlan, ...]
    problems: tuple[Problem, ...]
    """Paths start at the target."""


def plan_networks(target: DockerTargetSpec, wanted: Mapping[str, NetworkPlan]) -> Planned:
    """Gives each network a subnet of the pool: the one fixed by hand, else one that follows from its name alone.

    A subnet in order of names would move with every new name, and a moved subnet recreates all containers on it.
    Two names may fall on one subnet: that is refused, with a free one to write down.
    """
    found = tuple(
        replace(network, subnet=target.subnets.get(name) or subnet_of(name, target.address_pool))
        for name, network in sorted(wanted.items())
    )
    return Planned(networks=found, problems=tuple(_problems(target, found)))


def subnet_of(name: str, pool: str) -> str:
    """The subnet that a network's name alone leads to."""
    whole = ipaddress.ip_network(pool)
    count = 2 ** (SUBNET_PREFIX - whole.prefixlen)
    index = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % count
    return str(ipaddress.ip_network((int(whole.network_address) + index * 2 ** (32 - SUBNET_PREFIX), SUBNET_PREFIX)))


def _problems(target: DockerTargetSpec, networks: tuple[NetworkPlan, ...]) -> Iterator[Problem]:
    for position, network in enumerate(networks):
        own = ipaddress.ip_network(network.subnet)
        for other in networks[:position]:
            if own.overlaps(ipaddress.ip_network(other.subnet)):
                yield Problem(
                    path=("subnets", network.name),
                    rule=f"falls on the subnet of network {other.name!r}; fix one of the two by hand",
                    example=f"{{{network.name}: {_free(target, networks)}}}",
                )
        most = own.num_addresses - 3
        if len(network.members) > most:
            yield Problem(
                path=("subnets", network.name),
                rule=f"has room for {most} containers, and {len(network.members)} are on this network; fix a wider one by hand",
            )
    for name in target.subnets.keys() - {n.name for n in networks}:
        yield Problem(
            path=("subnets", name), rule=f"is no network of this stack; it has: {', '.join(n.name for n in networks)}"
        )


def _free(target: DockerTargetSpec, networks: tuple[NetworkPlan, ...]) -> str:
    taken = [ipaddress.ip_network(n.subnet) for n in networks]
    candidates = ipaddress.ip_network(target.address_pool).subnets(new_prefix=SUBNET_PREFIX)
    return str(next(c for c in candidates if not any(c.overlaps(t) for t in taken)))
