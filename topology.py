"""Who uses whom: every edge of a stack, resolved before anything is created.

Owns: edges (declared ones and those that operators need), consumers, networks, start order. Leaves to `proofs.py`
what must add up between components, and to components what an edge becomes on a target. Pure: no Outputs, no I/O.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import namespaces
import proofs
from components.app_service import facts as app_facts
from components.app_service.connects_to import ConnectionSpec, ToApp, ToExternal, ToPostgres, ToRedis
from components.app_service.contract import defaults
from components.app_service.spec import AppServiceSpec
from components.cdn_frontend import facts as site_facts
from components.connections import Apart, Consumer, Edge, Instance, Network, Peer, Pods, RedisConsumer
from components.edge_gateway import facts as edge_facts
from components.environment.networks import NetworkPlan, plan_networks
from components.environment.spec import DockerTargetSpec, KubernetesTargetSpec
from components.footprint import Footprint
from components.object_stores import ObjectStoreSpec
from components.postgres_cluster import facts as postgres_facts
from components.redis_cache import edges as redis_edges
from components.routes import Route
from components.vocabulary import Problem
from config import Draft, StackConfig, stack_prefix
from proofs import capacity
from refusals import refuse

PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
"""Never meant by "every public address": nodes, pods, services, metadata servers (RFC 1918, 3927, 6598)."""


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

    def around(self, name: str) -> tuple[tuple[Edge, ...], tuple[Edge, ...]]:
        """Edges that end at an instance, and those that start there."""
        return self.inbound(name), self.outbound(name)

    def consumers(self, server: str) -> tuple[Consumer, ...]:
        """Apps that get a role on a PostgresCluster."""
        return consumers(self.stack, server)

    def redis_users(self, name: str) -> tuple[RedisConsumer, ...]:
        """Apps that get a user on a RedisCache."""
        return redis_consumers(self.stack, name)

    def uses(self, app: str) -> tuple[ConnectionSpec, ...]:
        """What an app declared to use."""
        return self.stack.app_services[app].connects_to

    def host(self, app: str) -> str:
        """Name under which the rest of the stack reaches an app."""
        return namespaces.host(self.stack, self.prefix, app)

    @property
    def apart(self) -> Mapping[str, Apart]:
        """Apps that have a namespace of their own on Kubernetes."""
        return namespaces.apart(self.stack, self.prefix)

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every way in from outside."""
        return edge_facts.routes(self.stack.app_services, self.stack.cdn_frontends)

    def fronted(self, site: str) -> tuple[str, ...]:
        """Apps that a site proxies to."""
        return tuple(sorted({proxy.app for proxy in self.stack.cdn_frontends[site].proxies.values()}))

    def proxied(self, site: str) -> Mapping[str, int]:
        """Numbers of the ports that a site's proxied paths lead to."""
        proxies = self.stack.cdn_frontends[site].proxies
        return {path: self.stack.app_services[p.app].ports[p.port] for path, p in sorted(proxies.items())}

    def defaults(self, app: str) -> Mapping[str, str]:
        """Variables that the contract sets where the stack file does not."""
        return defaults(self.stack.contracts.get(app, {}), self.stack.app_services[app])

    def gates(self, app: str) -> frozenset[str]:
        """Instances that must be up before an app starts."""
        return gates(self.stack, app)


def plan(draft: Draft) -> Topology:
    """The stack's topology. Raises pulumi.RunError with every problem of the stack file, if there is one."""
    problems = [*draft.problems, *proofs.all_of(draft)]
    known = draft.config.app_services.keys() | draft.config.postgres_clusters.keys() | draft.config.redis_caches.keys()
    if not problems or "environment" not in draft.broken:
        problems += _cycles(draft, known)
    networks: tuple[NetworkPlan, ...] = ()
    if "environment" not in draft.broken and isinstance(draft.config.environment.target, DockerTargetSpec):
        planned = plan_networks(draft.config.environment.target, network_members(draft.config))
        networks, colliding = planned.networks, planned.problems
        problems += [p.below("environment", "target") for p in colliding]
    if problems:
        raise refuse(draft.file, problems)
    return Topology(
        stack=draft.config,
        prefix=stack_prefix(draft),
        edges=tuple(namespaces.across(draft.config, stack_prefix(draft), edge) for edge in edges(draft.config)),
        networks=networks,
        start_order=tuple(_start_order(draft.config).static_order()),
        peak=capacity.peak(draft.config),
    )


