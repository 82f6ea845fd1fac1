"""PostgresCluster on Docker: one container of the official image. https://hub.docker.com/_/postgres"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_docker as docker
import pulumi_random as random

from components import versions
from components.connections import Consumer, Edge, Gate, scraped_ports
from components.postgres_cluster import beside, exporters, facts
from components.postgres_cluster.access import Access, Way
from components.postgres_cluster.base_backup import ARCHIVE
from components.postgres_cluster.spec import PostgresClusterSpec, PostgresDockerSpec
from components.targets import DockerTarget
from components.targets.docker import (
    LOG_OPTIONS,
    SECRETS_FOLDER,
    Files,
    cpus,
    exited_well,
    files,
    go_duration,
    image,
    kept,
    megabytes,
    networks_of,
    options,
    tmpfs,
)
from components.vocabulary import seconds

USER = 999
"""The image's own postgres user."""

START_SECONDS = 60

STOP_SECONDS = 60
"""For a fast shutdown (the image's SIGINT) to write its checkpoint."""

ARCHIVE_COMMAND = (
    f"test ! -f {ARCHIVE}/wal/%f && cp %p {ARCHIVE}/wal/%f.partly "
    f"&& sync {ARCHIVE}/wal/%f.partly && mv {ARCHIVE}/wal/%f.partly {ARCHIVE}/wal/%f"
)
"""Never overwrites, and a file is there whole or not at all. https://www.postgresql.org/docs/18/continuous-archiving.html"""


def create(
    name: str,
    spec: PostgresClusterSpec,
    target: DockerTarget,
    *,
    consumers: Sequence[Consumer],
    passwords: Mapping[str, pulumi.Output[str]],
    inbound: Sequence[Edge],
    parent: pulumi.Resource,
) -> dict[str, Access]:
    asked = scraped_ports(inbound)
    local = PostgresDockerSpec() if spec.docker is None else spec.docker
    superuser = _password(name, "superuser", spec, parent)
    postgres = image(name, versions.POSTGRES_DOCKER[spec.major] if spec.image is None else spec.image, target, parent)
    archive = _archive(name, spec, target, parent) if local.archive else None
    server = _server(name, spec, target, postgres, _files(name, superuser, target, parent), archive, parent)
    exporter = _password(name, "exporter", spec, parent) if asked else None
    gate = beside.setup(
        name,
        spec,
        target,
        postgres,
        superuser,
        server,
        parent,
        consumers=consumers,
        passwords=passwords,
        exporter=exporter,
    )
    backs_up = (
        None
        if archive is None
        else beside.before_a_release(name, spec, target, postgres, superuser, server, archive[0], gate)
    )
    ways: dict[Way, str] = {"primary": name}
    if exporter is not None and facts.METRICS_PORT in asked:
        exporters.server(name, target, exporter, gate, parent)
    if spec.pooler is not None:
        ways["pooler"] = f"{name}-pooler"
        pooler = beside.pooler(
            name, spec.pooler, target, gate, parent, consumers=consumers, passwords=passwords, exporter=exporter
        )
        gate = Gate(resources=(*gate.resources, pooler), passed=gate.passed)
        if exporter is not None and facts.POOLER_METRICS_PORT in asked:
            exporters.pooler(name, target, exporter, gate, parent)
    return {
        consumer.app: Access(
            consumer=consumer,
            hosts=ways,
            password=passwords[consumer.app],
            # The server stands on a network of its own that only its consumers are on, inside one machine.
            sslmode="disable",
            binding=None,
            ca=None,
            gate=gate,
            backs_up=backs_up,
        )
        for consumer in consumers
    }


def _password(name: str, role: str, spec: PostgresClusterSpec, parent: pulumi.Resource) -> pulumi.Output[str]:
    keep = spec.deletion_protection
    return random.RandomPassword(
        f"{name}-{role}-password",
        length=32,
        special=False,
        opts=pulumi.ResourceOptions(parent=parent, protect=keep, retain_on_delete=keep),
    ).result


