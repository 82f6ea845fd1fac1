"""What comes before an app on Docker: one-shot containers of migrations and sample data, whose exit codes gate it."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_docker as docker

from components.app_service import facts
from components.app_service.batch import MigrationsSpec, SeedSpec
from components.app_service.body import Wiring
from components.app_service.delivery import Delivery
from components.app_service.docker_parts import contents, environment, passed, used
from components.app_service.spec import AppServiceSpec
from components.connections import Gate
from components.targets import DockerTarget
from components.targets.docker import ONCE, TOOLS_FOLDER, exited_well, files, hardened, networks_of, tmpfs, tools
from components.vocabulary import seconds


def before(
    name: str,
    spec: AppServiceSpec,
    wiring: Wiring,
    image: docker.RemoteImage,
    target: DockerTarget,
    parent: pulumi.Resource,
) -> tuple[Gate, ...]:
    """Gates of what must have ended well before the app starts: migrations, then sample data."""
    found: list[Gate] = []
    place = (image, target, parent)
    if spec.migrations is not None:
        batch, run = wiring.batch, spec.migrations
        gates = (*batch.gates, *wiring.batch.backups(name, image.image_id, parent, wanted=run.risky))
        found.append(_one_shot(name, "migrations", run, spec, wiring, batch.delivery, gates, place))
    if spec.docker is not None and spec.docker.seed is not None:
        gates = (*wiring.gates, *found)
        found.append(_one_shot(name, "seed", spec.docker.seed, spec, wiring, wiring.batch.running, gates, place))
    return tuple(found)


def _one_shot(
    name: str,
    role: str,
    run: MigrationsSpec | SeedSpec,
    spec: AppServiceSpec,
    wiring: Wiring,
    delivery: Delivery,
    gates: Sequence[Gate],
    place: tuple[docker.RemoteImage, DockerTarget, pulumi.Resource],
) -> Gate:
    """Replaced with the image, so it runs once for each."""
    image, target, parent = place
    physical = f"{target.prefix}-{name}-{role}"
    written = files(f"{name}-{role}", contents(spec, delivery), spec.user, target, parent)
    networks = used(name, wiring)
    container = docker.Container(
        f"{name}-{role}",
        name=physical,
        hostname=facts.batch(name),
        image=image.image_id,
        # Docker limits nobody's time; the stack's own tools do.
        entrypoints=[f"{TOOLS_FOLDER}/busybox", "timeout", str(seconds(run.timeout))],
        command=list(run.command),
        envs=environment(delivery),
        user=f"{spec.user}:{spec.user}",
        read_only=True,
        tmpfs={path: tmpfs(size, spec.user) for path, size in sorted(spec.scratch.items())},
        **hardened(spec.resources.memory, spec.resources.cpu),
        init=True,
        **ONCE,
        networks_advanced=networks_of(name, networks, target),
        network_mode=None if networks else "none",
        mounts=[*written.mounts, tools(target)],
        start=passed(written.written, gates),
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=target.provider,
            depends_on=[*(r for gate in gates for r in gate.resources), *written.written_by],
            replace_with=list(written.written_by),
        ),
    )
    return Gate(resources=(container,), passed=exited_well(container, physical))
