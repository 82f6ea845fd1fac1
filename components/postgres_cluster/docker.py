"""PostgresCluster on Docker: one container of the official image. https://hub.docker.com/_/postgres"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_docker as docker
import pulumi_random as random

from components import versions
from components.connections import Consumer, Gate
from components.postgres_cluster import facts
from components.postgres_cluster.access import Access, uri
from components.postgres_cluster.setup_sql import setup_sql
from components.postgres_cluster.spec import PostgresClusterSpec
from components.targets import DockerTarget
from components.targets.docker import (
    LOG_OPTIONS,
    SECRETS_FOLDER,
    cpus,
    exited_well,
    files,
    go_duration,
    image,
    kept,
    megabytes,
    tmpfs,
)

USER = 999
"""The image's own postgres user."""

START_SECONDS = 60

STOP_SECONDS = 60
"""For a fast shutdown (the image's SIGINT) to write its checkpoint."""

VOLUME_IN_ROOT_SINCE = 18
"""From this major on the image keeps data in a folder per major below /var/lib/postgresql, and refuses the old place."""


def create(
    name: str,
    spec: PostgresClusterSpec,
    target: DockerTarget,
    *,
    consumers: Sequence[Consumer],
    passwords: Mapping[str, pulumi.Output[str]],
    parent: pulumi.Resource,
) -> dict[str, Access]:
    keep = kept(parent, target, protect=spec.deletion_protection)
    superuser = random.RandomPassword(
        f"{name}-superuser-password",
        length=32,
        special=False,
        opts=pulumi.ResourceOptions(
            parent=parent, protect=spec.deletion_protection, retain_on_delete=spec.deletion_protection
        ),
    ).result
    postgres = image(name, versions.POSTGRES_DOCKER[spec.major] if spec.image is None else spec.image, target, parent)
    # Named by its major: another major starts on another, empty volume, and the old one stays.
    data = docker.Volume(f"{name}-data", name=f"{target.prefix}-{name}-data-{spec.major}", opts=keep)
    server = _server(name, spec, target, postgres, superuser, data, parent)
    gate = _setup(name, spec, target, postgres, superuser, consumers, passwords, server, parent)
    return {
        consumer.app: Access(
            consumer=consumer,
            host=name,
            password=passwords[consumer.app],
            uri=uri(consumer, name, passwords[consumer.app], "disable"),
            # The server stands on a network of its own that only its consumers are on, inside one machine.
            sslmode="disable",
            binding=None,
            ca=None,
            gate=gate,
        )
        for consumer in consumers
    }


def _server(
    name: str,
    spec: PostgresClusterSpec,
    target: DockerTarget,
    postgres: docker.RemoteImage,
    superuser: pulumi.Output[str],
    data: docker.Volume,
    parent: pulumi.Resource,
) -> docker.Container:
    secrets = files(name, {SECRETS_FOLDER: {"superuser": superuser}}, USER, target, parent)
    mount = "/var/lib/postgresql" if spec.major >= VOLUME_IN_ROOT_SINCE else "/var/lib/postgresql/data"
    published = None if spec.docker is None else spec.docker.publish
    joined = [name] if published is None else [name, f"{name}-egress"]
    return docker.Container(
        f"{name}-server",
        name=f"{target.prefix}-{name}",
        hostname=name,
        image=postgres.image_id,
        command=["postgres", *_parameters(spec)],
        envs=[
            "POSTGRES_INITDB_ARGS=--data-checksums --encoding=UTF8 --auth-host=scram-sha-256",
            f"POSTGRES_PASSWORD_FILE={SECRETS_FOLDER}/superuser",
        ],
        user=f"{USER}:{USER}",
        read_only=True,
        tmpfs={"/run/postgresql": tmpfs("16Mi", USER), "/tmp": tmpfs("64Mi", USER)},  # noqa: S108  # inside the container
        shm_size=max(64, megabytes(spec.resources.memory) // 4),
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        security_opts=["no-new-privileges:true"],
        memory=megabytes(spec.resources.memory),
        memory_swap=megabytes(spec.resources.memory),
        cpus=cpus(spec.resources.cpu),
        restart="unless-stopped",
        log_driver="json-file",
        log_opts=LOG_OPTIONS,
        networks_advanced=[
            docker.ContainerNetworksAdvancedArgs(
                name=target.networks[network], aliases=[name] if network == name else None
            )
            for network in joined
        ],
        ports=None
        if published is None
        else [docker.ContainerPortArgs(internal=facts.PORT, external=published, ip="127.0.0.1", protocol="tcp")],
        mounts=[docker.ContainerMountArgs(type="volume", source=data.name, target=mount), *secrets.mounts],
        healthcheck=_health(),
        wait=True,
        wait_timeout=START_SECONDS * 2,
        stop_timeout=STOP_SECONDS,
        destroy_grace_seconds=STOP_SECONDS,
        start=secrets.written,
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=target.provider,
            depends_on=list(secrets.written_by),
            replace_with=list(secrets.written_by),
        ),
    )


def _health() -> docker.ContainerHealthcheckArgs:
    """Over TCP: the socket answers already while the image's first start still runs its scripts."""
    return docker.ContainerHealthcheckArgs(
        tests=["CMD", "pg_isready", "-h", "127.0.0.1", "-U", "postgres"],
        interval="5s",
        timeout="3s",
        retries=5,
        start_period=go_duration(START_SECONDS),
    )


def _parameters(spec: PostgresClusterSpec) -> list[str]:
    owned = {"max_connections": str(spec.max_connections), "shared_buffers": spec.shared_buffers}
    return [f"--{key}={value}" for key, value in sorted({**spec.parameters, **owned}.items())]


def _setup(
    name: str,
    spec: PostgresClusterSpec,
    target: DockerTarget,
    postgres: docker.RemoteImage,
    superuser: pulumi.Output[str],
    consumers: Sequence[Consumer],
    passwords: Mapping[str, pulumi.Output[str]],
    server: docker.Container,
    parent: pulumi.Resource,
) -> Gate:
    """Databases and roles as declared, on a server that may have run for years: the image's own scripts run only once."""
    script = pulumi.Output.all(**passwords).apply(lambda known: setup_sql(sorted(spec.databases), consumers, known))
    setup = docker.Container(
        f"{name}-setup",
        name=f"{target.prefix}-{name}-setup",
        image=postgres.image_id,
        entrypoints=["sh", "-euc"],
        command=[
            f"PGPASSWORD=$(cat /setup/superuser) exec psql -h {name} -U postgres -v ON_ERROR_STOP=1 -q -f /setup/setup.sql"
        ],
        user=f"{USER}:{USER}",
        must_run=False,
        attach=True,
        restart="no",
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
    return Gate(resources=(server, setup), passed=exited_well(setup, f"{target.prefix}-{name}-setup"))
