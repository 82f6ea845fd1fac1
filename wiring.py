"""What an app is told about everything it uses: the one place where a producer's outputs meet its consumers."""

from __future__ import annotations

from collections.abc import Mapping

from components.app_service.component import AppService, connection
from components.app_service.connects_to import ToApp, ToPostgres
from components.app_service.delivery import Connection
from components.postgres_cluster import PostgresCluster
from topology import Topology


def connections(
    app: str, plan: Topology, databases: Mapping[str, PostgresCluster], apps: Mapping[str, AppService]
) -> list[Connection]:
    """`apps` holds those that were made before; an app waits for no other."""
    told: list[Connection] = []
    for declared in plan.uses(app):
        match declared:
            case ToPostgres():
                told.append(databases[declared.postgres].connection(app, declared))
            case ToApp():
                gate = apps[declared.app].gate if declared.app in plan.gates(app) else None
                told.append(connection(declared, plan.stack.app_services[declared.app], gate))
            case _:
                pass
    return told
