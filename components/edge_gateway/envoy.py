"""What Envoy Gateway adds to Gateway API: proxies of our own size, and policies by route.

Each function writes one kind; which of them a stack may ask for is in `facts.py`.
https://gateway.envoyproxy.io/v1.9/api/extension_types/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components import versions
from components.edge_gateway.spec import EdgeGatewaySpec, WafSpec
from components.routes import CircuitSpec, LimitsSpec, Route
from components.targets import KubernetesTarget
from components.targets.kubernetes import metadata
from components.vocabulary import seconds, size_bytes

DRAIN = {"minDrainDuration": "10s", "drainTimeout": "60s"}
"""Load balancers forget a proxy within ten seconds; open requests get a minute."""

LINE = {
    "type": "JSON",
    "json": {
        "time": "%START_TIME%",
        "request_id": "%REQ(X-REQUEST-ID)%",
        "route": "%ROUTE_NAME%",
        "host": "%REQ(:AUTHORITY)%",
        "method": "%REQ(:METHOD)%",
        "path": "%REQ_WITHOUT_QUERY(X-ENVOY-ORIGINAL-PATH?:PATH)%",
        "status": "%RESPONSE_CODE%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "bytes": "%BYTES_SENT%",
        "milliseconds": "%DURATION%",
        "upstream": "%UPSTREAM_HOST%",
        "upstream_milliseconds": "%RESPONSE_DURATION%",
        "protocol": "%PROTOCOL%",
        "tls": "%DOWNSTREAM_TLS_VERSION%",
    },
}
"""Of the proxies' log. No client address, no query, no browser: neither is needed to run this, and all are personal data."""
STDOUT = {"type": "File", "file": {"path": "/dev/stdout"}}

COMPRESSORS: list[dict[str, Any]] = [
    {"type": kind, kind.lower(): {}, "minContentLength": "1024"} for kind in ("Brotli", "Gzip")
]
"""One without settings of its own is left out, and nobody is told."""

SAFE_TO_REPEAT = ("connect-failure", "refused-stream", "reset-before-request")
"""What never reached an app, whatever the method."""
RETRIES = 3
"""A replica that has just died looks idle, so that one retry often meets it again."""

UNREACHABLE = {
    "splitExternalLocalOriginErrors": True,
    "consecutiveLocalOriginFailures": 2,
    "consecutive5XxErrors": 0,
    "baseEjectionTime": "5s",
    "interval": "1s",
    "maxEjectionPercent": 50,
}
"""Whom nobody reaches is left alone for a while, as nginx does; what an app answers is its own affair."""

TOLD_TO_APPS = {
    "X-Forwarded-For": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    "X-Forwarded-Host": "%REQ(:AUTHORITY)%",
}
"""Envoy by itself hands on what a client says under these names, and adds to it."""


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
            "telemetry": {"accessLog": {"settings": [{"format": LINE, "sinks": [STDOUT]}]}},
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
        "headers": {
            "requestID": "Generate",
            "lateResponseHeaders": {
                "remove": ["Server"],
                "set": [{"name": "X-Request-Id", "value": "%REQ(X-REQUEST-ID)%"}],
            },
        },
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


def firewall(
    name: str, waf: WafSpec, labels: Mapping[str, str], target: KubernetesTarget, opts: pulumi.ResourceOptions
) -> None:
    """EnvoyExtensionPolicy over all listeners. Its image is fetched by the gateway's controller, not by nodes."""
    directives = [
        "Include @recommended-conf",
        "Include @crs-setup-conf",
        f'SecAction "id:900000,phase:1,pass,t:none,nolog,setvar:tx.blocking_paranoia_level={waf.paranoia}"',
        "Include @owasp_crs/*.conf",
        *(f"SecRuleRemoveById {rule}" for rule in sorted(waf.exclude)),
        "SecResponseBodyAccess Off",
        f"SecRuleEngine {'On' if waf.mode == 'block' else 'DetectionOnly'}",
    ]
    CustomResource(
        f"{name}-firewall",
        api_version=versions.ENVOY_GATEWAY_API,
        kind="EnvoyExtensionPolicy",
        metadata=metadata(target, labels, f"{name}-firewall"),
        spec={
            "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name}],
            "wasm": [
                {
                    "name": "coraza",
                    "rootID": "",
                    "code": {"type": "Image", "image": {"url": versions.CORAZA}},
                    "config": {"default_directives": "default", "directives_map": {"default": directives}},
                    "failOpen": False,
                }
            ],
        },
        opts=opts,
    )


def route_policies(
    name: str, route: Route, labels: Mapping[str, str], target: KubernetesTarget, opts: pulumi.ResourceOptions
) -> None:
    """BackendTrafficPolicy for each HTTPRoute of a backend."""
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


def _traffic(route: Route, *, websocket: bool) -> dict[str, Any]:
    spec = route.spec
    body: dict[str, Any] = {"timeout": {"tcp": {"connectTimeout": "2s"}}}
    if websocket:
        body["timeout"]["http"] = {"streamIdleTimeout": f"{seconds(spec.timeouts.websocket_idle)}s"}
    else:
        body["requestBuffer"] = {"limit": str(size_bytes(spec.body))}
        body["compressor"] = COMPRESSORS
        body["retry"] = {"numRetries": RETRIES, "retryOn": {"triggers": list(SAFE_TO_REPEAT)}}
    if spec.affinity is not None:
        cookie = {
            "name": spec.affinity.cookie,
            "ttl": f"{seconds(spec.affinity.ttl)}s",
            # By itself it is for the path of the first request alone, and sent in plain too.
            "attributes": {"Path": "/", "SameSite": "Lax", "Secure": ""},
        }
        body["loadBalancer"] = {"type": "ConsistentHash", "consistentHash": {"type": "Cookie", "cookie": cookie}}
    body |= _circuit(spec.circuit) if spec.circuit else {"healthCheck": {"passive": UNREACHABLE}}
    if spec.limits is not None:
        body["rateLimit"] = {"type": "Local", "local": {"rules": [_limit(spec.limits)]}}
    return body


def _circuit(circuit: CircuitSpec) -> dict[str, Any]:
    """Half of an app's replicas may be left alone: beyond that the app itself is ill, and fewer replicas make it worse."""
    passive = {
        "consecutive5XxErrors": circuit.failures,
        "baseEjectionTime": f"{seconds(circuit.pause)}s",
        "interval": "5s",
        "maxEjectionPercent": 50,
    }
    found: dict[str, Any] = {"healthCheck": {"passive": passive}}
    if circuit.requests is not None:
        # By HTTP/1.1 each open request has a connection, and one that has none yet waits: all three mean the same.
        limits = ("maxConnections", "maxParallelRequests", "maxPendingRequests")
        found["circuitBreaker"] = dict.fromkeys(limits, circuit.requests)
    return found


def _limit(limits: LimitsSpec) -> dict[str, Any]:
    return {
        "clientSelectors": [{"sourceCIDR": {"type": "Distinct", "value": "0.0.0.0/0"}}],
        "limit": {"requests": limits.requests, "unit": limits.per.capitalize()},
    }
