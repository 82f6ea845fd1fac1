"""What an app is told about everything it uses: the one place where a producer's outputs meet its consumers."""

from __future__ import annotations

from collections.abc import Mapping

from components.app_service.component import AppService, connection
from components.app_service.connects_to import ToApp, ToPostgres
from components.app_service.delivery import Connection
from components.postgres_cluster import PostgresCluster
from topology import Topology


def connections(
    app: str, role: str, plan: Topology, databases: Mapping[str, PostgresCluster], apps: Mapping[str, AppService]
) -> list[Connection]:
    """For an app, or for its migrations with a role of their own. `apps` holds those that were made before."""
    told: list[Connection] = []
    for declared in plan.uses(app):
        match declared:
            case ToPostgres():
                told.append(databases[declared.postgres].connection(role, declared))
            case ToApp():
                gate = apps[declared.app].gate if declared.app in plan.gates(app) else None
                lent = apps[declared.app].credentials[declared.credential] if declared.credential else None
                told.append(connection(declared, plan.stack.app_services[declared.app], gate, lent))
            case _:
                pass
    return told
