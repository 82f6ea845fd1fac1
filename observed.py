"""What every part of a stack tells the monitoring, gathered. Pure.

Owns: which telemetry belongs to which section. Leaves what each says to `components/<name>/telemetry.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.app_service import telemetry as apps
from components.cdn_frontend import telemetry as sites
from components.edge_gateway import facts as edge_facts
from components.edge_gateway import telemetry as edge
from components.environment import telemetry as ground
from components.environment.spec import KubernetesTargetSpec
from components.monitoring_stack import telemetry as monitoring
from components.postgres_cluster import telemetry as postgres
from components.redis_cache import telemetry as redis
from components.telemetry import Telemetry
from config import StackConfig


def telemetry(stack: StackConfig, prefix: str = "") -> Iterator[Telemetry]:
    """One record for each instance of the stack, for its ground, and for the monitoring itself; none without monitoring.
    `prefix` is the stack's namespace on Kubernetes.
    """
    if stack.monitoring is None:
        return
    target = stack.environment.target.kind
    yield ground.telemetry(stack.environment)
    yield monitoring.telemetry(stack.monitoring, target)
    for name, server in sorted(stack.postgres_clusters.items()):
        yield postgres.telemetry(name, server, target)
    for name, cache in sorted(stack.redis_caches.items()):
        yield redis.telemetry(name, cache, target)
    for name, app in sorted(stack.app_services.items()):
        yield apps.telemetry(name, app, target)
    for name, site in sorted(stack.cdn_frontends.items()):
        yield sites.telemetry(name, site, target)
    if stack.edge is not None:
        routes = edge_facts.routes(stack.app_services, stack.cdn_frontends)
        place = stack.environment.target
        cluster = place.cluster if isinstance(place, KubernetesTargetSpec) else None
        door = f"{edge_facts.NAME}:{edge_facts.DOCKER_PORT}" if cluster is None else None
        yield edge.telemetry(stack.edge, routes, door=door, cluster=cluster, prefix=prefix)
