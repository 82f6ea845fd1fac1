"""What every part of a stack tells the monitoring, gathered. Pure.

Owns: which telemetry belongs to which section, and whom the ground need not speak for. Leaves what each says to
`components/<name>/telemetry.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from components.app_service import facts as app_facts
from components.app_service import telemetry as apps
from components.app_service.spec import OWN_CONTAINER
from components.cdn_frontend import telemetry as sites
from components.edge_gateway import facts as edge_facts
from components.edge_gateway import telemetry as edge
from components.environment import telemetry as ground
from components.environment.signals import NOBODY, Elsewhere
from components.environment.spec import KubernetesTargetSpec
from components.monitoring_stack import telemetry as monitoring
from components.postgres_cluster import telemetry as postgres
from components.redis_cache import telemetry as redis
from components.telemetry import Telemetry
from config import StackConfig


def telemetry(stack: StackConfig, prefix: str) -> Iterator[Telemetry]:
    """One record for each instance of the stack, for its ground, and for the monitoring itself; none without monitoring.
    `prefix` is the start of its names, and on Kubernetes its namespace.
    """
    if stack.monitoring is None:
        return
    target = stack.environment.target.kind
    yield ground.telemetry(stack.environment, prefix, _elsewhere(stack))
    yield monitoring.telemetry(stack.monitoring, target, pushed=bool(app_facts.pushers(stack.app_services)))
    for name, server in sorted(stack.postgres_clusters.items()):
        yield postgres.telemetry(name, server, target)
    for name, cache in sorted(stack.redis_caches.items()):
        yield redis.telemetry(name, cache, target)
    for name, app in sorted(stack.app_services.items()):
        yield apps.telemetry(name, app, target, prefix=prefix, anomalies=stack.monitoring.anomalies)
    for name, site in sorted(stack.cdn_frontends.items()):
        yield sites.telemetry(name, site, target)
    if stack.edge is not None:
        routes = edge_facts.routes(stack.app_services, stack.cdn_frontends, stack.monitoring)
        place = stack.environment.target
        cluster = place.cluster if isinstance(place, KubernetesTargetSpec) else None
        door = f"{edge_facts.NAME}:{edge_facts.DOCKER_PORT}" if cluster is None else None
        yield edge.telemetry(stack.edge, routes, door=door, cluster=cluster, prefix=prefix)


def _elsewhere(stack: StackConfig) -> Elsewhere:
    """Apps tell of their own workloads, jobs and volumes, servers of their volumes."""
    apps_ = stack.app_services
    jobs = {f"{name}-{job}" for name, app in apps_.items() for job in (*app.jobs, "migrations", "smoke")}
    claims = {f"data-{name}" for name in apps_} | set(stack.postgres_clusters)
    return Elsewhere(
        workloads=_any_of(apps_),
        container=OWN_CONTAINER if apps_ else NOBODY,
        claims=f"({_any_of(claims)})-[0-9]+(-wal)?" if claims else NOBODY,
        jobs=f"({_any_of(jobs)})-.+" if jobs else NOBODY,
        machines=_any_of(apps_),
    )


def _any_of(names: Iterable[str]) -> str:
    return "|".join(sorted(names)) or NOBODY
