"""One stack, top to bottom. Every difference between environments stands in its stack file."""

from __future__ import annotations

import pulumi

import config
import topology
import wiring
from components.app_service import AppService, facts
from components.cdn_frontend import CDNFrontend
from components.postgres_cluster import PostgresCluster
from components.redis_cache import RedisCache

plan = topology.plan(config.read())
stack = plan.stack
secrets = config.secrets()

environment = wiring.environment(plan)
target = environment.target

databases = {
    name: PostgresCluster(
        name,
        spec,
        target=target,
        consumers=plan.consumers(name),
        edges=plan.around(name),
        object_stores=stack.object_stores,
        secrets=secrets,
    )
    for name, spec in sorted(stack.postgres_clusters.items())
}
caches = {
    name: RedisCache(name, spec, target=target, consumers=plan.redis_users(name), edges=plan.redis_edges(name))
    for name, spec in sorted(stack.redis_caches.items())
}
apps: dict[str, AppService] = {}
made = wiring.Producers(databases=databases, caches=caches, apps=apps, secrets=secrets)
for name in plan.start_order:
    if name in stack.app_services:
        apps[name] = AppService(
            name,
            stack.app_services[name],
            target=environment.apart.get(name, target),
            edges=plan.around(name),
            batch=plan.outbound(facts.batch(name)),
            pushes_to=plan.pushes_to(name),
            connections=made.connections(name, name, plan),
            contract=plan.contract(name),
            migrator=made.connections(name, facts.migrator(name), plan) if stack.app_services[name].migrations else (),
            secrets=secrets,
        )

frontends = {
    name: CDNFrontend(
        name,
        spec,
        target=target,
        ports=plan.proxied(name),
        edges=plan.around(name),
        gates=[apps[app].gate for app in plan.fronted(name)],
    )
    for name, spec in sorted(stack.cdn_frontends.items())
}

if stack.edge is not None:
    edge = wiring.edge(stack.edge, plan, environment, {**apps, **frontends}, secrets)
    pulumi.export("urls", edge.urls)

if stack.monitoring is not None:
    pulumi.export("monitoring", wiring.monitoring(stack.monitoring, plan, environment, secrets).address)

if plan.peak.pods:
    pulumi.info(f"peak of the stack: {plan.peak}")
pulumi.export("apps", {name: {"host": app.host, "ports": dict(app.ports)} for name, app in sorted(apps.items())})
pulumi.export("databases", {name: sorted(stack.postgres_clusters[name].databases) for name in sorted(databases)})
