"""Who may talk to whom in one stack: each edge that is declared, and those that operators need.

Owns: edges, who logs in where, who waits for whom. Pure: no Outputs, no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.app_service import facts as app_facts
from components.app_service.connects_to import ConnectionSpec, ToApp, ToExternal, ToObjectStore, ToPostgres, ToRedis
from components.app_service.scaling import ListQueueSpec, TableQueueSpec
from components.cdn_frontend import facts as site_facts
from components.connections import PRIVATE, Consumer, Edge, Host, Instance, Network, Peer, Pods, RedisConsumer
from components.edge_gateway import facts as edge_facts
from components.environment.operators import labels_of
from components.environment.spec import DockerTargetSpec, KubernetesTargetSpec
from components.monitoring_stack import edges as monitoring_edges
from components.monitoring_stack import facts as monitoring_facts
from components.object_stores import ObjectStoreSpec
from components.postgres_cluster import facts as postgres_facts
from components.redis_cache import edges as redis_edges
from components.routes import Route, Share
from components.telemetry import BlackboxProbe, Telemetry
from config import StackConfig


def every(stack: StackConfig, told: Sequence[Telemetry] = ()) -> Iterator[Edge]:
    """Every edge: what is declared, then what the monitoring and operators need. `told` is what it watches."""
    yield from _connected(stack)
    for name, site in sorted(stack.cdn_frontends.items()):
        for proxy in site.proxies.values():
            port = stack.app_services[proxy.app].ports[proxy.port]
            yield Edge(consumer=frontend(name), producer=app(proxy.app), port=port, why=f"cdn_frontends.{name}.proxies")
    yield from _routed(stack)
    yield from _watched(stack, told)
    if isinstance(stack.environment.target, KubernetesTargetSpec):
        for name, cache in sorted(stack.redis_caches.items()):
            yield from redis_edges.within(name, cache, redis_consumers(stack, name))
        for name, server in sorted(stack.postgres_clusters.items()):
            yield from _operated(stack.environment.target, name)
            for store in postgres_facts.stores(server):
                yield from _stored(name, store, stack.object_stores[store])
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
        case ToObjectStore(object_store=name):
            store = stack.object_stores[name]
            yield _outside(store.cidrs), store.port
        case ToExternal(external=name, by_name=True, port=port):
            yield Host(name=name), port
        case ToExternal(cidrs=cidrs, port=port):
            yield _outside(cidrs), port


def _outside(cidrs: tuple[str, ...]) -> Network:
    return Network(cidrs=cidrs, without=PRIVATE if "0.0.0.0/0" in cidrs else ())


def _watched(stack: StackConfig, told: Sequence[Telemetry]) -> Iterator[Edge]:
    """What the monitoring needs to see everything, and to be heard."""
    if stack.monitoring is None:
        return
    target = stack.environment.target
    cluster = target.cluster if isinstance(target, KubernetesTargetSpec) else None
    yield from monitoring_edges.within(stack.monitoring)
    yield from monitoring_edges.outward(stack.monitoring)
    if cluster is not None:
        yield from monitoring_edges.in_the_cluster(stack.monitoring, cluster)
    yield from monitoring_edges.pushed(_pushers(stack))
    yield from monitoring_edges.scraped((scrape for one in told for scrape in one.scrapes), cluster)
    yield from monitoring_edges.probed((probe, _answering(stack, probe)) for one in told for probe in one.probes)


def _pushers(stack: StackConfig) -> Iterator[tuple[str, Instance]]:
    """What runs beside the replicas; on Docker the app's own container too, since a person runs its jobs in there."""
    for name in app_facts.pushers(stack.app_services):
        yield name, batch(name)
        if stack.environment.target.kind == "docker":
            yield name, app(name)


def _answering(stack: StackConfig, probe: BlackboxProbe) -> Instance:
    if probe.instance in stack.app_services:
        return app(probe.instance)
    if probe.instance in stack.postgres_clusters:
        return postgres(probe.instance)
    return frontend(probe.instance) if probe.instance in stack.cdn_frontends else entrance()


def entrance() -> Instance:
    return Instance(name=edge_facts.NAME, labels=edge_facts.selector())


def _stored(server: str, name: str, store: ObjectStoreSpec) -> Iterator[Edge]:
    why = f"the server's archive in object_stores.{name}"
    yield Edge(consumer=postgres(server), producer=_outside(store.cidrs), port=store.port, why=why)
    for cidr, port in store.identity:
        why = f"who the server is to object_stores.{name}"
        yield Edge(consumer=postgres(server), producer=Network(cidrs=(cidr,)), port=port, why=why)


def _operated(target: KubernetesTargetSpec, name: str) -> Iterator[Edge]:
    """What CloudNativePG needs around a server. https://cloudnative-pg.io/documentation/1.30/networking/"""
    server = postgres(name)
    operator = target.cluster.operators["cloudnative_pg"]
    pods = Pods(namespace=operator.namespace, labels=labels_of("cloudnative_pg", operator.labels))
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
    """KEDA's operator asks a queue's server itself. https://keda.sh/docs/2.21/concepts/"""
    found: dict[tuple[str, int], Instance] = {}
    for spec in stack.app_services.values():
        match app_facts.queue(spec):
            case TableQueueSpec(postgres=name):
                found[name, postgres_facts.PORT] = postgres(name)
            case ListQueueSpec(redis=name):
                proxied = any(isinstance(c, ToRedis) and c.redis == name and c.via == "proxy" for c in spec.connects_to)
                doors = redis_edges.doors(name, stack.redis_caches[name], proxied=proxied)
                found |= {(door.name, port): door for door, port in doors}
            case None:
                pass
    for (_, port), producer in sorted(found.items(), key=lambda door: door[0]):
        operator = target.cluster.operators["keda"]
        pods = Pods(namespace=operator.namespace, labels=labels_of("keda", operator.labels))
        yield Edge(consumer=pods, producer=producer, port=port, why="KEDA asks how much waits")


def _routed(stack: StackConfig) -> Iterator[Edge]:
    """Routes: on Kubernetes the cluster's proxies open them, on Docker a container of the stack."""
    if stack.edge is None:
        return
    target = stack.environment.target
    door: Peer = entrance()
    if isinstance(target, KubernetesTargetSpec):
        assert target.cluster.gateway is not None, "a proof has looked for it"
        door = Pods(namespace=target.cluster.gateway.proxy_namespace, labels=target.cluster.gateway.proxy_labels)
        if edge_facts.acme_hosts(stack.edge):
            solver = Instance(name=edge_facts.NAME, labels=edge_facts.SOLVER_LABELS)
            yield Edge(
                consumer=door, producer=solver, port=edge_facts.SOLVER_PORT, why="Let's Encrypt asks for a proof"
            )
    for route in edge_facts.routes(stack.app_services, stack.cdn_frontends, stack.monitoring):
        for share in route.backends:
            yield Edge(consumer=door, producer=_behind(route, share), port=share.port, why=".".join(route.place))


def _behind(route: Route, share: Share) -> Instance:
    if route.section == monitoring_facts.SECTION:
        return monitoring_facts.instance(monitoring_facts.GRAFANA)
    return app(share.backend) if route.section == "app_services" else frontend(share.backend)


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
