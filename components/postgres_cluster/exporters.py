"""What serves a server's series on Docker, once the monitoring asks for them; on Kubernetes the operator's own do."""

from __future__ import annotations

import pulumi
import pulumi_docker as docker

from components import versions
from components.connections import Gate
from components.postgres_cluster import facts
from components.postgres_cluster.beside import companion
from components.targets import DockerTarget
from components.targets.docker import SECRETS_FOLDER, files

NOBODY = 65534
"""The images' own user."""

MEGABYTES = 64

COLLECTORS = (
    "--collector.database_wraparound",
    "--collector.long_running_transactions",
    "--collector.postmaster",
    "--collector.stat_checkpointer",
)
"""Off by default, and needed by signals."""

POOLER_DATABASE = "pgbouncer"
"""PgBouncer's own, which answers SHOW. https://www.pgbouncer.org/usage.html#admin-console"""


def server(
    name: str, target: DockerTarget, password: pulumi.Output[str], gate: Gate, parent: pulumi.Resource
) -> docker.Container:
    """postgres_exporter under the alias `{name}-exporter`, as a role that may read statistics and no rows."""
    written = files(f"{name}-exporter", {SECRETS_FOLDER: {"password": password}}, NOBODY, target, parent)
    return companion(
        name,
        "exporter",
        versions.POSTGRES_EXPORTER,
        target,
        parent,
        written,
        gate,
        command=list(COLLECTORS),
        user=NOBODY,
        memory=MEGABYTES,
        cpu="100m",
        port=facts.METRICS_PORT,
        envs=[
            f"DATA_SOURCE_URI={name}:{facts.PORT}/postgres?sslmode=disable",
            f"DATA_SOURCE_USER={facts.EXPORTER_ROLE}",
            f"DATA_SOURCE_PASS_FILE={SECRETS_FOLDER}/password",
        ],
    )


def pooler(
    name: str, target: DockerTarget, password: pulumi.Output[str], gate: Gate, parent: pulumi.Resource
) -> docker.Container:
    """pgbouncer_exporter under the alias `{name}-pooler-exporter`, as a user who may only look."""
    line = password.apply(pooler_password)
    written = files(f"{name}-pooler-exporter", {SECRETS_FOLDER: {"pgpass": line}}, NOBODY, target, parent)
    return companion(
        name,
        "pooler-exporter",
        versions.PGBOUNCER_EXPORTER,
        target,
        parent,
        written,
        gate,
        command=pooler_flags(f"{name}-pooler", facts.PORT),
        user=NOBODY,
        memory=MEGABYTES,
        cpu="100m",
        port=facts.POOLER_METRICS_PORT,
        envs=[f"PGPASSFILE={SECRETS_FOLDER}/pgpass"],
    )


def pooler_flags(host: str, port: int) -> list[str]:
    """The address without its password, which a file holds: arguments show in `docker inspect`."""
    address = f"postgres://{facts.EXPORTER_ROLE}@{host}:{port}/{POOLER_DATABASE}?sslmode=disable"
    return [f"--pgBouncer.connectionString={address}"]


def pooler_password(password: str) -> str:
    """https://www.postgresql.org/docs/18/libpq-pgpass.html"""
    return f"*:*:{POOLER_DATABASE}:{facts.EXPORTER_ROLE}:{password}\n"
