"""Containers beside a server on Docker: the one-shot that sets it up, a pooler, and what any of them is made like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_docker as docker

from components import versions
from components.connections import BacksUp, Consumer, Gate
from components.postgres_cluster import base_backup, facts
from components.postgres_cluster.pooler import PoolerSpec
from components.postgres_cluster.setup_sql import setup_sql
from components.postgres_cluster.spec import PostgresClusterSpec
from components.targets import DockerTarget
from components.targets.docker import (
    CONFIG_FOLDER,
    LOG_OPTIONS,
    SECRETS_FOLDER,
    TOOLS_FOLDER,
    Files,
    cpus,
    exited_well,
    files,
    image,
    megabytes,
)

SERVER_USER = 999
"""The server image's own postgres user."""

POOLER_USER = 998
"""The pooler image's own user."""

VOLUME_IN_ROOT_SINCE = 18
"""From this major on the image keeps data in a folder per major below /var/lib/postgresql, and refuses the old place."""


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
        must_run=False,
        attach=True,
        restart="no",
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=target.networks[name])],
        # Otherwise the image's own volume is made anew for each run, and nobody ever removes it.
        mounts=[docker.ContainerMountArgs(type="tmpfs", target=data_folder(spec.major))],
        uploads=[
            docker.ContainerUploadArgs(file="/setup/setup.sql", content=script, permissions="0444"),
            docker.ContainerUploadArgs(file="/setup/superuser", content=superuser, permissions="0444"),
        ],
        opts=pulumi.ResourceOptions(
            parent=parent, provider=target.provider, depends_on=[server], replace_with=[server]
        ),
    )
    return Gate(resources=(server, one_shot), passed=exited_well(one_shot, f"{target.prefix}-{name}-setup"))


def before_a_release(
    server_name: str,
    spec: PostgresClusterSpec,
    target: DockerTarget,
    postgres: docker.RemoteImage,
    superuser: pulumi.Output[str],
    server: docker.Container,
    archive: docker.Volume,
    gate: Gate,
) -> BacksUp:
    """A base backup into the archive's volume, by a container that ends with it."""

    def take(name: str, release: pulumi.Input[str], parent: pulumi.Resource) -> Gate:
        container = docker.Container(
            name,
            name=f"{target.prefix}-{name}",
            image=postgres.image_id,
            entrypoints=["sh", "-euc"],
            command=[base_backup.BESIDE],
            envs=[f"SERVER={server_name}", pulumi.Output.concat("RELEASE=", release)],
            user=f"{SERVER_USER}:{SERVER_USER}",
            must_run=False,
            attach=True,
            restart="no",
            capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
            network_mode=pulumi.Output.concat("container:", server.id),
            mounts=[
                docker.ContainerMountArgs(type="volume", source=archive.name, target=base_backup.ARCHIVE),
                docker.ContainerMountArgs(type="tmpfs", target=data_folder(spec.major)),
            ],
            uploads=[docker.ContainerUploadArgs(file="/backup/superuser", content=superuser, permissions="0444")],
            start=True if gate.passed is None else gate.passed,
            opts=pulumi.ResourceOptions(parent=parent, provider=target.provider, depends_on=list(gate.resources)),
        )
        return Gate(resources=(container,), passed=exited_well(container, f"{target.prefix}-{name}"))

    return take


def data_folder(major: int) -> str:
    """Where the image has its volume. https://hub.docker.com/_/postgres"""
    return "/var/lib/postgresql" if major >= VOLUME_IN_ROOT_SINCE else "/var/lib/postgresql/data"


def pooler(
    name: str,
    spec: PoolerSpec,
    target: DockerTarget,
    gate: Gate,
    parent: pulumi.Resource,
    *,
    consumers: Sequence[Consumer],
    passwords: Mapping[str, pulumi.Output[str]],
    exporter: pulumi.Output[str] | None,
) -> docker.Container:
    """PgBouncer under the alias `{name}-pooler`, on the server's network and port."""
    listed = {consumer.app: passwords[consumer.app] for consumer in consumers}
    if exporter is not None:
        listed[facts.EXPORTER_ROLE] = exporter
    users = pulumi.Output.all(**listed).apply(lambda known: "".join(f'"{user}" "{known[user]}"\n' for user in listed))
    databases = sorted({consumer.database for consumer in consumers})
    ini = pooler_ini(name, spec, databases, watched=exporter is not None)
    written = files(
        f"{name}-pooler",
        {CONFIG_FOLDER: {"pgbouncer.ini": ini}, SECRETS_FOLDER: {"users.txt": users}},
        POOLER_USER,
        target,
        parent,
    )
    return companion(
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
        memory=megabytes(spec.resources.memory),
        cpu=spec.resources.cpu,
        port=facts.PORT,
    )


def pooler_ini(name: str, spec: PoolerSpec, databases: Sequence[str], *, watched: bool) -> str:
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
    if watched:
        settings["stats_users"] = facts.EXPORTER_ROLE  # may look, and change nothing
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


def companion(
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
    memory: int,
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
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        security_opts=["no-new-privileges:true"],
        memory=memory,
        memory_swap=memory,
        cpus=cpus(cpu),
        restart="unless-stopped",
        log_driver="json-file",
        log_opts=LOG_OPTIONS,
        networks_advanced=[
            docker.ContainerNetworksAdvancedArgs(name=target.networks[name], aliases=[f"{name}-{role}"])
        ],
        mounts=[
            *written.mounts,
            docker.ContainerMountArgs(type="volume", source=target.tools, target=TOOLS_FOLDER, read_only=True),
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
