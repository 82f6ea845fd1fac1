"""AppService on Docker: one container, and the files it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pulumi
import pulumi_docker as docker

from components.app_service import batch_docker as batch
from components.app_service import env_file
from components.app_service.body import Made, Wiring
from components.app_service.build import context_digest
from components.app_service.contract import delivered
from components.app_service.developer import DockerSpec
from components.app_service.docker_parts import (
    contents,
    environment,
    joins,
    passed,
)
from components.app_service.kinds import AnyAppServiceSpec, StatefulSpec
from components.app_service.probes import CommandProbe, HttpProbe, Probe, TcpProbe
from components.app_service.spec import KILL_MARGIN_SECONDS, AppServiceSpec
from components.connections import Gate
from components.targets import DockerTarget
from components.targets.docker import (
    ONCE,
    TOOLS_FOLDER,
    exited_well,
    files,
    go_duration,
    hardened,
    image,
    kept,
    networks_of,
    options,
    tmpfs,
    tools,
)
from components.vocabulary import seconds


def create(
    name: str,
    spec: AnyAppServiceSpec,
    wiring: Wiring,
    target: DockerTarget,
    *,
    parent: pulumi.Resource,
) -> Made:
    local = spec.docker or DockerSpec()
    delivery = wiring.batch.running  # nothing starts a job here: a person runs it in the app's own container
    written = files(name, contents(spec, delivery), spec.user, target, parent)
    made = _image(name, spec, local, target, parent)
    networks = joins(name, wiring, local)
    stored = _data(name, spec, target, parent)
    gates = (*wiring.gates, stored.gate, *batch.before(name, spec, wiring, made, target, parent))
    command = spec.command if local.command is None else local.command
    container = docker.Container(
        f"{name}-container",
        name=f"{target.prefix}-{name}",
        hostname=name,
        image=made.image_id,
        # As the entry point: Docker's `command` alone would become arguments of the image's own.
        entrypoints=None if command is None else [command[0]],
        command=None if command is None else list(command[1:]),
        envs=environment(delivery, env_file.variables(name, local.env_file, delivered(spec))),
        user=f"{spec.user}:{spec.user}",
        read_only=not local.writable_root,
        tmpfs={path: tmpfs(size, spec.user) for path, size in sorted(spec.scratch.items())},
        **hardened(spec.resources.memory, spec.resources.cpu),
        init=True,
        restart="unless-stopped",
        networks_advanced=networks_of(name, networks, target),
        network_mode=None if networks else "none",
        ports=[
            docker.ContainerPortArgs(internal=spec.ports[port], external=number, ip="127.0.0.1", protocol="tcp")
            for port, number in sorted(local.publish.items())
        ],
        mounts=[*written.mounts, *stored.mounts, *_sources(local), tools(target)],
        healthcheck=_healthcheck(spec),
        wait=spec.probes.readiness is not None and _is_awaited(spec),
        wait_timeout=_patience(spec),
        stop_timeout=_grace(spec),
        destroy_grace_seconds=_grace(spec),
        start=passed(written.written, gates),
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=target.provider,
            depends_on=[*(r for gate in gates for r in gate.resources), *written.written_by],
            replace_with=list(written.written_by),
        ),
    )
    return Made(gate=Gate(resources=(container,)), last=container)


def _is_awaited(spec: AnyAppServiceSpec) -> bool:
    return not isinstance(spec, StatefulSpec) or spec.is_awaited


def _healthcheck(spec: AppServiceSpec) -> docker.ContainerHealthcheckArgs | None:
    probe = spec.probes.readiness
    if probe is None:
        return None
    return docker.ContainerHealthcheckArgs(
        tests=["CMD", *_check(probe, spec)],
        interval=go_duration(seconds(probe.every)),
        timeout=go_duration(seconds(probe.timeout)),
        retries=probe.failures,
        start_period=go_duration(seconds(spec.probes.startup_budget)),
    )


def _patience(spec: AppServiceSpec) -> int | None:
    probe = spec.probes.readiness
    return None if probe is None else seconds(spec.probes.startup_budget) + seconds(probe.every) * probe.failures + 10


@dataclass(frozen=True, kw_only=True)
class _Stored:
    mounts: tuple[docker.ContainerMountArgs, ...] = ()
    gate: Gate = field(default_factory=Gate)


def _data(name: str, spec: AnyAppServiceSpec, target: DockerTarget, parent: pulumi.Resource) -> _Stored:
    """The volume of a stateful app. A new volume belongs to root, so a one-shot container gives it to the app's user."""
    if not isinstance(spec, StatefulSpec):
        return _Stored()
    # No labels: a change of one would replace the volume.
    volume = docker.Volume(
        f"{name}-data",
        name=f"{target.prefix}-{name}-data",
        opts=kept(parent, target, protect=spec.deletion_protection),
    )
    owner = docker.Container(
        f"{name}-data-owner",
        name=f"{target.prefix}-{name}-data-owner",
        image=target.toolbox,
        command=["chown", f"{spec.user}:{spec.user}", "/data"],
        user="0:0",
        network_mode="none",
        **ONCE,
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"], adds=["CAP_CHOWN"]),
        mounts=[docker.ContainerMountArgs(type="volume", source=volume.name, target="/data")],
        opts=options(parent, target),
    )
    return _Stored(
        mounts=(docker.ContainerMountArgs(type="volume", source=volume.name, target=spec.storage.path),),
        gate=Gate(resources=(owner,), passed=exited_well(owner, f"{target.prefix}-{name}-data-owner")),
    )


def _grace(spec: AppServiceSpec) -> int:
    return seconds(spec.shutdown.drain) + KILL_MARGIN_SECONDS


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


def _sources(local: DockerSpec) -> list[docker.ContainerMountArgs]:
    return [
        docker.ContainerMountArgs(
            type="bind", source=str(Path(mount.source).resolve()), target=mount.path, read_only=mount.read_only
        )
        for mount in local.mounts
    ]


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
