"""One stack that holds together: its edges, networks, start order and peak, resolved before anything is created.

Owns: the record that the program reads, and start order. Leaves to `edges.py` who talks to whom, to `docker_networks.py`
what that is on one machine, to `proofs/` what must add up, and to components what an edge becomes on a target.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import docker_networks
import edges
import namespaces
import observed
import proofs
from components.app_service.connects_to import ConnectionSpec
from components.app_service.contract import Contract
from components.connections import Apart, Consumer, Edge, Instance, RedisConsumer
from components.edge_gateway import facts as edge_facts
from components.environment.networks import NetworkPlan, plan_networks
from components.environment.spec import DockerTargetSpec
from components.footprint import Footprint
from components.monitoring_stack import facts as monitoring_facts
from components.redis_cache import edges as redis_edges
from components.routes import Route
from components.telemetry import Telemetry
from components.vocabulary import Problem
from config import Draft, StackConfig, stack_prefix
from proofs import capacity
from refusals import refuse


@dataclass(frozen=True, kw_only=True)
class Topology:
    """A stack that holds together."""

    stack: StackConfig
    prefix: str
    edges: tuple[Edge, ...]
    networks: tuple[NetworkPlan, ...]
    """Docker's networks; empty on Kubernetes, where policies do their work."""
    start_order: tuple[str, ...]
    """Every instance, producers before the consumers that wait for them."""
    telemetry: tuple[Telemetry, ...]
    """What every part tells the monitoring; empty without one."""
    peak: Footprint
    """The most the stack can ask of its namespace; empty on Docker."""

    def inbound(self, name: str) -> tuple[Edge, ...]:
        """Edges that end at an instance."""
        return tuple(e for e in self.edges if isinstance(e.producer, Instance) and e.producer.name == name)

    def outbound(self, name: str) -> tuple[Edge, ...]:
        """Edges that start at an instance."""
        return tuple(e for e in self.edges if isinstance(e.consumer, Instance) and e.consumer.name == name)

    def redis_edges(self, name: str) -> dict[str, tuple[tuple[Edge, ...], tuple[Edge, ...]]]:
        """Inbound and outbound edges of a RedisCache's servers, Sentinels and proxies, by what they are called."""
        return {role: (self.inbound(role), self.outbound(role)) for role in redis_edges.roles(name)}

    @property
    def homes(self) -> Mapping[str, str]:
        """What stands on a ground of its own, by the name that this is known by: an app's, or the monitoring's."""
        return namespaces.homes(self.stack)

    def monitoring_edges(self) -> dict[str, tuple[tuple[Edge, ...], tuple[Edge, ...]]]:
        """Inbound and outbound edges of the monitoring's programs, by what they are called."""
        return {name: self.around(name) for name in sorted(monitoring_facts.claims())}

    def around(self, name: str) -> tuple[tuple[Edge, ...], tuple[Edge, ...]]:
        """Edges that end at an instance, and those that start there."""
        return self.inbound(name), self.outbound(name)

    def consumers(self, server: str) -> tuple[Consumer, ...]:
        """Apps that get a role on a PostgresCluster."""
        return edges.consumers(self.stack, server)

    def redis_users(self, name: str) -> tuple[RedisConsumer, ...]:
        """Apps that get a user on a RedisCache."""
        return edges.redis_consumers(self.stack, name)

    def uses(self, app: str) -> tuple[ConnectionSpec, ...]:
        """What an app declared to use."""
        return self.stack.app_services[app].connects_to

    def host(self, app: str) -> str:
        """Name under which the rest of the stack reaches an app."""
        return namespaces.host(self.stack, self.prefix, app)

    @property
    def apart(self) -> Mapping[str, Apart]:
        """What has a namespace of its own on Kubernetes."""
        return namespaces.apart(self.stack, self.prefix)

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every way in from outside."""
        return edge_facts.routes(self.stack.app_services, self.stack.cdn_frontends, self.stack.monitoring)

    def fronted(self, site: str) -> tuple[str, ...]:
        """Apps that a site proxies to."""
        return tuple(sorted({proxy.app for proxy in self.stack.cdn_frontends[site].proxies.values()}))

    def proxied(self, site: str) -> Mapping[str, int]:
        """Numbers of the ports that a site's proxied paths lead to."""
        proxies = self.stack.cdn_frontends[site].proxies
        return {path: self.stack.app_services[p.app].ports[p.port] for path, p in sorted(proxies.items())}

    def contract(self, app: str) -> Contract:
        """What the app reads, of what form."""
        return self.stack.contracts.get(app, {})

    def pushes_to(self, app: str) -> str | None:
        """URL where an app's jobs push their series; None where they push none."""
        kind = self.stack.environment.target.kind
        return monitoring_facts.pushed_to(kind, self.prefix) if self.stack.app_services[app].pushes else None

    def gates(self, app: str) -> frozenset[str]:
        """Instances that must be up before an app starts."""
        return edges.gates(self.stack, app)


def plan(draft: Draft) -> Topology:
    """The stack's topology. Raises pulumi.RunError with every problem of the stack file, if there is one."""
    prefix = stack_prefix(draft)
    told = () if "environment" in draft.broken else tuple(observed.telemetry(draft.config, prefix))
    problems = [*draft.problems, *proofs.all_of(draft, told)]
    known = draft.config.app_services.keys() | draft.config.postgres_clusters.keys() | draft.config.redis_caches.keys()
    if not problems or "environment" not in draft.broken:
        problems += _cycles(draft, known)
    networks: tuple[NetworkPlan, ...] = ()
    if "environment" not in draft.broken and isinstance(draft.config.environment.target, DockerTargetSpec):
        planned = plan_networks(draft.config.environment.target, docker_networks.wanted(draft.config, told))
        networks, colliding = planned.networks, planned.problems
        problems += [p.below("environment", "target") for p in colliding]
    if problems:
        raise refuse(draft.file, problems)
    return Topology(
        stack=draft.config,
        prefix=prefix,
        edges=tuple(namespaces.across(draft.config, prefix, edges.every(draft.config, told))),
        networks=networks,
        start_order=tuple(_start_order(draft.config).static_order()),
        telemetry=told,
        peak=capacity.peak(draft.config),
    )


def _start_order(stack: StackConfig) -> graphlib.TopologicalSorter[str]:
    order: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
    for name in sorted([*stack.postgres_clusters, *stack.redis_caches, *stack.app_services]):
        order.add(
            name, *(sorted(edges.gates(stack, name) | edges.lenders(stack, name)) if name in stack.app_services else ())
        )
    return order


def _cycles(draft: Draft, known: frozenset[str] | set[str]) -> Iterator[Problem]:
    if "environment" in draft.broken:
        return
    try:
        _start_order(draft.config).prepare()
    except graphlib.CycleError as error:
        circle: list[str] = list(reversed(error.args[1]))
        if set(circle) <= known:
            yield Problem(
                path=("app_services", circle[0], "connects_to"),
                rule=f"makes a circle of apps that wait for each other: {' -> '.join(circle)}; an app comes after one whose "
                "credential it uses, and on Docker after all that it connects to, so one of these connections must go",
            )
