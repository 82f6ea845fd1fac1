"""EdgeGateway: the one way into a stack from outside.

Owns: listeners, certificates, what routes ask for at the edge. Leaves alone: the apps behind (they declare their
routes), the gateway's own installation (the cluster layer's), DNS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import assert_never

import pulumi

from components.connections import Edge, Gate
from components.edge_gateway import facts
from components.edge_gateway.spec import EdgeGatewaySpec
from components.routes import Route
from components.targets import DockerTarget, KubernetesTarget, Target


class EdgeGateway(pulumi.ComponentResource):
    """Leads requests to the components that declare routes.

    Kubernetes: Gateway with a listener per host, HTTPRoutes, a redirect to HTTPS, cert-manager Issuers and Certificates,
    a NetworkPolicy for the solver pods, a ReferenceGrant where a routed app is in a namespace of its own; with Envoy
    Gateway also EnvoyProxy and its policies, and the Secrets that they read.
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
        apart: Mapping[str, Target] = MappingProxyType({}),
        routes: Sequence[Route],
        edges: tuple[Sequence[Edge], Sequence[Edge]] = ((), ()),
        secrets: pulumi.Output[Mapping[str, str]] | None = None,
        gates: Sequence[Gate] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`apart` are the grounds of untrusted apps. `edges` are inbound ones (Kubernetes: to the solver pods; Docker: of probes) and outbound ones (Docker: to the backends)."""
        super().__init__("slipway:index:EdgeGateway", name, spec.model_dump(mode="json", exclude_none=True), opts)
        given, named = _given(spec, secrets), _named(routes, secrets)
        match target:
            case KubernetesTarget():
                from components.edge_gateway import kubernetes

                elsewhere = {app: place for app, place in apart.items() if isinstance(place, KubernetesTarget)}
                self.urls = kubernetes.create(
                    name,
                    spec,
                    routes,
                    target,
                    apart=elsewhere,
                    edges=edges[0],
                    given=given,
                    secrets=named,
                    parent=self,
                )
            case DockerTarget():
                from components.edge_gateway import docker

                self.urls = docker.create(
                    name, spec, routes, target, edges=edges, gates=gates, given=given, secrets=named, parent=self
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
            secrets.apply(lambda all_, key=certificate.given.certificate.secret: all_[key]),
            secrets.apply(lambda all_, key=certificate.given.key.secret: all_[key]),
        )
        for name, certificate in sorted(spec.certificates.items())
        if certificate.given is not None
    }


def _named(
    routes: Sequence[Route], secrets: pulumi.Output[Mapping[str, str]] | None
) -> Mapping[str, pulumi.Output[str]]:
    """What routes name of the stack file's `secrets`, by its key there, encrypted to the end."""
    if secrets is None:
        return {}
    return {
        key: secrets.apply(lambda all_, key=key, path=path: _fitting(path, all_[key]))
        for path, key in facts.route_secrets(routes)
    }


def _fitting(path: Sequence[str], value: str) -> str:
    """A secret's value can't be looked at while the stack file is read, so an unfit key is found here."""
    if "api_key" in path and not facts.API_KEY.fullmatch(value):
        msg = f"{'.'.join(path)}: names a secret whose value is no API key: it must have 16 to 200 letters, digits, `-` and `_`"
        raise pulumi.RunError(msg)
    return value
