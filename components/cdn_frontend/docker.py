"""CDNFrontend on Docker: nginx, and volumes that Docker fills from the site's images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_docker as docker

from components import versions
from components.cdn_frontend import facts
from components.cdn_frontend.nginx import configuration
from components.cdn_frontend.spec import CdnFrontendSpec, DockerSpec
from components.connections import Edge, Gate, Instance, asked_on
from components.folders import CONFIG_FOLDER
from components.nginx import counting
from components.nginx.docker import NAME_SERVER, NGINX_USER, counter, server
from components.nginx.render import Place
from components.targets import DockerTarget
from components.targets.docker import files, image, options


def create(
    name: str,
    spec: CdnFrontendSpec,
    ports: Mapping[str, int],
    target: DockerTarget,
    *,
    edges: tuple[Sequence[Edge], Sequence[Edge]],
    gates: Sequence[Gate],
    parent: pulumi.Resource,
) -> Gate:
    counted = asked_on(edges[0], counting.PORT)
    place = Place(resolver=NAME_SERVER, counter=counting.NGINX_TO_SOCKET if counted else "")
    local = spec.docker or DockerSpec()
    nginx = image(name, versions.NGINX_DOCKER, target, parent)
    text = configuration(name, spec, ports, place)
    written = files(
        name,
        {CONFIG_FOLDER: {"nginx.conf": text, "config.json": facts.config_json(spec)}},
        NGINX_USER,
        target,
        parent,
    )
    sites = [_site(f"{name}-site", spec.image, spec.root, place.site, target, parent)]
    if spec.previous_image is not None:
        sites.append(_site(f"{name}-previous", spec.previous_image, spec.root, place.previous, target, parent))
    container = server(
        name,
        image_id=nginx.image_id,
        memory=spec.memory,
        cpu=spec.cpu,
        networks=_networks(name, edges, local),
        publish={} if local.publish is None else {facts.PORT: local.publish},
        mounts=[
            *written.mounts,
            *(mount for mount, _ in sites),
            *([counter(name, "site", target, parent)] if counted else []),
        ],
        after=[*written.written_by, *(filler for _, filler in sites), *(r for gate in gates for r in gate.resources)],
        replaced_with=[*written.written_by, *(filler for _, filler in sites)],
        start=written.written,
        target=target,
        parent=parent,
    )
    return Gate(resources=(container,))


def _networks(name: str, edges: tuple[Sequence[Edge], Sequence[Edge]], local: DockerSpec) -> list[str]:
    inbound, outbound = edges
    joined = {edge.producer.name for edge in outbound if isinstance(edge.producer, Instance)}
    if inbound:
        joined.add(name)
    if local.publish is not None:
        joined.add(f"{name}-egress")
    return sorted(joined)


def _site(
    name: str, reference: str, root: str, at: str, target: DockerTarget, parent: pulumi.Resource
) -> tuple[docker.ContainerMountArgs, docker.Container]:
    """The files of one image. Docker copies what the image has at a mount point into a new volume when it creates the
    container; nothing is run, so the image needs no program. The volume is named after the image, since only a new one is filled.
    """
    files_image = image(name, reference, target, parent)
    volume = docker.Volume(
        f"{name}-volume",
        name=pulumi.Output.concat(f"{target.prefix}-{name}-", files_image.image_id.apply(_short)),
        opts=options(parent, target),
    )
    filler = docker.Container(
        f"{name}-filler",
        name=f"{target.prefix}-{name}-filler",
        image=files_image.image_id,
        command=["/never-run"],
        user="65534:65534",
        network_mode="none",
        must_run=False,
        start=False,
        restart="no",
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        mounts=[docker.ContainerMountArgs(type="volume", source=volume.name, target=root)],
        opts=options(parent, target),
    )
    return docker.ContainerMountArgs(type="volume", source=volume.name, target=at, read_only=True), filler


def _short(image_id: str) -> str:
    return image_id.removeprefix("sha256:")[:12]
