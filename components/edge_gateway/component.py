"""EdgeGateway: the one way into a stack from outside.

Owns: listeners, certificates, what routes ask for at the edge. Leaves alone: the apps behind (they declare their
routes), the gateway's own installation (the cluster layer's), DNS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

import pulumi

from components.connections import Edge, Gate
from components.edge_gateway.spec import EdgeGatewaySpec
from components.routes import Route
from components.targets import DockerTarget, KubernetesTarget, Target


class EdgeGateway(pulumi.ComponentResource):
    """Leads requests to the components that declare routes.

    Kubernetes: Gateway with a listener per host, HTTPRoutes, a redirect to HTTPS, cert-manager Issuers and Certificates,
    a NetworkPolicy for the solver pods; with Envoy Gateway also EnvoyProxy and its policies.
    Docker: nginx in one container, with certificates of a local authority or given ones.
    """

    urls: Sequence[str]
    """Where the stack is reached: one URL per host."""

    def __init__(
        self,
        name: str,
        spec: EdgeGatewaySpec,
        *,
        target: Target,
        routes: Sequence[Route],
        edges: tuple[Sequence[Edge], Sequence[Edge]] = ((), ()),
        secrets: pulumi.Output[Mapping[str, str]] | None = None,
        gates: Sequence[Gate] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`edges` are inbound ones (Kubernetes: to the solver pods; Docker: of probes) and outbound ones (Docker: to the backends)."""
        super().__init__("slipway:index:EdgeGateway", name, spec.model_dump(mode="json", exclude_none=True), opts)
        given = _given(spec, secrets)
        match target:
            case KubernetesTarget():
                from components.edge_gateway import kubernetes

                self.urls = kubernetes.create(name, spec, routes, target, edges=edges[0], given=given, parent=self)
            case DockerTarget():
                from components.edge_gateway import docker

                self.urls = docker.create(
                    name, spec, routes, target, edges=edges, gates=gates, given=given, parent=self
                )
            case _:
                assert_never(target)
        self.register_outputs({"urls": list(self.urls)})


def _given(
    spec: EdgeGatewaySpec, secrets: pulumi.Output[Mapping[str, str]] | None
) -> Mapping[str, tuple[pulumi.Output[str], pulumi.Output[str]]]:
    """Chain and key of each given certificate, by the certificate's name, encrypted to the end."""
    if secrets is None:
        return {}
    return {
        name: (
            secrets.apply(lambda all_, key=certificate.given.certificate: all_[key]),
            secrets.apply(lambda all_, key=certificate.given.key: all_[key]),
        )
        for name, certificate in sorted(spec.certificates.items())
        if certificate.given is not None
    }
