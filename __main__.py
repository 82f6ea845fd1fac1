"""One stack, top to bottom. Every difference between environments stands in its stack file."""

from __future__ import annotations

import pulumi

import config
import topology
from components.app_service import AppService, facts
from components.app_service.component import connection
from components.app_service.connects_to import ToApp, ToPostgres
from components.app_service.delivery import Connection
from components.environment import Environment
from components.postgres_cluster import PostgresCluster

plan = topology.plan(config.read())
stack = plan.stack
secrets = config.secrets()

environment = Environment(
    "environment",
    stack.environment,
    prefix=plan.prefix,
    project=pulumi.get_project(),
    networks=plan.networks,
    apart=plan.apart,
)
target = environment.target

databases = {
    name: PostgresCluster(
        name,
        spec,
        target=target,
        consumers=plan.consumers(name),
        inbound=plan.inbound(name),
        outbound=plan.outbound(name),
    )
    for name, spec in sorted(stack.postgres_clusters.items())
}

apps: dict[str, AppService] = {}


def connections(app: str, role: str) -> list[Connection]:
    """What an app, or its migrations with a role of their own, is told about everything it uses."""
    told: list[Connection] = []
    for declared in plan.uses(app):
        match declared:
            case ToPostgres():
                told.append(databases[declared.postgres].connection(role, declared))
            case ToApp():
                gate = apps[declared.app].gate if declared.app in plan.gates(app) else None
                lent = apps[declared.app].credentials[declared.credential] if declared.credential else None
                host = plan.host(declared.app)
                told.append(connection(declared, stack.app_services[declared.app], host, gate, lent))
            case _:
                pass
    return told


for name in plan.start_order:
    if name in stack.app_services:
        apps[name] = AppService(
            name,
            stack.app_services[name],
            target=environment.apart.get(name, target),
            inbound=plan.inbound(name),
            outbound=plan.outbound(name),
            connections=connections(name, name),
            defaults=plan.defaults(name),
            migrator=connections(name, facts.migrator(name)) if stack.app_services[name].migrations else (),
            secrets=secrets,
        )

if plan.peak.pods:
    pulumi.info(f"peak of the stack: {plan.peak}")
pulumi.export("apps", {name: {"host": app.host, "ports": dict(app.ports)} for name, app in sorted(apps.items())})
pulumi.export("databases", {name: sorted(stack.postgres_clusters[name].databases) for name in sorted(databases)})