def edges(stack: StackConfig) -> Iterator[Edge]:
    """Every edge: what is declared, then what operators need."""
    yield from _connected(stack)
    for name, site in sorted(stack.cdn_frontends.items()):
        for proxy in site.proxies.values():
            port = stack.app_services[proxy.app].ports[proxy.port]
            yield Edge(consumer=frontend(name), producer=app(proxy.app), port=port, why=f"cdn_frontends.{name}.proxies")
    yield from _routed(stack)
    if isinstance(stack.environment.target, KubernetesTargetSpec):
        for name, cache in sorted(stack.redis_caches.items()):
            yield from redis_edges.within(name, cache, redis_consumers(stack, name))
        for name, server in sorted(stack.postgres_clusters.items()):
            yield from _operated(stack.environment.target, name)
            for store in postgres_facts.stores(server):
                yield _stored(name, store, stack.object_stores[store])
        yield from _asked_by_keda(stack, stack.environment.target)


def _connected(stack: StackConfig) -> Iterator[Edge]:
    """What apps declared to use; their migrations and jobs use the same."""
    for name, spec in sorted(stack.app_services.items()):
        for connection in spec.connects_to:
            why = f"app_services.{name}.connects_to"
            for producer, port in _producers(stack, connection):
                yield Edge(consumer=app(name), producer=producer, port=port, why=why)
                if app_facts.has_batch(spec):
                    yield Edge(consumer=batch(name), producer=producer, port=port, why=why)
        if (asked := app_facts.smoke_port(spec)) is not None:
            yield Edge(consumer=batch(name), producer=app(name), port=asked, why=f"app_services.{name}.rollout.smoke")


def _producers(stack: StackConfig, connection: ConnectionSpec) -> Iterator[tuple[Peer, int]]:
    match connection:
        case ToPostgres(postgres=name):
            yield postgres(name), postgres_facts.PORT
        case ToRedis(redis=name):
            yield from redis_edges.doors(name, stack.redis_caches[name], proxied=connection.via == "proxy")
        case ToApp(app=name):
            yield app(name), stack.app_services[name].ports[connection.port_name]
        case ToExternal(cidrs=cidrs, port=port):
            yield _outside(cidrs), port


def _outside(cidrs: tuple[str, ...]) -> Network:
    return Network(cidrs=cidrs, without=PRIVATE if "0.0.0.0/0" in cidrs else ())


def _stored(server: str, name: str, store: ObjectStoreSpec) -> Edge:
    why = f"the server's archive in object_stores.{name}"
    return Edge(consumer=postgres(server), producer=_outside(store.cidrs), port=store.port, why=why)


def _operated(target: KubernetesTargetSpec, name: str) -> Iterator[Edge]:
    """What CloudNativePG needs around a server. https://cloudnative-pg.io/documentation/1.30/networking/"""
    server = postgres(name)
    operator = target.cluster.operators["cloudnative_pg"]
    pods = Pods(namespace=operator.namespace, labels=operator.labels or {"app.kubernetes.io/name": "cloudnative-pg"})
    for port in (postgres_facts.PORT, postgres_facts.STATUS_PORT):
        yield Edge(consumer=pods, producer=server, port=port, why="the operator manages the server")
        yield Edge(consumer=server, producer=server, port=port, why="instances replicate and ask each other's status")
    for address in target.cluster.api_server:
        cidr, _, number = address.rpartition(":")
        yield Edge(
            consumer=server,
            producer=Network(cidrs=(cidr,)),
            port=int(number),
            why="instances read and report their state",
        )


def _asked_by_keda(stack: StackConfig, target: KubernetesTargetSpec) -> Iterator[Edge]:
    """KEDA's operator asks a queue's database itself. https://keda.sh/docs/2.20/concepts/"""
    servers = {server for spec in stack.app_services.values() for server in app_facts.queues(spec)}
    if servers:
        operator = target.cluster.operators["keda"]
        pods = Pods(namespace=operator.namespace, labels=operator.labels or {"app.kubernetes.io/name": "keda-operator"})
        for server in sorted(servers):
            yield Edge(
                consumer=pods, producer=postgres(server), port=postgres_facts.PORT, why="KEDA asks how much waits"
            )


def _routed(stack: StackConfig) -> Iterator[Edge]:
    """Routes: on Kubernetes the cluster's proxies open them, on Docker a container of the stack."""
    if stack.edge is None:
        return
    target = stack.environment.target
    entrance: Peer = Instance(name=edge_facts.NAME, labels=edge_facts.selector())
    if isinstance(target, KubernetesTargetSpec):
        assert target.cluster.gateway is not None, "a proof has looked for it"
        entrance = Pods(namespace=target.cluster.gateway.proxy_namespace, labels=target.cluster.gateway.proxy_labels)
        if edge_facts.acme_hosts(stack.edge):
            solver = Instance(name=edge_facts.NAME, labels=edge_facts.SOLVER_LABELS)
            yield Edge(
                consumer=entrance, producer=solver, port=edge_facts.SOLVER_PORT, why="Let's Encrypt asks for a proof"
            )
    for route in edge_facts.routes(stack.app_services, stack.cdn_frontends):
        producer = app(route.backend) if route.section == "app_services" else frontend(route.backend)
        yield Edge(consumer=entrance, producer=producer, port=route.port, why=f"{route.section}.{route.backend}.route")


