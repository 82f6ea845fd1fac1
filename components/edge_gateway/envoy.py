"""What Envoy Gateway adds to Gateway API: proxies of our own size, and policies by route.

Each function writes one kind; which of them a stack may ask for is in `facts.py`.
https://gateway.envoyproxy.io/v1.9/api/extension_types/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components import versions
from components.edge_gateway.spec import EdgeGatewaySpec
from components.routes import LimitsSpec, Route
from components.targets import KubernetesTarget
from components.targets.kubernetes import metadata
from components.vocabulary import seconds, size_bytes

DRAIN = {"minDrainDuration": "10s", "drainTimeout": "60s"}
"""Load balancers forget a proxy within ten seconds; open requests get a minute."""


def proxy(
    name: str, spec: EdgeGatewaySpec, labels: Mapping[str, str], target: KubernetesTarget, opts: pulumi.ResourceOptions
) -> str:
    """EnvoyProxy; its name."""
    pod = {
        "topologySpreadConstraints": [
            {
                "topologyKey": "topology.kubernetes.io/zone",
                "maxSkew": 1,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {
                    "matchLabels": {"gateway.envoyproxy.io/owning-gateway-name": name},
                },
            }
        ]
    }
    CustomResource(
        f"{name}-proxy",
        api_version=versions.ENVOY_GATEWAY_API,
        kind="EnvoyProxy",
        metadata=metadata(target, labels, name),
        spec={
            "provider": {
                "type": "Kubernetes",
                "kubernetes": {
                    "envoyDeployment": {"replicas": spec.proxies, "pod": pod},
                    "envoyPDB": {"maxUnavailable": 1},
                },
            },
            "shutdown": DRAIN,
        },
        opts=opts,
    )
    return name


def client_policy(
    name: str, spec: EdgeGatewaySpec, labels: Mapping[str, str], target: KubernetesTarget, opts: pulumi.ResourceOptions
) -> None:
    """How clients are met: TLS versions, slow ones, who they are."""
    body: dict[str, Any] = {
        "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name}],
        "tls": {"minVersion": "1.2", "alpnProtocols": ["h2", "http/1.1"]},
        "timeout": {"http": {"requestHeadersReceivedTimeout": "10s", "idleTimeout": "65s"}},
        "headers": {"requestID": "Generate", "lateResponseHeaders": {"remove": ["Server"]}},
        "path": {"escapedSlashesAction": "RejectRequest"},
    }
    if spec.trusted_proxies:
        body["clientIPDetection"] = {"xForwardedFor": {"trustedCIDRs": sorted(spec.trusted_proxies)}}
    CustomResource(
        f"{name}-clients",
        api_version=versions.ENVOY_GATEWAY_API,
        kind="ClientTrafficPolicy",
        metadata=metadata(target, labels, name),
        spec=body,
        opts=opts,
    )


def route_policies(
    name: str, route: Route, labels: Mapping[str, str], target: KubernetesTarget, opts: pulumi.ResourceOptions
) -> None:
    """BackendTrafficPolicy for each HTTPRoute of a backend, and a SecurityPolicy if it asks for one."""
    for suffix, paths in (("", route.plain_paths), ("-websocket", route.websocket_paths)):
        if not paths:
            continue
        reference = [
            {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": f"{name}-{route.backend}{suffix}"}
        ]
        CustomResource(
            f"{name}-traffic-{route.backend}{suffix}",
            api_version=versions.ENVOY_GATEWAY_API,
            kind="BackendTrafficPolicy",
            metadata=metadata(target, labels, f"{name}-{route.backend}{suffix}"),
            spec={"targetRefs": reference, **_traffic(route, websocket=bool(suffix))},
            opts=opts,
        )
        security = dict(_security(route))
        if security:
            CustomResource(
                f"{name}-security-{route.backend}{suffix}",
                api_version=versions.ENVOY_GATEWAY_API,
                kind="SecurityPolicy",
                metadata=metadata(target, labels, f"{name}-{route.backend}{suffix}"),
                spec={"targetRefs": reference, **security},
                opts=opts,
            )


def _traffic(route: Route, *, websocket: bool) -> dict[str, Any]:
    spec = route.spec
    body: dict[str, Any] = {"timeout": {"tcp": {"connectTimeout": "2s"}}}
    if websocket:
        body["timeout"]["http"] = {"streamIdleTimeout": f"{seconds(spec.timeouts.websocket_idle)}s"}
    else:
        body["requestBuffer"] = {"limit": str(size_bytes(spec.body))}
        body["compressor"] = [{"type": "Brotli"}, {"type": "Gzip"}]
        # Only what never reached an app: safe for every method.
        body["retry"] = {"numRetries": 1, "retryOn": {"triggers": ["connect-failure", "refused-stream"]}}
    if spec.affinity is not None:
        cookie = {
            "name": spec.affinity.cookie,
            "ttl": f"{seconds(spec.affinity.ttl)}s",
            "attributes": {"SameSite": "Lax"},
        }
        body["loadBalancer"] = {"type": "ConsistentHash", "consistentHash": {"type": "Cookie", "cookie": cookie}}
    if spec.limits is not None:
        body["rateLimit"] = {"type": "Local", "local": {"rules": [_limit(spec.limits)]}}
    return body


def _limit(limits: LimitsSpec) -> dict[str, Any]:
    return {
        "clientSelectors": [{"sourceCIDR": {"type": "Distinct", "value": "0.0.0.0/0"}}],
        "limit": {"requests": limits.requests, "unit": limits.per.capitalize()},
    }


def _security(route: Route) -> Iterator[tuple[str, Any]]:
    if route.spec.allow_from:
        rule = {"name": "allow-from", "action": "Allow", "principal": {"clientCIDRs": sorted(route.spec.allow_from)}}
        yield "authorization", {"defaultAction": "Deny", "rules": [rule]}
    if route.spec.jwt is not None:
        jwt = route.spec.jwt
        provider = {
            "name": "issuer",
            "issuer": jwt.issuer,
            "audiences": sorted(jwt.audiences),
            "remoteJWKS": {"uri": jwt.jwks},
        }
        yield "jwt", {"providers": [provider]}
