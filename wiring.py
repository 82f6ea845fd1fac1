"""The ground of a plan, what watches it, and what an app is told about everything it uses: where a producer's outputs meet its consumers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.app_service.component import AppService, connection
from components.app_service.connects_to import ToApp, ToObjectStore, ToPostgres, ToRedis, variables_prefix
from components.app_service.delivery import Connection
from components.cdn_frontend import CDNFrontend
from components.connections import ObjectStoreConnection
from components.edge_gateway import EdgeGateway, EdgeGatewaySpec
from components.edge_gateway import facts as edge_facts
from components.environment import Environment
from components.monitoring_stack import MonitoringSpec, MonitoringStack
from components.object_stores import ObjectStoreSpec, S3StoreSpec
from components.postgres_cluster import PostgresCluster
from components.redis_cache import RedisCache
from components.targets import KubernetesTarget
from topology import Topology


def environment(plan: Topology) -> Environment:
    """The ground that a plan wants to stand on."""
    return Environment(
        "environment",
        plan.stack.environment,
        prefix=plan.prefix,
        project=pulumi.get_project(),
        networks=plan.networks,
        apart=plan.apart,
    )


def edge(
    spec: EdgeGatewaySpec,
    plan: Topology,
    ground: Environment,
    behind: Mapping[str, AppService | CDNFrontend],
    secrets: pulumi.Output[Mapping[str, str]],
) -> EdgeGateway:
    """The way in, once what it leads to is there."""
    return EdgeGateway(
        edge_facts.NAME,
        spec,
        target=ground.target,
        apart={name: ground.apart[home] for name, home in plan.homes.items() if home in ground.apart},
        routes=plan.routes,
        edges=plan.around(edge_facts.NAME),
        secrets=secrets,
        gates=[behind[s.backend].gate for route in plan.routes for s in route.backends if s.backend in behind],
    )


def monitoring(
    spec: MonitoringSpec, plan: Topology, ground: Environment, secrets: pulumi.Output[Mapping[str, str]]
) -> MonitoringStack:
    """What watches everything that a plan holds, in a namespace of its own where there are any."""
    targets = {plan.prefix: ground.target, **{plan.apart[name].namespace: to for name, to in ground.apart.items()}}
    return MonitoringStack(
        "monitoring",
        spec,
        target=ground.apart.get("monitoring", ground.target),
        telemetry=plan.telemetry,
        edges=plan.monitoring_edges(),
        namespaces={name: to.namespace for name, to in targets.items() if isinstance(to, KubernetesTarget)},
        secrets=secrets,
    )


@dataclass(frozen=True, kw_only=True)
class Producers:
    """Everything an app can connect to."""

    databases: Mapping[str, PostgresCluster]
    caches: Mapping[str, RedisCache]
    apps: Mapping[str, AppService]
    """Those that were made before the app that asks; grows while apps are made, in their start order."""
    secrets: pulumi.Output[Mapping[str, str]]
    """The stack file's."""

    def connections(self, app: str, role: str, plan: Topology) -> list[Connection]:
        """For an app, or for its migrations with a role of their own."""
        told: list[Connection] = []
        for declared in plan.uses(app):
            match declared:
                case ToPostgres():
                    told.append(self.databases[declared.postgres].connection(role, declared))
                case ToRedis():
                    told.append(self.caches[declared.redis].connection(app, declared))
                case ToApp():
                    gate = self.apps[declared.app].gate if declared.app in plan.gates(app) else None
                    lent = self.apps[declared.app].credentials[declared.credential] if declared.credential else None
                    producer, host = plan.stack.app_services[declared.app], plan.host(declared.app)
                    told.append(connection(declared, producer, host, gate, lent))
                case ToObjectStore():
                    store = plan.stack.object_stores[declared.object_store]
                    told.append(_bucket(declared, store, self.secrets))
                case _:
                    pass
        return told


def _bucket(
    declared: ToObjectStore, store: ObjectStoreSpec, secrets: pulumi.Output[Mapping[str, str]]
) -> ObjectStoreConnection:
    assert isinstance(store, S3StoreSpec), "a proof has looked at its provider"
    keys, prefix = store.credentials, variables_prefix(declared)
    assert keys is not None, "a proof has looked for them"
    return ObjectStoreConnection(
        prefix=prefix,
        deliver=declared.deliver,
        told=store.told,
        access_key=secrets.apply(lambda given: given[keys.access_key.secret]),
        secret_key=secrets.apply(lambda given: given[keys.secret_key.secret]),
    )
