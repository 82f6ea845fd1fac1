"""Environment on Docker."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_docker as docker

from components import versions
from components.environment.networks import NetworkPlan
from components.environment.spec import DockerTargetSpec
from components.targets import DockerTarget
from components.targets.docker import ONCE


def create(
    name: str,
    spec: DockerTargetSpec,
    *,
    prefix: str,
    networks: Sequence[NetworkPlan],
    parent: pulumi.Resource,
) -> DockerTarget:
    provider = docker.Provider(f"{name}-daemon", host=spec.host, opts=pulumi.ResourceOptions(parent=parent))
    opts = pulumi.ResourceOptions(parent=parent, provider=provider)
    toolbox = docker.RemoteImage(f"{name}-toolbox", name=versions.TOOLBOX, keep_locally=True, opts=opts)
    return DockerTarget(
        provider=provider,
        prefix=prefix,
        networks={plan.name: _network(name, plan, prefix, provider, parent) for plan in networks},
        toolbox=toolbox.image_id,
        tools=_tools(name, prefix, toolbox, provider, parent),
    )


def _network(
    name: str, plan: NetworkPlan, prefix: str, provider: docker.Provider, parent: pulumi.Resource
) -> pulumi.Output[str]:
    network = docker.Network(
        f"{name}-network-{plan.name}",
        name=f"{prefix}-{plan.name}",
        driver="bridge",
        internal=plan.internal,
        ipam_configs=[docker.NetworkIpamConfigArgs(subnet=plan.subnet)],
        # A replaced network replaces every container on it, a database's too.
        opts=pulumi.ResourceOptions(
            parent=parent, provider=provider, protect=plan.protect, retain_on_delete=plan.protect
        ),
    )
    return network.name


def _tools(
    name: str, prefix: str, toolbox: docker.RemoteImage, provider: docker.Provider, parent: pulumi.Resource
) -> pulumi.Output[str]:
    """A volume with static tools: health checks run inside the app's container, whose image may hold no client at all.

    Docker copies what the image has at a mount point into a new volume; mounting it at /bin is the whole work.
    """
    opts = pulumi.ResourceOptions(parent=parent, provider=provider)
    volume = docker.Volume(f"{name}-tools", name=f"{prefix}-tools", opts=opts)
    filler = docker.Container(
        f"{name}-tools-filler",
        name=f"{prefix}-tools-filler",
        image=toolbox.image_id,
        command=["true"],
        user="65534:65534",
        network_mode="none",
        **ONCE,
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        mounts=[docker.ContainerMountArgs(type="volume", source=volume.name, target="/bin")],
        opts=opts,
    )
    return pulumi.Output.all(volume.name, filler.id).apply(lambda made: str(made[0]))
