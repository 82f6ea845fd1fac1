"""Who passes to a route, on Kubernetes: Envoy Gateway's SecurityPolicy, and the Secrets that it reads.

https://gateway.envoyproxy.io/v1.9/api/extension_types/#securitypolicy
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret

from components import versions
from components.edge_gateway.facts import CLIENT_HEADER
from components.routes import Route
from components.sign_in import OidcSpec
from components.targets import KubernetesTarget
from components.targets.kubernetes import metadata

Secrets = Mapping[str, pulumi.Output[str]]
"""Values by their key in the stack file's `secrets`."""


def policy(
    name: str,
    route: Route,
    labels: Mapping[str, str],
    target: KubernetesTarget,
    secrets: Secrets,
    opts: pulumi.ResourceOptions,
) -> list[CustomResource]:
    """One policy for all of a backend's HTTPRoutes, as each policy has sign-in cookies of its own; none where all may
    pass. It must be there before the routes that it guards.
    """
    security = dict(_security(name, route))
    if not security:
        return []
    made = [
        Secret(
            f"{name}-{role}-{route.backend}",
            metadata=metadata(target, labels, f"{name}-{role}-{route.backend}"),
            type="Opaque",
            string_data=content,
            opts=opts,
        )
        for role, content in _secrets(route, secrets)
    ]
    routes = [f"{name}-{route.backend}{suffix}" for suffix, paths in _halves(route) if paths]
    guard = CustomResource(
        f"{name}-security-{route.backend}",
        api_version=versions.ENVOY_GATEWAY_API,
        kind="SecurityPolicy",
        metadata=metadata(target, labels, f"{name}-{route.backend}"),
        spec={
            "targetRefs": [
                {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": each} for each in routes
            ],
            **security,
        },
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=made)),
    )
    return [guard]


def _halves(route: Route) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (("", route.plain_paths), ("-websocket", route.websocket_paths))


def _secrets(route: Route, secrets: Secrets) -> Iterator[tuple[str, dict[str, pulumi.Output[str]]]]:
    """Content of each Secret, by its role."""
    if route.spec.oidc is not None:
        yield "oidc", {"client-secret": secrets[route.spec.oidc.client_secret.secret]}
    if route.spec.api_key is not None:
        yield "keys", {client: secrets[key.secret] for client, key in sorted(route.spec.api_key.clients.items())}


def _security(name: str, route: Route) -> Iterator[tuple[str, Any]]:
    spec = route.spec
    if spec.allow_from:
        rule = {"name": "allow-from", "action": "Allow", "principal": {"clientCIDRs": sorted(spec.allow_from)}}
        yield "authorization", {"defaultAction": "Deny", "rules": [rule]}
    if spec.jwt is not None:
        provider = {
            "name": "issuer",
            "issuer": spec.jwt.issuer,
            "audiences": sorted(spec.jwt.audiences),
            "remoteJWKS": {"uri": spec.jwt.jwks},
        }
        yield "jwt", {"providers": [provider]}
    if spec.oidc is not None:
        yield "oidc", _oidc(name, route, spec.oidc)
    if spec.api_key is not None:
        yield (
            "apiKeyAuth",
            {
                "credentialRefs": [{"group": "", "kind": "Secret", "name": f"{name}-keys-{route.backend}"}],
                "extractFrom": [{"headers": [spec.api_key.header]}],
                "forwardClientIDHeader": CLIENT_HEADER,
                "sanitize": True,
            },
        )


def _oidc(name: str, route: Route, oidc: OidcSpec) -> dict[str, Any]:
    """Callback and logout lie below the route's shortest path, or the gateway would not lead them to it."""
    start = min(route.plain_paths or route.websocket_paths, key=len).removesuffix("/")
    provider = {"issuer": oidc.issuer}
    if oidc.endpoints is not None:
        provider |= {
            "authorizationEndpoint": oidc.endpoints.authorization,
            "tokenEndpoint": oidc.endpoints.token,
        }
    return {
        "provider": provider,
        "clientID": oidc.client_id,
        "clientSecret": {"group": "", "kind": "Secret", "name": f"{name}-oidc-{route.backend}"},
        "scopes": list(oidc.scopes),
        "redirectURL": f"https://{route.spec.host}{start}/oauth2/callback",
        "logoutPath": f"{start}/logout",
        "cookieConfig": {"sameSite": "Lax"},
        "forwardAccessToken": True,
    }
