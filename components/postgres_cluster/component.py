"""PostgresCluster: a PostgreSQL server, its databases, and one role for each app that uses it.

Owns: the server, its volumes, databases, roles, passwords and binding Secrets, its side of the network rules. Leaves
alone: tables, which belong to the apps' migrations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

import pulumi
import pulumi_random as random

from components.app_service.connects_to import ToPostgres
from components.connections import Consumer, Edge, PostgresConnection
from components.object_stores import ObjectStoreSpec
from components.postgres_cluster.access import Access
from components.postgres_cluster.spec import PostgresClusterSpec
from components.postgres_cluster.telemetry import telemetry
from components.targets import DockerTarget, KubernetesTarget, Target
from components.telemetry import Telemetry


class PostgresCluster(pulumi.ComponentResource):
    """Runs PostgreSQL.

    Kubernetes: a CloudNativePG Cluster, a Database and an owner DatabaseRole per database, a login DatabaseRole and a
    binding Secret per consuming app, a NetworkPolicy; where asked for an ObjectStore and a ScheduledBackup, a Pooler.
    Docker: one container of the same major on a volume of its own, and a one-shot container that brings databases and
    roles up to date; where asked for a volume for the archive, a pooler; exporters where the monitoring asks for series.
    Everything that holds data or credentials is protected, and kept if it is deleted by force.
    """

    access: Mapping[str, Access]
    """How each consuming app gets in, by the app's name."""
    telemetry: Telemetry
    """What it tells the monitoring."""

    def __init__(
        self,
        name: str,
        spec: PostgresClusterSpec,
        *,
        target: Target,
        consumers: Sequence[Consumer] = (),
        edges: tuple[Sequence[Edge], Sequence[Edge]] = ((), ()),
        object_stores: Mapping[str, ObjectStoreSpec] | None = None,
        secrets: pulumi.Output[Mapping[str, str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:index:PostgresCluster", name, spec.model_dump(mode="json", exclude_none=True), opts)
        passwords = {consumer.app: _password(name, consumer, self) for consumer in consumers}
        match target:
            case KubernetesTarget():
                from components.postgres_cluster import kubernetes

                self.access = kubernetes.create(
                    name,
                    spec,
                    target,
                    consumers=consumers,
                    passwords=passwords,
                    edges=edges,
                    stores={} if object_stores is None else object_stores,
                    secrets=pulumi.Output.secret(dict[str, str]()) if secrets is None else secrets,
                    parent=self,
                )
                self.telemetry = telemetry(name, spec, "kubernetes")
            case DockerTarget():
                from components.postgres_cluster import docker

                self.access = docker.create(
                    name, spec, target, consumers=consumers, passwords=passwords, inbound=edges[0], parent=self
                )
                self.telemetry = telemetry(name, spec, "docker")
            case _:
                assert_never(target)
        self.register_outputs({"databases": sorted(spec.databases), "consumers": sorted(self.access)})

    def connection(self, role: str, declared: ToPostgres) -> PostgresConnection:
        """What one consumer is told: an app, or its migrations, which never go through a pooler or to a standby."""
        access = self.access[role]
        through = "primary" if access.consumer.grants else declared.through
        return access.connection(declared.postgres, prefix=declared.prefix, deliver=declared.deliver, through=through)


def _password(name: str, consumer: Consumer, parent: pulumi.Resource) -> pulumi.Output[str]:
    """Letters and digits only: it stands in URIs and in SQL."""
    return random.RandomPassword(
        f"{name}-{consumer.app}-password",
        length=32,
        special=False,
        opts=pulumi.ResourceOptions(
            parent=parent, protect=consumer.deletion_protection, retain_on_delete=consumer.deletion_protection
        ),
    ).result
