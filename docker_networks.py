"""Docker's networks of one stack, before they have subnets: one per producer, and a way out for those who need one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from components.app_service import facts as app_facts
from components.app_service.connects_to import ToApp, ToExternal, ToObjectStore
from components.app_service.spec import AppServiceSpec
from components.edge_gateway import facts as edge_facts
from components.environment.networks import NetworkPlan
from components.monitoring_stack import facts as monitoring_facts
from components.redis_cache import edges as redis_edges
from components.telemetry import Telemetry
from config import StackConfig
from edges import consumers, redis_consumers


def wanted(stack: StackConfig, told: Sequence[Telemetry]) -> Mapping[str, NetworkPlan]:
    """Docker's networks before they have subnets: one per producer, and a way out for those who need one. `told` is what
    the monitoring watches.
    """
    found: dict[str, NetworkPlan] = {}
    for name, server in stack.postgres_clusters.items():
        members = {name, *(c.app for c in consumers(stack, name))}
        found[name] = NetworkPlan(
            name=name, internal=True, protect=server.deletion_protection, members=frozenset(members)
        )
        if server.docker is not None and server.docker.publish is not None:
            found[f"{name}-egress"] = NetworkPlan(
                name=f"{name}-egress", internal=False, protect=server.deletion_protection, members=frozenset({name})
            )
    for name, cache in stack.redis_caches.items():
        users = {c.app for c in redis_consumers(stack, name)}
        apps = (member for app in users for member in containers(app, stack.app_services[app]))
        published = cache.docker is not None and cache.docker.publish is not None
        found |= redis_edges.networks(name, apps, protect=cache.deletion_protection, published=published)
    routed = {
        share.backend
        for route in edge_facts.routes(stack.app_services, stack.cdn_frontends)
        for share in route.backends
        if stack.edge is not None
    }
    for name, spec in stack.app_services.items():
        callers = {
            member
            for n, s in stack.app_services.items()
            for c in s.connects_to
            if isinstance(c, ToApp) and c.app == name
            for member in containers(n, s)
        }
        callers |= {n for n, s in stack.cdn_frontends.items() for p in s.proxies.values() if p.app == name}
        if name in routed:
            callers.add(edge_facts.NAME)
        if callers:
            found[name] = NetworkPlan(name=name, internal=True, protect=False, members=frozenset({name, *callers}))
        if needs_egress(spec):
            found[f"{name}-egress"] = NetworkPlan(
                name=f"{name}-egress", internal=False, protect=False, members=frozenset(containers(name, spec))
            )
    return _watched(stack, told, found | _edge_networks(stack))


def _watched(stack: StackConfig, told: Sequence[Telemetry], found: dict[str, NetworkPlan]) -> dict[str, NetworkPlan]:
    """Prometheus and the prober join the networks of what they ask; the monitoring's programs share one of their own, and
    apps that push reach the push gateway on another.
    """
    if stack.monitoring is None:
        return found
    spec = stack.monitoring
    joining = [(scrape.instance, monitoring_facts.PROMETHEUS.name) for one in told for scrape in one.scrapes]
    joining += [(probe.instance, monitoring_facts.BLACKBOX.name) for one in told for probe in one.probes]
    pushers = app_facts.pushers(stack.app_services)
    programs = (*monitoring_facts.roles(spec, pushed=bool(pushers)), *monitoring_facts.agents(spec))
    joining += [(monitoring_facts.NAME, role.name) for role in programs]
    gateway = monitoring_facts.PUSHGATEWAY.name
    joining += [(gateway, who) for app in pushers for who in containers(app, stack.app_services[app])]
    out = f"{monitoring_facts.NAME}-egress"
    joining += [(out, role.name) for role in monitoring_facts.leaving(spec)]
    for network, member in joining:
        plan = found.get(network) or NetworkPlan(
            name=network, internal=network != out, protect=False, members=frozenset({network} - {out})
        )
        found[network] = replace(plan, members=plan.members | {member})
    return found


def _edge_networks(stack: StackConfig) -> dict[str, NetworkPlan]:
    """Networks of sites, and the published one of the edge."""
    found: dict[str, frozenset[str]] = {}
    for name, site in stack.cdn_frontends.items():
        if site.route is not None:
            found[name] = frozenset({name, edge_facts.NAME})
        if site.docker is not None and site.docker.publish is not None:
            found[f"{name}-egress"] = frozenset({name})
    if stack.edge is not None:
        found[f"{edge_facts.NAME}-egress"] = frozenset({edge_facts.NAME})
    return {
        name: NetworkPlan(name=name, internal=not name.endswith("-egress"), protect=False, members=members)
        for name, members in found.items()
    }


def containers(name: str, spec: AppServiceSpec) -> tuple[str, ...]:
    """Containers of an app that join the networks of what it uses."""
    seeded = spec.docker is not None and spec.docker.seed is not None
    return (name,) if spec.migrations is None and not seeded else (name, app_facts.batch(name))


def needs_egress(spec: AppServiceSpec) -> bool:
    """Whether a container must leave Docker's internal networks: to be published, or to reach a host outside."""
    published = spec.docker is not None and bool(spec.docker.publish)
    return published or any(isinstance(c, ToExternal | ToObjectStore) for c in spec.connects_to)
