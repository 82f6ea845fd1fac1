"""An nginx container on Docker: unprivileged, read-only, told everything by files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_docker as docker

from components import versions
from components.folders import CONFIG_FOLDER
from components.nginx import counting
from components.targets import DockerTarget
from components.targets.docker import (
    TOOLS_FOLDER,
    files,
    go_duration,
    hardened,
    image,
    networks_of,
    options,
    tmpfs,
    tools,
)

NGINX_USER = 101
"""User of the nginx-unprivileged images."""
NAME_SERVER = "127.0.0.11"
"""Docker's own, on every network that a program makes."""
COUNTER_CPU = "200m"
STOP_SECONDS = 35
"""Above nginx's `worker_shutdown_timeout`."""


def server(
    name: str,
    *,
    image_id: pulumi.Input[str],
    memory: str,
    cpu: str,
    networks: Sequence[str],
    publish: Mapping[int, int],
    mounts: Sequence[docker.ContainerMountArgs],
    after: Sequence[pulumi.Resource],
    replaced_with: Sequence[pulumi.Resource],
    start: pulumi.Output[bool],
    target: DockerTarget,
    parent: pulumi.Resource,
) -> docker.Container:
    """nginx with /run/config/nginx.conf. `networks` are logical names; `publish` maps its ports to ports of 127.0.0.1."""
    return docker.Container(
        f"{name}-container",
        name=f"{target.prefix}-{name}",
        hostname=name,
        image=image_id,
        # The image's own entry point would edit files that are read-only here.
        entrypoints=["nginx"],
        command=["-c", f"{CONFIG_FOLDER}/nginx.conf", "-e", "stderr"],
        user=f"{NGINX_USER}:{NGINX_USER}",
        read_only=True,
        tmpfs={"/tmp": tmpfs("64Mi", NGINX_USER)},  # noqa: S108  # a path inside the container
        **hardened(memory, cpu),
        init=True,
        restart="unless-stopped",
        networks_advanced=networks_of(name, sorted(networks), target),
        network_mode=None if networks else "none",
        ports=[
            docker.ContainerPortArgs(internal=inside, external=outside, ip="127.0.0.1", protocol="tcp")
            for inside, outside in sorted(publish.items())
        ],
        mounts=[*mounts, tools(target)],
        healthcheck=_health(),
        wait=True,
        wait_timeout=40,
        stop_signal="SIGQUIT",
        stop_timeout=STOP_SECONDS,
        destroy_grace_seconds=STOP_SECONDS,
        start=start,
        opts=pulumi.ResourceOptions(
            parent=parent, provider=target.provider, depends_on=list(after), replace_with=list(replaced_with)
        ),
    )


def counter(name: str, kind: counting.Kind, target: DockerTarget, parent: pulumi.Resource) -> docker.ContainerMountArgs:
    """mtail under the alias `{name}-exporter`, on the instance's own network; gives what nginx mounts to reach it.

    The folder of the socket is in memory, and nginx's user owns it. What a killed container left there goes first.
    """
    role = f"{name}-exporter"
    folder = docker.Volume(
        f"{name}-counter",
        name=f"{target.prefix}-{name}-counter",
        driver="local",
        driver_opts={"type": "tmpfs", "device": "tmpfs", "o": f"size=1m,uid={NGINX_USER},gid={NGINX_USER},mode=0700"},
        opts=options(parent, target),
    )
    written = files(role, {CONFIG_FOLDER: {counting.PROGRAM_FILE: counting.program(kind)}}, NGINX_USER, target, parent)
    start = " ".join(counting.arguments(f"unixgram://{counting.SOCKET}", CONFIG_FOLDER))
    docker.Container(
        role,
        name=f"{target.prefix}-{role}",
        hostname=role,
        image=image(role, versions.MTAIL, target, parent).image_id,
        entrypoints=[f"{TOOLS_FOLDER}/busybox", "sh", "-euc"],
        command=[f"{TOOLS_FOLDER}/busybox rm -f {counting.SOCKET}; exec {start}"],
        **hardened(counting.MEMORY, COUNTER_CPU),
        user=f"{NGINX_USER}:{NGINX_USER}",
        read_only=True,
        restart="unless-stopped",
        networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=target.networks[name], aliases=[role])],
        mounts=[
            *written.mounts,
            docker.ContainerMountArgs(type="volume", source=folder.name, target=counting.SOCKET_FOLDER),
            tools(target),
        ],
        healthcheck=docker.ContainerHealthcheckArgs(
            tests=["CMD", f"{TOOLS_FOLDER}/busybox", "nc", "-z", "-w", "2", "127.0.0.1", str(counting.PORT)],
            interval=go_duration(5),
            timeout=go_duration(3),
            retries=5,
            start_period=go_duration(10),
        ),
        wait=True,
        wait_timeout=60,
        start=written.written,
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=target.provider,
            depends_on=list(written.written_by),
            replace_with=list(written.written_by),
        ),
    )
    return docker.ContainerMountArgs(type="volume", source=folder.name, target=counting.SOCKET_FOLDER, read_only=True)


def _health() -> docker.ContainerHealthcheckArgs:
    busybox = f"{TOOLS_FOLDER}/busybox"
    return docker.ContainerHealthcheckArgs(
        tests=["CMD", busybox, "wget", "-q", "-T", "2", "-O", "/dev/null", "http://127.0.0.1:8081/healthz"],
        interval=go_duration(5),
        timeout=go_duration(2),
        retries=3,
        start_period=go_duration(15),
    )
