"""Migrations on Docker: a one-shot container whose exit code gates the app."""

from __future__ import annotations

import pulumi
import pulumi_docker as docker

from components.app_service import facts
from components.app_service.body import Wiring
from components.app_service.docker_parts import contents, environment, networks_of, passed, tools, used
from components.app_service.spec import AppServiceSpec
from components.connections import Gate
from components.targets import DockerTarget
from components.targets.docker import LOG_OPTIONS, TOOLS_FOLDER, cpus, exited_well, files, megabytes, tmpfs
from components.vocabulary import seconds


def migrations(
    name: str,
    spec: AppServiceSpec,
    wiring: Wiring,
    image: docker.RemoteImage,
    target: DockerTarget,
    parent: pulumi.Resource,
) -> Gate:
    """Replaced with the image, so it runs once for each; what it passes is empty where there are no migrations."""
    migrations = spec.migrations
    if migrations is None:
        return Gate()
    batch, physical = wiring.batch, f"{target.prefix}-{name}-migrations"
    written = files(f"{name}-migrations", contents(spec, batch.delivery), spec.user, target, parent)
    networks = used(name, wiring)
    container = docker.Container(
        f"{name}-migrations",
        name=physical,
        hostname=facts.batch(name),
        image=image.image_id,
        # Docker limits nobody's time; the stack's own tools do.
        entrypoints=[f"{TOOLS_FOLDER}/busybox", "timeout", str(seconds(migrations.timeout))],
        command=list(migrations.command),
        envs=environment(batch.delivery),
        user=f"{spec.user}:{spec.user}",
        read_only=True,
        tmpfs={path: tmpfs(size, spec.user) for path, size in sorted(spec.scratch.items())},
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        security_opts=["no-new-privileges:true"],
        init=True,
        memory=megabytes(spec.resources.memory),
        memory_swap=megabytes(spec.resources.memory),
        cpus=cpus(spec.resources.cpu),
        must_run=False,
        attach=True,
        restart="no",
        log_driver="json-file",
        log_opts=LOG_OPTIONS,
        networks_advanced=networks_of(name, networks, target),
        network_mode=None if networks else "none",
        mounts=[*written.mounts, tools(target)],
        start=passed(written.written, batch.gates),
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=target.provider,
            depends_on=[*(r for gate in batch.gates for r in gate.resources), *written.written_by],
            replace_with=list(written.written_by),
        ),
    )
    return Gate(resources=(container,), passed=exited_well(container, physical))
