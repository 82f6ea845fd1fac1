"""What two or more components render alike on Docker: images, one-shot containers, files, health checks, limits.

Facts about the provider that this encodes (canonical durations, memory_swap, capability names, gating on an exit code)
were measured against dockerd; each stands where it is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from components.targets import DockerTarget
from components.vocabulary import cpu_millis, size_bytes

SECRETS_FOLDER = "/run/secrets"
CONFIG_FOLDER = "/run/config"

TOOLS_FOLDER = "/run/slipway"
"""Where the stack's static tools are mounted; health checks call them."""

LOG_OPTIONS = {"max-size": "10m", "max-file": "3", "tag": "{{.Name}}"}
"""30 MB of logs per container; Docker's own default never rotates. The tag tells a reader of the files whose lines they are."""


def options(
    parent: pulumi.Resource, target: DockerTarget, *, after: Sequence[pulumi.Resource] = ()
) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(parent=parent, provider=target.provider, depends_on=list(after))


def kept(parent: pulumi.Resource, target: DockerTarget, *, protect: bool) -> pulumi.ResourceOptions:
    """Options of what must not be lost by one edit: the engine refuses to delete it, and Docker keeps it if forced."""
    return pulumi.ResourceOptions(parent=parent, provider=target.provider, protect=protect, retain_on_delete=protect)


def image(name: str, reference: str, target: DockerTarget, parent: pulumi.Resource) -> docker.RemoteImage:
    """An image that is pulled if it is not there; containers use its id, so that a moved tag shows as a change."""
    return docker.RemoteImage(f"{name}-image", name=reference, keep_locally=True, opts=options(parent, target))


def networks_of(
    name: str, joined: Sequence[str], target: DockerTarget
) -> list[docker.ContainerNetworksAdvancedArgs] | None:
    """Networks by logical name, None for none; on its own network an instance answers to its name."""
    return [
        docker.ContainerNetworksAdvancedArgs(name=target.networks[network], aliases=[name] if network == name else None)
        for network in joined
    ] or None


def go_duration(seconds: int) -> str:
    """90 -> `1m30s`: any other spelling comes back from the daemon as a change."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minute}m{second}s"
    return f"{minute}m{second}s" if minute else f"{second}s"


def cpus(cpu: str) -> str:
    """`500m` -> `0.5`: any longer spelling replaces the container on every run."""
    millis = cpu_millis(cpu)
    return f"{millis / 1000:.3f}".rstrip("0").rstrip(".")


def megabytes(memory: str) -> int:
    """Memory in the provider's unit, rounded up."""
    return -(-size_bytes(memory) // 2**20)


def tmpfs(size: str, user: int) -> str:
    """Mount options of a writable folder in memory."""
    return f"size={size_bytes(size)},uid={user},gid={user},mode=0770"


def exited_well(one_shot: docker.Container, name: str) -> pulumi.Output[bool]:
    """True once a one-shot container ended with 0. A failed one does not fail `up` by itself, so what needs it reads this."""

    def check(code: int | None) -> bool:
        if code != 0:
            msg = f"the one-shot container {name} ended with {code}: read `docker logs {name}`, mend the cause and run `pulumi up` again"
            raise pulumi.RunError(msg)
        return True

    return one_shot.exit_code.apply(check)


@dataclass(frozen=True, kw_only=True)
class Files:
    """Files in named volumes that only one user can read."""

    mounts: tuple[docker.ContainerMountArgs, ...]
    """Read-only mounts for the container that reads them."""
    written_by: tuple[pulumi.Resource, ...]
    """Replaced with any change of content; what reads the files is replaced with it."""
    written: pulumi.Output[bool]
    """True once they are there."""


def files(
    name: str,
    folders: Mapping[str, Mapping[str, pulumi.Input[str]]],
    user: int,
    target: DockerTarget,
    parent: pulumi.Resource,
) -> Files:
    """Files by folder and name, in one volume per folder, written by a one-shot container.

    A container with a read-only root can't take uploads, and variables show in `docker inspect`; a volume filled by
    somebody else has neither fault.
    """
    folders = {folder: entries for folder, entries in folders.items() if entries}
    if not folders:
        return Files(mounts=(), written_by=(), written=pulumi.Output.from_input(True))
    volumes = {
        folder: docker.Volume(
            f"{name}-{folder.rpartition('/')[2]}",
            name=f"{target.prefix}-{name}-{folder.rpartition('/')[2]}",
            opts=options(parent, target),
        )
        for folder in sorted(folders)
    }
    writer = docker.Container(
        f"{name}-files",
        name=f"{target.prefix}-{name}-files",
        image=target.toolbox,
        command=["sh", "-euc", _keep_only(folders, user)],
        user="0:0",
        network_mode="none",
        must_run=False,
        attach=True,
        restart="no",
        capabilities=docker.ContainerCapabilitiesArgs(
            drops=["ALL"], adds=["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"]
        ),
        uploads=[
            docker.ContainerUploadArgs(file=f"{folder}/{entry}", content=content)
            for folder in sorted(folders)
            for entry, content in sorted(folders[folder].items())
        ],
        mounts=[
            docker.ContainerMountArgs(type="volume", source=volumes[folder].name, target=folder) for folder in volumes
        ],
        opts=options(parent, target),
    )
    return Files(
        mounts=tuple(
            docker.ContainerMountArgs(type="volume", source=volumes[folder].name, target=folder, read_only=True)
            for folder in volumes
        ),
        written_by=(writer,),
        written=exited_well(writer, f"{target.prefix}-{name}-files"),
    )


def _keep_only(folders: Mapping[str, Mapping[str, pulumi.Input[str]]], user: int) -> str:
    """Deletes what an earlier version left, and gives the rest to the reader alone."""
    lines: list[str] = []
    for folder, entries in sorted(folders.items()):
        others = " ".join(f"! -name {entry}" for entry in sorted(entries))
        lines += [
            f"find {folder} -type f {others} -exec rm {{}} +",  # not every build of BusyBox knows -delete
            f"chmod -R u=rX,go= {folder}",
            f"chown -R {user}:{user} {folder}",
        ]
    return " && ".join(lines)
