"""EdgeGateway on Docker: nginx, its configuration, and a local certificate authority."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_docker as docker

from components import versions
from components.connections import Edge, Gate, Instance, asked_on
from components.edge_gateway.local_authority import AUTHORITY_FOLDER, ISSUED_FOLDER, script
from components.edge_gateway.nginx import configuration, key_file, key_lines
from components.edge_gateway.spec import DockerSpec, EdgeGatewaySpec, PublishSpec
from components.folders import CONFIG_FOLDER, SECRETS_FOLDER, TLS_FOLDER
from components.nginx import counting
from components.nginx.docker import NAME_SERVER, NGINX_USER, counter, server
from components.nginx.render import Place
from components.routes import Route
from components.targets import DockerTarget
from components.targets.docker import ONCE, exited_well, files, image, kept, options

Given = Mapping[str, tuple[pulumi.Output[str], pulumi.Output[str]]]


def create(
    name: str,
    spec: EdgeGatewaySpec,
    routes: Sequence[Route],
    target: DockerTarget,
    *,
    edges: tuple[Sequence[Edge], Sequence[Edge]],
    gates: Sequence[Gate],
    given: Given,
    secrets: Mapping[str, pulumi.Output[str]],
    parent: pulumi.Resource,
) -> list[str]:
    local = spec.docker or DockerSpec()
    suffix = _suffix(local.publish)
    inbound, outbound = edges
    counted = asked_on(inbound, counting.PORT)
    place = Place(resolver=NAME_SERVER, counter=counting.NGINX_TO_SOCKET if counted else "")
    text = configuration(spec, routes, place, port_suffix=suffix)
    nginx = image(name, versions.NGINX_DOCKER, target, parent)
    written = files(
        name,
        {
            CONFIG_FOLDER: {"nginx.conf": text},
            SECRETS_FOLDER: {
                f"{certificate}.{kind}": value
                for certificate, pair in given.items()
                for kind, value in zip(("crt", "key"), pair, strict=True)
            }
            | {key_file(route): keys for route in routes if (keys := _keys(route, secrets)) is not None},
        },
        NGINX_USER,
        target,
        parent,
    )
    made = _local_certificates(name, spec, nginx, target, parent)
    backends = {e.producer.name for e in outbound if isinstance(e.producer, Instance)}
    server(
        name,
        image_id=nginx.image_id,
        memory=local.memory,
        cpu=local.cpu,
        networks=sorted({f"{name}-egress", *backends, *({name} if inbound else ())}),
        publish={8080: local.publish.http, 8443: local.publish.https},
        mounts=[
            *written.mounts,
            *made.mounts,
            *([counter(name, "edge", target, parent)] if counted else []),
        ],
        after=[*written.written_by, *made.after, *(r for gate in gates for r in gate.resources)],
        replaced_with=[*written.written_by, *made.after],
        start=pulumi.Output.all(written.written, made.passed).apply(all),
        target=target,
        parent=parent,
    )
    return [f"https://{host}{suffix}" for host in sorted({route.spec.host for route in routes})]


def _keys(route: Route, secrets: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[str] | None:
    keys = route.spec.api_key
    if keys is None:
        return None
    return pulumi.Output.all(**{client: secrets[key.secret] for client, key in keys.clients.items()}).apply(key_lines)


def _suffix(publish: PublishSpec) -> str:
    return "" if publish.https == 443 else f":{publish.https}"


class _Made:
    """Certificates of the local authority: where they lie, and what must have happened."""

    def __init__(
        self,
        mounts: Sequence[docker.ContainerMountArgs] = (),
        after: Sequence[pulumi.Resource] = (),
        passed: pulumi.Output[bool] | None = None,
    ) -> None:
        self.mounts = mounts
        self.after = after
        self.passed = pulumi.Output.from_input(True) if passed is None else passed


def _local_certificates(
    name: str, spec: EdgeGatewaySpec, nginx: docker.RemoteImage, target: DockerTarget, parent: pulumi.Resource
) -> _Made:
    """A one-shot container with OpenSSL: no provider that runs on this machine makes certificates.

    The authority stays in a volume of its own, so that a person trusts it once; nginx sees certificates alone.
    """
    wanted = {n: c.hosts for n, c in sorted(spec.certificates.items()) if c.given is None}
    if not wanted:
        return _Made()
    authority = docker.Volume(
        f"{name}-authority",
        name=f"{target.prefix}-{name}-authority",
        opts=kept(parent, target, protect=spec.deletion_protection),
    )
    issued = docker.Volume(f"{name}-tls", name=f"{target.prefix}-{name}-tls", opts=options(parent, target))
    text = script(f"{target.prefix} local authority", wanted, NGINX_USER)
    maker = docker.Container(
        f"{name}-certificates",
        name=f"{target.prefix}-{name}-certificates",
        image=nginx.image_id,
        entrypoints=["sh"],
        command=["-euc", text],
        user="0:0",
        network_mode="none",
        **ONCE,
        capabilities=docker.ContainerCapabilitiesArgs(
            drops=["ALL"], adds=["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"]
        ),
        mounts=[
            docker.ContainerMountArgs(type="volume", source=authority.name, target=AUTHORITY_FOLDER),
            docker.ContainerMountArgs(type="volume", source=issued.name, target=ISSUED_FOLDER),
        ],
        opts=options(parent, target),
    )
    return _Made(
        mounts=[docker.ContainerMountArgs(type="volume", source=issued.name, target=TLS_FOLDER, read_only=True)],
        after=[maker],
        passed=exited_well(maker, f"{target.prefix}-{name}-certificates"),
    )
