"""EdgeGateway on Kubernetes: Gateway API's standard channel and cert-manager. Policies beyond it are in `envoy.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret

from components import versions
from components.connections import Edge
from components.edge_gateway import envoy, facts, sign_in
from components.edge_gateway.spec import EdgeGatewaySpec
from components.headers import header_values
from components.routes import CorsSpec, Route
from components.targets import GatewayFacts, KubernetesTarget
from components.targets.kubernetes import metadata, network_policy
from components.vocabulary import seconds

Given = Mapping[str, tuple[pulumi.Output[str], pulumi.Output[str]]]
Apart = Mapping[str, KubernetesTarget]

TRUSTED = "https://acme-v02.api.letsencrypt.org/directory"
TRIAL = "https://acme-staging-v02.api.letsencrypt.org/directory"
"""https://letsencrypt.org/docs/staging-environment/"""

RENEW_AT_PERCENT = 33
"""Of the lifetime that is left. A fixed time would be too early or too late: lifetimes shrink to 45 days by 2028."""


def create(
    name: str,
    spec: EdgeGatewaySpec,
    routes: Sequence[Route],
    target: KubernetesTarget,
    *,
    apart: Apart,
    edges: Sequence[Edge],
    given: Given,
    secrets: sign_in.Secrets,
    parent: pulumi.Resource,
) -> list[str]:
    labels = facts.selector()
    opts = pulumi.ResourceOptions(parent=parent, provider=target.provider)
    gateway = target.gateway
    assert gateway is not None, "a proof has looked for it"
    proxy = envoy.proxy(name, spec, labels, target, opts) if gateway.envoy else None
    hosts = sorted({route.spec.host for route in routes})
    entry = _gateway(name, spec, hosts, labels, gateway, target, opts, proxy)
    if gateway.envoy:
        envoy.client_policy(name, spec, labels, target, opts)
        if spec.waf is not None:
            envoy.firewall(name, spec.waf, labels, target, opts)
    _redirect(name, labels, target, opts, entry, 308 if gateway.envoy else 301)
    _certificates(name, spec, labels, target, opts, given, entry)
    if facts.acme_hosts(spec):
        network_policy(f"{name}-solver", labels, facts.SOLVER_LABELS, (edges, ()), target, parent)
    for app in sorted({share.backend for route in routes for share in route.backends} & apart.keys()):
        _grant(name, app, labels, target, apart[app], opts)
    for route in routes:
        guards = sign_in.policy(name, route, labels, target, secrets, opts) if gateway.envoy else []
        _routes(name, list(_filters(spec, route, gateway)), route, labels, target, apart, _after(opts, entry, *guards))
        if gateway.envoy:
            envoy.route_policies(name, route, labels, target, opts)
    return [f"https://{host}" for host in hosts]


def listener(host: str) -> str:
    """Name of a host's listener: hosts hold only letters, digits, hyphens and dots."""
    return host.replace(".", "-")


def _gateway(
    name: str,
    spec: EdgeGatewaySpec,
    hosts: Sequence[str],
    labels: Mapping[str, str],
    gateway: GatewayFacts,
    target: KubernetesTarget,
    opts: pulumi.ResourceOptions,
    proxy: str | None,
) -> CustomResource:
    same = {"namespaces": {"from": "Same"}}
    listeners: list[dict[str, Any]] = [{"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": same}]
    listeners += [
        {
            "name": listener(host),
            "hostname": host,
            "port": 443,
            "protocol": "HTTPS",
            "allowedRoutes": same,
            "tls": {
                "mode": "Terminate",
                "certificateRefs": [{"group": "", "kind": "Secret", "name": f"{name}-{spec.certificate_of(host)}-tls"}],
            },
        }
        for host in hosts
    ]
    body: dict[str, Any] = {"gatewayClassName": gateway.gateway_class, "listeners": listeners}
    if proxy is not None:
        reference = {"group": "gateway.envoyproxy.io", "kind": "EnvoyProxy", "name": proxy}
        body["infrastructure"] = {"parametersRef": reference}
    return CustomResource(
        f"{name}-gateway",
        api_version=versions.GATEWAY_API,
        kind="Gateway",
        metadata=metadata(target, labels, name),
        spec=body,
        opts=opts,
    )


def _after(opts: pulumi.ResourceOptions, *resources: pulumi.Resource) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(resources)))


def _redirect(
    name: str,
    labels: Mapping[str, str],
    target: KubernetesTarget,
    opts: pulumi.ResourceOptions,
    gateway: CustomResource,
    status: int,
) -> None:
    """Everything on port 80 but the challenges of Let's Encrypt, whose exact paths win over this. 308 leaves a POST a
    POST, and is not in every gateway's support of the standard channel.
    """
    CustomResource(
        f"{name}-redirect",
        api_version=versions.GATEWAY_API,
        kind="HTTPRoute",
        metadata=metadata(target, labels, f"{name}-redirect"),
        spec={
            "parentRefs": [{"name": name, "sectionName": "http"}],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                    "filters": [
                        {
                            "type": "RequestRedirect",
                            "requestRedirect": {"scheme": "https", "port": 443, "statusCode": status},
                        }
                    ],
                }
            ],
        },
        opts=_after(opts, gateway),
    )


