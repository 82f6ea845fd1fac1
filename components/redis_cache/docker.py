"""RedisCache on Docker: one container of the official image. https://hub.docker.com/r/valkey/valkey"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_docker as docker

from components import versions
from components.connections import Edge, Gate, RedisConsumer, scraped_ports
from components.folders import CONFIG_FOLDER, SECRETS_FOLDER
from components.redis_cache import configuration, exporter, users
from components.redis_cache.access import Access, acl_file, uri
from components.redis_cache.configuration import DATA_FOLDER
from components.redis_cache.facts import EXPORTER_PORT, PORT
from components.redis_cache.spec import RedisCacheSpec
from components.targets import DockerTarget
from components.targets.docker import Files, files, hardened, image, kept, networks_of, tmpfs

USER = 999
"""The image's own user, of either engine."""

START_SECONDS = 60
"""For a store to read its file."""

STOP_SECONDS = 30


def create(
    name: str,
    spec: RedisCacheSpec,
    target: DockerTarget,
    *,
    consumers: Sequence[RedisConsumer],
    passwords: Mapping[str, pulumi.Output[str]],
    inbound: Sequence[Edge],
    parent: pulumi.Resource,
) -> dict[str, Access]:
    server = _server(name, spec, target, acl_file(users.on_servers(spec, consumers), passwords), passwords, parent)
    if EXPORTER_PORT in scraped_ports(inbound):
        exporter.create(name, target, passwords["exporter"], server, parent)
    return {
        consumer.app: Access(
            consumer=consumer,
            group=name,
            host=name,
            sentinels=(),
            password=passwords[consumer.app],
            # The server stands on a network of its own that only its consumers are on, inside one machine.
            uri=uri("redis", consumer.app, passwords[consumer.app], name),
            binding=None,
            ca=None,
            gate=Gate(resources=(server,)),
        )
        for consumer in consumers
    }


def _server(
    name: str,
    spec: RedisCacheSpec,
    target: DockerTarget,
    acl: pulumi.Output[str],
    passwords: Mapping[str, pulumi.Output[str]],
    parent: pulumi.Resource,
) -> docker.Container:
    written = _files(name, spec, target, acl, passwords, parent)
    published = None if spec.docker is None else spec.docker.publish
    joined = [name] if published is None else [name, f"{name}-egress"]
    reference = versions.REDIS_DOCKER[spec.engine] if spec.image is None else spec.image
    return docker.Container(
        f"{name}-server",
        name=f"{target.prefix}-{name}",
        hostname=name,
        image=image(name, reference, target, parent).image_id,
        # As on Kubernetes, the image's own entrypoint has no part in it: Redis' loads modules, whose commands look beyond a
        # user's keys, and whose data no server without them can load.
        entrypoints=[f"{spec.engine}-server"],
        command=[f"{CONFIG_FOLDER}/server.conf"],
        envs=["CLI_OPTIONS=", f"ENGINE={spec.engine}"],
        user=f"{USER}:{USER}",
        read_only=True,
        # Without something at its place the image makes a nameless volume for each container.
        tmpfs=None if spec.purpose == "store" else {DATA_FOLDER: tmpfs("1Mi", USER)},
        **hardened(spec.memory, spec.cpu),
        restart="unless-stopped",
        networks_advanced=networks_of(name, joined, target),
        ports=None
        if published is None
        else [docker.ContainerPortArgs(internal=PORT, external=published, ip="127.0.0.1", protocol="tcp")],
        mounts=[*_data(name, spec, target, parent), *written.mounts],
        healthcheck=docker.ContainerHealthcheckArgs(
            tests=["CMD", "sh", f"{CONFIG_FOLDER}/health.sh", "ready"],
            interval="5s",
            timeout="5s",
            retries=5,
            start_period="1m0s",
        ),
        wait=True,
        wait_timeout=START_SECONDS * 2,
        stop_timeout=STOP_SECONDS,
        destroy_grace_seconds=STOP_SECONDS,
        start=written.written,
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=target.provider,
            depends_on=list(written.written_by),
            replace_with=list(written.written_by),
        ),
    )


def _files(
    name: str,
    spec: RedisCacheSpec,
    target: DockerTarget,
    acl: pulumi.Output[str],
    passwords: Mapping[str, pulumi.Output[str]],
    parent: pulumi.Resource,
) -> Files:
    return files(
        name,
        {
            SECRETS_FOLDER: {"users.acl": acl, "health": passwords["health"]},
            CONFIG_FOLDER: {
                "server.conf": configuration.server(spec, tls=False),
                "health.sh": configuration.script("health.sh"),
            },
        },
        USER,
        target,
        parent,
    )


def _data(
    name: str, spec: RedisCacheSpec, target: DockerTarget, parent: pulumi.Resource
) -> list[docker.ContainerMountArgs]:
    """Named by engine and major: neither reads what a later one, or the other, has written."""
    if spec.purpose == "cache":
        return []
    volume = docker.Volume(
        f"{name}-data",
        name=f"{target.prefix}-{name}-data-{spec.engine}-{versions.REDIS_MAJOR[spec.engine]}",
        opts=kept(parent, target, protect=spec.deletion_protection),
    )
    return [docker.ContainerMountArgs(type="volume", source=volume.name, target=DATA_FOLDER)]
