"""AppService on Docker: one container, and the files it reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pulumi
import pulumi_docker as docker

from components.app_service.build import context_digest
from components.app_service.delivery import CONFIG_FOLDER, SECRETS_FOLDER, Delivery
from components.app_service.probes import CommandProbe, HttpProbe, Probe, TcpProbe
from components.app_service.spec import KILL_MARGIN_SECONDS, AppServiceSpec, DockerSpec
from components.connections import Edge, Gate, Instance, Network
from components.targets import DockerTarget
from components.targets.docker import (
    LOG_OPTIONS,
    TOOLS_FOLDER,
    cpus,
    files,
    go_duration,
    image,
    megabytes,
    options,
    tmpfs,
)
from components.vocabulary import seconds


def create(
    name: str,
    spec: AppServiceSpec,
    delivery: Delivery,
    target: DockerTarget,
    *,
    edges: tuple[Sequence[Edge], Sequence[Edge]],
    gates: Sequence[Gate],
    parent: pulumi.Resource,
) -> Gate:
    local = spec.docker or DockerSpec()
    written = files(name, _contents(spec, delivery), spec.user, target, parent)
    probe = spec.probes.readiness
    command = spec.command if local.command is None else local.command
    container = docker.Container(
        f"{name}-container",
        name=f"{target.prefix}-{name}",
        hostname=name,
        image=_image(name, spec, local, target, parent).image_id,
        command=None if command is None else list(command),
        envs=_environment(delivery),
        user=f"{spec.user}:{spec.user}",
        read_only=not local.writable_root,
        tmpfs={path: tmpfs(size, spec.user) for path, size in sorted(spec.scratch.items())},
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        security_opts=["no-new-privileges:true"],
        init=True,
        memory=megabytes(spec.resources.memory),
        memory_swap=megabytes(spec.resources.memory),  # equal: no swap; left out, each refresh shows a change
        cpus=cpus(spec.resources.cpu),
        restart="unless-stopped",
        log_driver="json-file",
        log_opts=LOG_OPTIONS,
        networks_advanced=_networks(name, edges, local, target),
        network_mode=None if _joins(name, edges, local) else "none",
        ports=[
            docker.ContainerPortArgs(internal=spec.ports[port], external=number, ip="127.0.0.1", protocol="tcp")
            for port, number in sorted(local.publish.items())
        ],
        mounts=[*written.mounts, *_sources(local), _tools(target)],
        healthcheck=docker.ContainerHealthcheckArgs(
            tests=["CMD", *_check(probe, spec)],
            interval=go_duration(seconds(probe.every)),
            timeout=go_duration(seconds(probe.timeout)),
            retries=probe.failures,
            start_period=go_duration(seconds(spec.probes.startup_budget)),
        ),
        wait=True,
        wait_timeout=seconds(spec.probes.startup_budget) + math.ceil(seconds(probe.every) * probe.failures) + 10,
        stop_timeout=_grace(spec),
        destroy_grace_seconds=_grace(spec),
        start=_passed(written.written, gates),
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=target.provider,
            depends_on=[*(r for gate in gates for r in gate.resources), *written.written_by],
            replace_with=list(written.written_by),
        ),
    )
    return Gate(resources=(container,))


def _passed(written: pulumi.Output[bool], gates: Sequence[Gate]) -> pulumi.Output[bool]:
    """True once everything before has gone well; the place where a failed one-shot stops the app."""
    passed = [gate.passed for gate in gates if gate.passed is not None]
    return pulumi.Output.all(written, *passed).apply(all)


def _grace(spec: AppServiceSpec) -> int:
    return seconds(spec.shutdown.drain) + KILL_MARGIN_SECONDS


def _contents(spec: AppServiceSpec, delivery: Delivery) -> dict[str, dict[str, pulumi.Input[str]]]:
    return {
        SECRETS_FOLDER: {name: secret.value for name, secret in delivery.files.items() if secret.value is not None},
        CONFIG_FOLDER: dict(spec.config_files),
    }


def _image(
    name: str, spec: AppServiceSpec, local: DockerSpec, target: DockerTarget, parent: pulumi.Resource
) -> docker.RemoteImage:
    if local.build is None:
        return image(name, spec.image, target, parent)
    return docker.RemoteImage(
        f"{name}-image",
        name=spec.image,
        build=docker.RemoteImageBuildArgs(
            context=local.build.context, dockerfile=local.build.dockerfile, target=local.build.target
        ),
        # The provider compares the folder's name, not what is in it.
        triggers={"context": context_digest(Path(local.build.context))},
        keep_locally=True,
        opts=options(parent, target),
    )


def _environment(delivery: Delivery) -> list[pulumi.Input[str]]:
    plain = [f"{name}={value}" for name, value in delivery.variables.items()]
    secret = [
        pulumi.Output.concat(name, "=", value.value)
        for name, value in delivery.secret_variables.items()
        if value.value is not None
    ]
    return [*plain, *secret]


def _joins(name: str, edges: tuple[Sequence[Edge], Sequence[Edge]], local: DockerSpec) -> list[str]:
    """Networks by logical name: the own one if anybody calls, each producer's, and the way out if one is needed."""
    inbound, outbound = edges
    joined = {edge.producer.name for edge in outbound if isinstance(edge.producer, Instance)}
    if inbound:
        joined.add(name)
    if local.publish or any(isinstance(edge.producer, Network) for edge in outbound):
        joined.add(f"{name}-egress")
    return sorted(joined)


def _networks(
    name: str, edges: tuple[Sequence[Edge], Sequence[Edge]], local: DockerSpec, target: DockerTarget
) -> list[docker.ContainerNetworksAdvancedArgs] | None:
    joined = [
        docker.ContainerNetworksAdvancedArgs(name=target.networks[network], aliases=[name] if network == name else None)
        for network in _joins(name, edges, local)
    ]
    return joined or None


def _sources(local: DockerSpec) -> list[docker.ContainerMountArgs]:
    return [
        docker.ContainerMountArgs(
            type="bind", source=str(Path(mount.source).resolve()), target=mount.path, read_only=mount.read_only
        )
        for mount in local.mounts
    ]


def _tools(target: DockerTarget) -> docker.ContainerMountArgs:
    return docker.ContainerMountArgs(type="volume", source=target.tools, target=TOOLS_FOLDER, read_only=True)


def _check(probe: Probe, spec: AppServiceSpec) -> list[str]:
    busybox = f"{TOOLS_FOLDER}/busybox"
    wait = str(seconds(probe.timeout))
    match probe:
        case HttpProbe(http=path, port=port):
            return [busybox, "wget", "-q", "-T", wait, "-O", "/dev/null", f"http://127.0.0.1:{spec.ports[port]}{path}"]
        case TcpProbe(tcp=port):
            return [busybox, "nc", "-z", "-w", wait, "127.0.0.1", str(spec.ports[port])]
        case CommandProbe(command=command):
            return list(command)