def frontend(name: str) -> Instance:
    return Instance(name=name, labels=site_facts.selector(name))


def app(name: str) -> Instance:
    return Instance(name=name, labels=app_facts.selector(name))


def batch(name: str) -> Instance:
    """Migrations and jobs of an app: they reach what it reaches, and nobody reaches them."""
    return Instance(name=app_facts.batch(name), labels=app_facts.batch_selector(name))


def postgres(name: str) -> Instance:
    return Instance(name=name, labels=postgres_facts.selector(name))


def consumers(stack: StackConfig, server: str) -> tuple[Consumer, ...]:
    """Who logs in: each app that connects, in however many ways, and its migrations. Where migrations own the tables, apps
    only use them.
    """
    users: dict[str, list[ToPostgres]] = {}
    for name, spec in sorted(stack.app_services.items()):
        if used := [c for c in spec.connects_to if isinstance(c, ToPostgres) and c.postgres == server]:
            users[name] = used
    databases = {name: used[0].database_of(name) for name, used in users.items()}
    migrated = {databases[name] for name in users if stack.app_services[name].migrations is not None}
    found: list[Consumer] = []
    for name, used in users.items():
        database, protect = databases[name], any(connection.deletion_protection for connection in used)
        found.append(Consumer(app=name, database=database, deletion_protection=protect, owns=database not in migrated))
        if stack.app_services[name].migrations is not None:
            grants = tuple(n for n in users if databases[n] == database)
            migrator = app_facts.migrator(name)
            found.append(Consumer(app=migrator, database=database, deletion_protection=protect, grants=grants))
    return tuple(found)


def redis_consumers(stack: StackConfig, name: str) -> tuple[RedisConsumer, ...]:
    return tuple(
        RedisConsumer(
            app=app_name,
            keys="*" if connection.keys is None else connection.keys,
            access=connection.access,
            proxied=connection.via == "proxy",
            deletion_protection=connection.deletion_protection,
        )
        for app_name, spec in sorted(stack.app_services.items())
        for connection in spec.connects_to
        if isinstance(connection, ToRedis) and connection.redis == name
    )


def gates(stack: StackConfig, name: str) -> frozenset[str]:
    """Databases gate the apps that use them; apps gate each other on one machine only, where nothing restarts a crash loop with backoff."""
    on_docker = isinstance(stack.environment.target, DockerTargetSpec)
    found: set[str] = set()
    for connection in stack.app_services[name].connects_to:
        match connection:
            case ToPostgres(postgres=producer) | ToRedis(redis=producer):
                found.add(producer)
            case ToApp(app=producer) if on_docker:
                found.add(producer)
            case _:
                pass
    return frozenset(found)


def lenders(stack: StackConfig, name: str) -> frozenset[str]:
    """Apps that must exist, though not run, before an app can be told their credentials."""
    uses = stack.app_services[name].connects_to
    return frozenset(c.app for c in uses if isinstance(c, ToApp) and c.credential is not None)


def network_members(stack: StackConfig) -> Mapping[str, NetworkPlan]:
    """Docker's networks before they have subnets: one per producer, and a way out for those who need one."""
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
    for name, spec in stack.app_services.items():
        callers = {
            member
            for n, s in stack.app_services.items()
            for c in s.connects_to
            if isinstance(c, ToApp) and c.app == name
            for member in containers(n, s)
        }
        callers |= {n for n, s in stack.cdn_frontends.items() for p in s.proxies.values() if p.app == name}
        if spec.route is not None:
            callers.add(edge_facts.NAME)
        if callers:
            found[name] = NetworkPlan(name=name, internal=True, protect=False, members=frozenset({name, *callers}))
        if needs_egress(spec):
            found[f"{name}-egress"] = NetworkPlan(
                name=f"{name}-egress", internal=False, protect=False, members=frozenset(containers(name, spec))
            )
    return found | _edge_networks(stack)


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
    return published or any(isinstance(c, ToExternal) for c in spec.connects_to)


def _start_order(stack: StackConfig) -> graphlib.TopologicalSorter[str]:
    order: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
    for name in sorted([*stack.postgres_clusters, *stack.redis_caches, *stack.app_services]):
        order.add(name, *(sorted(gates(stack, name) | lenders(stack, name)) if name in stack.app_services else ()))
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
