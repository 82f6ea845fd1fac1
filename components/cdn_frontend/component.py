"""CDNFrontend: a site of files, as a content delivery network would serve it.

Owns: the server, its rules for caching and headers, its cache of proxied answers. Leaves alone: building the files, the
way in (EdgeGateway), the apps that it proxies to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

import pulumi

from components.cdn_frontend import facts
from components.cdn_frontend.spec import CdnFrontendSpec
from components.connections import Edge, Gate
from components.targets import DockerTarget, KubernetesTarget, Target


class CDNFrontend(pulumi.ComponentResource):
    """Serves a site.

    Kubernetes: Deployment of nginx with the site's image mounted as a volume, Service, ServiceAccount without a token,
    NetworkPolicy, disruption budget, an immutable ConfigMap that a change replaces.
    Docker: one nginx container, and volumes that are filled from the site's images.
    """

    host: str
    """Name under which other parts of the stack reach it."""
    gate: Gate
    """What a consumer that waits for it waits for."""

    def __init__(
        self,
        name: str,
        spec: CdnFrontendSpec,
        *,
        target: Target,
        ports: Mapping[str, int],
        edges: tuple[Sequence[Edge], Sequence[Edge]] = ((), ()),
        gates: Sequence[Gate] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`ports` gives the number of the port that each proxied path leads to; `edges` are inbound and outbound ones."""
        super().__init__("slipway:index:CDNFrontend", name, spec.model_dump(mode="json", exclude_none=True), opts)
        match target:
            case KubernetesTarget():
                from components.cdn_frontend import kubernetes

                self.gate = kubernetes.create(name, spec, ports, target, edges=edges, gates=gates, parent=self)
            case DockerTarget():
                from components.cdn_frontend import docker

                self.gate = docker.create(name, spec, ports, target, edges=edges, gates=gates, parent=self)
            case _:
                assert_never(target)
        self.host = name
        self.register_outputs({"host": self.host, "port": facts.PORT})
