"""Containers beside a server on Docker: the one-shot that sets it up, a pooler, an exporter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_docker as docker

from components import versions
from components.connections import Consumer, Gate
from components.folders import CONFIG_FOLDER, SECRETS_FOLDER
from components.postgres_cluster import facts
from components.postgres_cluster.pooler import PoolerSpec
from components.postgres_cluster.setup_sql import setup_sql
from components.postgres_cluster.spec import PostgresClusterSpec
from components.targets import DockerTarget
from components.targets.docker import (
    ONCE,
    TOOLS_FOLDER,
    Files,
    exited_well,
    files,
    hardened,
    image,
    tools,
)

SERVER_USER = 999
"""The server image's own postgres user."""

POOLER_USER = 998
"""The pooler image's own user."""

NOBODY = 65534
"""The exporter image's own user."""

EXPORTER_MEMORY = "64Mi"

EXPORTER_FLAGS = (
    "--collector.database_wraparound",
    "--collector.long_running_transactions",
    "--collector.postmaster",
    "--collector.stat_checkpointer",
)
"""Collectors that are off by default, and that signals need."""


def setup(
    name: str,
    spec: PostgresClusterSpec,
    target: DockerTarget,
    postgres: docker.RemoteImage,
    superuser: pulumi.Output[str],
    server: docker.Container,
    parent: pulumi.Resource,
    *,
    consumers: Sequence[Consumer],
    passwords: Mapping[str, pulumi.Output[str]],
    exporter: pulumi.Output[str] | None,
) -> Gate:
    """Databases and roles as declared, on a server that may have run for years: the image's own scripts run only once."""
    known = {**passwords, **({} if exporter is None else {facts.EXPORTER_ROLE: exporter})}
    script = pulumi.Output.all(**known).apply(lambda values: setup_sql(spec.databases, consumers, values))
    one_shot = docker.Container(
        f"{name}-setup",
        name=f"{target.prefix}-{name}-setup",
        image=postgres.image_id,
        entrypoints=["sh", "-euc"],
        command=[
            f"PGPASSWORD=$(cat /setup/superuser) exec psql -h {name} -U postgres -v ON_ERROR_STOP=1 -q -f /setup/setup.sql"
        ],
        user=f"{SERVER_USER}:{SERVER_USER}",
        **ONCE,
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=target.networks[name])],
        uploads=[
            docker.ContainerUploadArgs(file="/setup/setup.sql", content=script, permissions="0444"),
            docker.ContainerUploadArgs(file="/setup/superuser", content=superuser, permissions="0444"),
        ],
        opts=pulumi.ResourceOptions(
            parent=parent, provider=target.provider, depends_on=[server], replace_with=[server]
        ),
    )
    return Gate(resources=(server, one_shot), passed=exited_well(one_shot, f"{target.prefix}-{name}-setup"))


def pooler(
    name: str,
    spec: PoolerSpec,
    target: DockerTarget,
    gate: Gate,
    parent: pulumi.Resource,
    *,
    consumers: Sequence[Consumer],
    passwords: Mapping[str, pulumi.Output[str]],
) -> docker.Container:
    """PgBouncer under the alias `{name}-pooler`, on the server's network and port."""
    users = pulumi.Output.all(**passwords).apply(
        lambda known: "".join(f'"{consumer.app}" "{known[consumer.app]}"\n' for consumer in consumers)
    )
    databases = sorted({consumer.database for consumer in consumers})
    written = files(
        f"{name}-pooler",
        {CONFIG_FOLDER: {"pgbouncer.ini": pooler_ini(name, spec, databases)}, SECRETS_FOLDER: {"users.txt": users}},
        POOLER_USER,
        target,
        parent,
    )
    return _companion(
        name,
        "pooler",
        versions.PGBOUNCER_DOCKER,
        target,
        parent,
        written,
        gate,
        entrypoint=["pgbouncer"],
        command=[f"{CONFIG_FOLDER}/pgbouncer.ini"],
        user=POOLER_USER,
        memory=spec.resources.memory,
        cpu=spec.resources.cpu,
        port=facts.PORT,
    )


def pooler_ini(name: str, spec: PoolerSpec, databases: Sequence[str]) -> str:
    """https://www.pgbouncer.org/config.html"""
    settings = {
        **spec.parameters,
        "auth_file": f"{SECRETS_FOLDER}/users.txt",
        "auth_type": "scram-sha-256",
        # Drivers for Java set it; it changes nothing that a pooled session could leak.
        "ignore_startup_parameters": "extra_float_digits",
        "listen_addr": "*",
        "listen_port": str(facts.PORT),
        "pool_mode": spec.mode,
        "unix_socket_dir": "",
    }
    return "\n".join(
        [
            "[databases]",
            *(f"{database} = host={name} port={facts.PORT} dbname={database}" for database in databases),
            "",
            "[pgbouncer]",
            *(f"{key} = {value}" for key, value in sorted(settings.items())),
            "",
        ]
    )


def exporter(
    name: str, target: DockerTarget, password: pulumi.Output[str], gate: Gate, parent: pulumi.Resource
) -> docker.Container:
    """postgres_exporter under the alias `{name}-exporter`, as a role that may read statistics and no rows."""
    written = files(f"{name}-exporter", {SECRETS_FOLDER: {"password": password}}, NOBODY, target, parent)
    return _companion(
        name,
        "exporter",
        versions.POSTGRES_EXPORTER,
        target,
        parent,
        written,
        gate,
        command=list(EXPORTER_FLAGS),
        user=NOBODY,
        memory=EXPORTER_MEMORY,
        cpu="100m",
        port=facts.METRICS_PORT,
        envs=[
            f"DATA_SOURCE_URI={name}:{facts.PORT}/postgres?sslmode=disable",
            f"DATA_SOURCE_USER={facts.EXPORTER_ROLE}",
            f"DATA_SOURCE_PASS_FILE={SECRETS_FOLDER}/password",
        ],
    )


def _companion(
    name: str,
    role: str,
    reference: str,
    target: DockerTarget,
    parent: pulumi.Resource,
    written: Files,
    gate: Gate,
    *,
    command: list[str],
    user: int,
    memory: str,
    cpu: str,
    port: int,
    entrypoint: list[str] | None = None,
    envs: list[str] | None = None,
) -> docker.Container:
    """A small server on the database's own network, started once the database is set up."""
    passed = written.written if gate.passed is None else pulumi.Output.all(written.written, gate.passed).apply(all)
    return docker.Container(
        f"{name}-{role}",
        name=f"{target.prefix}-{name}-{role}",
        hostname=f"{name}-{role}",
        image=image(f"{name}-{role}", reference, target, parent).image_id,
        entrypoints=entrypoint,
        command=command,
        envs=envs,
        user=f"{user}:{user}",
        read_only=True,
        **hardened(memory, cpu),
        restart="unless-stopped",
        networks_advanced=[
            docker.ContainerNetworksAdvancedArgs(name=target.networks[name], aliases=[f"{name}-{role}"])
        ],
        mounts=[
            *written.mounts,
            tools(target),
        ],
        healthcheck=_listens(port),
        wait=True,
        wait_timeout=60,
        start=passed,
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=target.provider,
            depends_on=[*gate.resources, *written.written_by],
            replace_with=list(written.written_by),
        ),
    )


def _listens(port: int) -> docker.ContainerHealthcheckArgs:
    return docker.ContainerHealthcheckArgs(
        tests=["CMD", f"{TOOLS_FOLDER}/busybox", "nc", "-z", "-w", "2", "127.0.0.1", str(port)],
        interval="5s",
        timeout="3s",
        retries=5,
        start_period="10s",
    )