def _certificates(
    name: str,
    spec: EdgeGatewaySpec,
    labels: Mapping[str, str],
    target: KubernetesTarget,
    opts: pulumi.ResourceOptions,
    given: Given,
    gateway: CustomResource,
) -> None:
    directories = sorted({c.acme for c in spec.certificates.values() if c.given is None})
    issuers = {word: _issuer(name, word, labels, target, _after(opts, gateway)) for word in directories}
    for certificate, wanted in sorted(spec.certificates.items()):
        secret = f"{name}-{certificate}-tls"
        if wanted.given is not None:
            chain, key = given[certificate]
            Secret(
                secret,
                metadata=metadata(target, labels, secret),
                type="kubernetes.io/tls",
                string_data={"tls.crt": chain, "tls.key": key},
                opts=opts,
            )
            continue
        CustomResource(
            f"{name}-certificate-{certificate}",
            api_version=versions.CERT_MANAGER_API,
            kind="Certificate",
            metadata=metadata(target, labels, f"{name}-{certificate}"),
            spec={
                "secretName": secret,
                "dnsNames": sorted(wanted.hosts),
                "issuerRef": {"group": "cert-manager.io", "kind": "Issuer", "name": f"{name}-{wanted.acme}"},
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
                "renewBeforePercentage": RENEW_AT_PERCENT,
                "usages": ["digital signature", "server auth"],
                "revisionHistoryLimit": 2,
            },
            opts=_after(opts, issuers[wanted.acme]),
        )


def _issuer(
    name: str, directory: str, labels: Mapping[str, str], target: KubernetesTarget, opts: pulumi.ResourceOptions
) -> CustomResource:
    solver = {
        "parentRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name, "sectionName": "http"}]
    }
    return CustomResource(
        f"{name}-issuer-{directory}",
        api_version=versions.CERT_MANAGER_API,
        kind="Issuer",
        metadata=metadata(target, labels, f"{name}-{directory}"),
        spec={
            "acme": {
                "server": TRUSTED if directory == "production" else TRIAL,
                "privateKeySecretRef": {"name": f"{name}-{directory}-account"},
                "solvers": [{"http01": {"gatewayHTTPRoute": solver}}],
            }
        },
        opts=opts,
    )


def _routes(
    name: str,
    filters: Sequence[Mapping[str, Any]],
    route: Route,
    labels: Mapping[str, str],
    target: KubernetesTarget,
    apart: Apart,
    opts: pulumi.ResourceOptions,
) -> None:
    """One HTTPRoute for requests and one for WebSockets: their timeouts and limits differ."""
    both = (
        ("", route.plain_paths, f"{seconds(route.spec.timeouts.answer)}s"),
        ("-websocket", route.websocket_paths, "0s"),
    )
    for suffix, paths, timeout in both:
        if not paths:
            continue
        CustomResource(
            f"{name}-route-{route.backend}{suffix}",
            api_version=versions.GATEWAY_API,
            kind="HTTPRoute",
            metadata=metadata(target, labels, f"{name}-{route.backend}{suffix}"),
            spec={
                "parentRefs": [{"name": name, "sectionName": listener(route.spec.host)}],
                "hostnames": [route.spec.host],
                "rules": [
                    {
                        "matches": [{"path": {"type": "PathPrefix", "value": path}} for path in paths],
                        "backendRefs": list(_backends(route, apart)),
                        "timeouts": {"request": timeout},
                        "filters": list(filters),
                    }
                ],
            },
            opts=opts,
        )


def _backends(route: Route, apart: Apart) -> Iterator[dict[str, Any]]:
    """One alone has no weight: it gets all."""
    for share in route.backends:
        yield {
            "name": share.backend,
            "port": share.port,
            **({"namespace": apart[share.backend].namespace} if share.backend in apart else {}),
            **({"weight": share.percent} if route.shares else {}),
        }


def _grant(
    name: str,
    app: str,
    labels: Mapping[str, str],
    target: KubernetesTarget,
    place: KubernetesTarget,
    opts: pulumi.ResourceOptions,
) -> None:
    """An untrusted app's namespace lets routes of the stack's own lead to that app. https://gateway-api.sigs.k8s.io/api-types/referencegrant/"""
    CustomResource(
        f"{name}-grant-{app}",
        api_version=versions.GATEWAY_API,
        kind="ReferenceGrant",
        metadata=metadata(place, labels, name),
        spec={
            "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": target.namespace}],
            "to": [{"group": "", "kind": "Service", "name": app}],
        },
        opts=opts,
    )


def _filters(spec: EdgeGatewaySpec, route: Route, gateway: GatewayFacts) -> Iterator[dict[str, Any]]:
    told = envoy.TOLD_TO_APPS if gateway.envoy else {}
    yield {
        "type": "RequestHeaderModifier",
        "requestHeaderModifier": {
            **({"set": _headers(told)} if told else {}),
            # An app that believes these could be lied to.
            "remove": ["Forwarded", "Proxy"],
        },
    }
    values = {**header_values(route.spec.headers), "Strict-Transport-Security": spec.hsts.text()}
    yield {
        "type": "ResponseHeaderModifier",
        "responseHeaderModifier": {
            "set": _headers(values),
            # A cache between must not show one page's permission to another.
            **({} if route.spec.cors is None else {"add": _headers({"Vary": "Origin"})}),
            "remove": ["X-Powered-By"],
        },
    }
    if route.spec.cors is not None:
        yield {"type": "CORS", "cors": _cors(route.spec.cors)}


def _headers(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": header, "value": value} for header, value in sorted(values.items())]


def _cors(cors: CorsSpec) -> dict[str, Any]:
    return {
        "allowOrigins": sorted(cors.origins),
        "allowMethods": list(cors.methods),
        "allowHeaders": list(cors.headers),
        "allowCredentials": cors.credentials,
        "maxAge": seconds(cors.max_age),
    }