def _files(name: str, superuser: pulumi.Output[str], target: DockerTarget, parent: pulumi.Resource) -> Files:
    return files(name, {SECRETS_FOLDER: {"superuser": superuser}}, USER, target, parent)


def _archive(
    name: str, spec: PostgresClusterSpec, target: DockerTarget, parent: pulumi.Resource
) -> tuple[docker.Volume, docker.Container]:
    """A volume for base backups and the log, and the one-shot that gives it to the server's user."""
    # By major, as the data volume: one major's log is nothing to another's.
    volume = docker.Volume(
        f"{name}-archive",
        name=f"{target.prefix}-{name}-archive-{spec.major}",
        opts=kept(parent, target, protect=spec.deletion_protection),
    )
    folders = f"{ARCHIVE}/wal {ARCHIVE}/base"
    owner = docker.Container(
        f"{name}-archive-owner",
        name=f"{target.prefix}-{name}-archive-owner",
        image=target.toolbox,
        command=["sh", "-euc", f"mkdir -p {folders} && chown {USER}:{USER} {ARCHIVE} {folders}"],
        user="0:0",
        network_mode="none",
        must_run=False,
        attach=True,
        restart="no",
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"], adds=["CAP_CHOWN", "CAP_DAC_OVERRIDE"]),
        mounts=[docker.ContainerMountArgs(type="volume", source=volume.name, target=ARCHIVE)],
        opts=options(parent, target),
    )
    return volume, owner


def _server(
    name: str,
    spec: PostgresClusterSpec,
    target: DockerTarget,
    postgres: docker.RemoteImage,
    secrets: Files,
    archive: tuple[docker.Volume, docker.Container] | None,
    parent: pulumi.Resource,
) -> docker.Container:
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
        networks_advanced=networks_of(name, joined, target),
        ports=None
        if published is None
        else [docker.ContainerPortArgs(internal=facts.PORT, external=published, ip="127.0.0.1", protocol="tcp")],
        mounts=[*_volumes(name, spec, target, archive, parent), *secrets.mounts],
        healthcheck=_health(),
        wait=True,
        wait_timeout=START_SECONDS * 2,
        stop_timeout=STOP_SECONDS,
        destroy_grace_seconds=STOP_SECONDS,
        start=_ready(target, name, secrets, archive),
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=target.provider,
            depends_on=[*secrets.written_by, *(() if archive is None else archive)],
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


def _volumes(
    name: str,
    spec: PostgresClusterSpec,
    target: DockerTarget,
    archive: tuple[docker.Volume, docker.Container] | None,
    parent: pulumi.Resource,
) -> list[docker.ContainerMountArgs]:
    # Named by its major: another major starts on another, empty volume, and the old one stays.
    data = docker.Volume(
        f"{name}-data",
        name=f"{target.prefix}-{name}-data-{spec.major}",
        opts=kept(parent, target, protect=spec.deletion_protection),
    )
    folder = beside.data_folder(spec.major)
    places = [(data, folder)] if archive is None else [(data, folder), (archive[0], ARCHIVE)]
    return [docker.ContainerMountArgs(type="volume", source=volume.name, target=place) for volume, place in places]


def _ready(
    target: DockerTarget, name: str, secrets: Files, archive: tuple[docker.Volume, docker.Container] | None
) -> pulumi.Output[bool]:
    if archive is None:
        return secrets.written
    owned = exited_well(archive[1], f"{target.prefix}-{name}-archive-owner")
    return pulumi.Output.all(secrets.written, owned).apply(all)


def _parameters(spec: PostgresClusterSpec) -> list[str]:
    owned = {"max_connections": str(spec.max_connections), "shared_buffers": spec.shared_buffers}
    if spec.docker is not None and spec.docker.archive:
        owned |= {
            "archive_command": ARCHIVE_COMMAND,
            "archive_mode": "on",
            "archive_timeout": f"{seconds(spec.wal.archive_interval)}s",
        }
    return [f"--{key}={value}" for key, value in sorted({**spec.parameters, **owned}.items())]
