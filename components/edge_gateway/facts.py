"""What follows from the edge's spec and the stack's routes alone: selector, names it takes, what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from components.app_service.spec import AppServiceSpec
from components.cdn_frontend import facts as site_facts
from components.cdn_frontend.spec import CdnFrontendSpec
from components.edge_gateway.spec import EdgeGatewaySpec, PublishSpec
from components.environment.spec import ClusterSpec
from components.footprint import Footprint
from components.monitoring_stack import facts as monitoring_facts
from components.monitoring_stack.spec import MonitoringSpec
from components.nginx import counting
from components.routes import Route, RouteSpec, Share
from components.vocabulary import Problem, cpu_millis, size_bytes

COMPONENT = "edge-gateway"
"""Value of app.kubernetes.io/name; for ever."""

NAME = "edge"
"""The one instance of a stack."""

DOCKER_PORT = 8443
"""Where its container speaks TLS: below 1024 it would need rights."""

SUFFIXES = (
    "",
    "-authority",
    "-certificates",
    "-config",
    "-egress",
    "-files",
    "-issuer",
    "-redirect",
    "-secrets",
    "-solver",
    "-tls",
    *counting.SUFFIXES,
)
"""What is put behind the instance's name, on either target."""

CLIENT_HEADER = "x-client-id"
"""Tells an app whose API key came; what a client itself sends under this name never arrives."""

API_KEY = re.compile(r"[A-Za-z0-9_-]{16,200}")
"""What every proxy reads without quotes, and nobody guesses."""

SOLVER_LABELS = {"acme.cert-manager.io/http01-solver": "true"}
"""Pods that cert-manager starts in the stack's namespace to answer Let's Encrypt. https://cert-manager.io/docs/configuration/acme/http01/"""
SOLVER_PORT = 8089
SOLVER_CPU, SOLVER_MEMORY = "10m", "64Mi"
"""What cert-manager asks for a solver pod by default."""

OLDEST_CERT_MANAGER = (1, 21)
"""The first minor that has the fix of GHSA-8rvj-mm4h-c258 from its start."""

Feature = Literal[
    "affinity",
    "allow_from",
    "api_key",
    "body",
    "circuit",
    "jwt",
    "limits",
    "oidc",
    "timeouts.websocket_idle",
    "trusted_proxies",
    "waf",
]


@dataclass(frozen=True, kw_only=True)
class Implementation:
    """What a gateway can do beyond the standard channel of Gateway API."""

    title: str
    capabilities: frozenset[Feature]


ENVOY_GATEWAY = Implementation(
    title="Envoy Gateway",
    capabilities=frozenset(get_args(Feature)),
)
STANDARD = Implementation(
    title="a gateway of which only Gateway API's standard channel is known", capabilities=frozenset()
)


def implementation(cluster: ClusterSpec) -> Implementation:
    """What the cluster's gateway is, by the operators that are installed."""
    return ENVOY_GATEWAY if "envoy_gateway" in cluster.operators else STANDARD


def selector() -> dict[str, str]:
    return {"app.kubernetes.io/name": COMPONENT, "app.kubernetes.io/instance": NAME}


def claims() -> set[str]:
    """Names that no other instance may take."""
    return {f"{NAME}{suffix}" for suffix in SUFFIXES}


def routes(
    apps: Mapping[str, AppServiceSpec],
    sites: Mapping[str, CdnFrontendSpec],
    monitoring: MonitoringSpec | None = None,
) -> tuple[Route, ...]:
    """Every route of a stack, in an order that no new name changes for the others."""
    found = [
        Route(
            backend=name,
            port=app.ports[app.route.port],
            section="app_services",
            place=("app_services", name, "route"),
            replicated=app.most_replicas > 1,
            spec=app.route,
            shares=tuple(_shares(app.route, apps)),
        )
        for name, app in sorted(apps.items())
        if app.route is not None
    ]
    return (
        *found,
        *(
            Route(
                backend=name,
                port=site_facts.PORT,
                section="cdn_frontends",
                place=("cdn_frontends", name, "route"),
                replicated=site.most_replicas > 1,
                spec=site.route,
            )
            for name, site in sorted(sites.items())
            if site.route is not None
        ),
        *(() if (shown := monitoring_facts.route(monitoring)) is None else (shown,)),
    )


def _shares(route: RouteSpec, apps: Mapping[str, AppServiceSpec]) -> Iterator[Share]:
    for name, percent in sorted(route.shares.items()):
        if name in apps and route.port in apps[name].ports:
            yield Share(backend=name, port=apps[name].ports[route.port], percent=percent)


def acme_hosts(spec: EdgeGatewaySpec) -> list[str]:
    """Names that Let's Encrypt is asked about."""
    return sorted({host for c in spec.certificates.values() if c.given is None for host in c.hosts})


def published(spec: EdgeGatewaySpec | None) -> Iterator[tuple[tuple[str, ...], int]]:
    """Ports of this machine, on Docker, and where they are said."""
    if spec is not None:
        ports = PublishSpec() if spec.docker is None else spec.docker.publish
        yield ("edge", "docker", "publish", "http"), ports.http
        yield ("edge", "docker", "publish", "https"), ports.https


def given_secrets(spec: EdgeGatewaySpec) -> Iterator[tuple[tuple[str, ...], str]]:
    """Keys of `secrets` that certificates name, and where."""
    for name, certificate in sorted(spec.certificates.items()):
        if certificate.given is not None:
            path = ("edge", "certificates", name, "given")
            yield (*path, "certificate", "secret"), certificate.given.certificate.secret
            yield (*path, "key", "secret"), certificate.given.key.secret


def route_secrets(routes: Sequence[Route]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Keys of `secrets` that routes name, and where."""
    for route in routes:
        path = route.place
        if route.spec.oidc is not None:
            yield (*path, "oidc", "client_secret", "secret"), route.spec.oidc.client_secret.secret
        if route.spec.api_key is not None:
            for client, key in sorted(route.spec.api_key.clients.items()):
                yield (*path, "api_key", "clients", client, "secret"), key.secret


def peak(spec: EdgeGatewaySpec) -> Footprint:
    """Solver pods, one per name at the most; the proxies run in the gateway's own namespace."""
    pods = len(acme_hosts(spec))
    return Footprint(cpu=pods * cpu_millis(SOLVER_CPU), memory=pods * size_bytes(SOLVER_MEMORY), pods=pods)


def without_edge(routes: Sequence[Route]) -> Iterator[Problem]:
    """Routes of a stack that has no edge."""
    for route in routes:
        yield Problem(
            path=route.place,
            rule="needs a way in: the stack has no `edge`",
            example="{certificates: {main: {hosts: [" + route.spec.host + "]}}}",
        )


def problems(spec: EdgeGatewaySpec, routes: Sequence[Route]) -> Iterator[Problem]:
    """What is wrong between routes, and between a route and the certificates; on every target."""
    owners: dict[tuple[str, str], Route] = {}
    for route in routes:
        at = route.place
        if spec.certificate_of(route.spec.host) is None:
            yield Problem(
                path=(*at, "host"),
                rule="is covered by no certificate of the edge; add it to one of: "
                + ", ".join(f"edge.certificates.{name}" for name in sorted(spec.certificates)),
            )
        for path in dict.fromkeys((*route.spec.paths, *route.spec.websocket)):
            if (other := owners.setdefault((route.spec.host, path), route)) is not route:
                yield Problem(
                    path=at,
                    rule=f"leads {route.spec.host}{path} here, and {'.'.join(other.place[:-1])} takes it too",
                )
    for route in routes:
        if route.spec.shares and route.section != "app_services":
            yield Problem(
                path=(*route.place, "shares"),
                rule="is for apps: a page would get its files from two releases; a site's previous_image keeps old files reachable",
            )
    cookies: dict[str, str] = {}
    for route in routes:
        if route.spec.affinity is not None:
            cookie = f"{route.spec.host} {route.spec.affinity.cookie}"
            if (first := cookies.setdefault(cookie, route.backend)) != route.backend:
                yield Problem(
                    path=(*route.place, "affinity", "cookie"),
                    rule=f"is the cookie of {first!r} on the same host; name another",
                    example=f"{route.backend.replace('-', '_')}_affinity",
                )


def share_problems(apps: Mapping[str, AppServiceSpec], broken: Collection[str]) -> Iterator[Problem]:
    """Shares that lead nowhere, or past the app that declares them."""
    for name, app in apps.items():
        if app.route is None or not app.route.shares:
            continue
        path = ("app_services", name, "route", "shares")
        if name not in app.route.shares:
            yield Problem(
                path=path, rule=f"must name {name} too, with what stays for it", example=f"{{{name}: 90, ...}}"
            )
        for other in app.route.shares:
            if other not in apps and other not in broken:
                there = ", ".join(sorted(apps)) or "none"
                yield Problem(path=(*path, other), rule=f"names no app of this stack; there are: {there}")
            elif other in apps and other != name and app.route.port not in apps[other].ports:
                has = ", ".join(sorted(apps[other].ports)) or "none"
                yield Problem(path=(*path, other), rule=f"has no port {app.route.port!r}; it has: {has}")


def cluster_problems(spec: EdgeGatewaySpec, routes: Sequence[Route], cluster: ClusterSpec) -> Iterator[Problem]:
    """What the cluster must have for the edge and its routes; paths start at the stack file's root."""
    at = ("environment", "target", "cluster")
    if cluster.gateway is None:
        yield Problem(
            path=(*at, "gateway"),
            rule="is missing: the edge needs a Gateway API implementation; install one with the cluster layer and paste the block that it prints",
            example="{class: envoy, proxy_namespace: envoy-gateway-system, proxy_labels: {app.kubernetes.io/name: envoy}}",
        )
    yield from _issuing(spec, cluster)
    found = implementation(cluster)
    asked: dict[Feature, object] = {"trusted_proxies": spec.trusted_proxies, "waf": spec.waf}
    for feature in (name for name, value in asked.items() if value and name not in found.capabilities):
        yield _lacks(("edge", feature), found)
    for route in routes:
        here = route.place
        for feature in _wants(route):
            if feature not in found.capabilities:
                yield _lacks((*here, *feature.split(".")), found)
        if route.spec.affinity is not None and not route.replicated:
            yield Problem(
                path=(*here, "affinity"),
                rule="has nothing to choose from: the app never has a second replica; remove it",
            )


def _issuing(spec: EdgeGatewaySpec, cluster: ClusterSpec) -> Iterator[Problem]:
    for name, certificate in sorted(spec.certificates.items()):
        for index, host in enumerate(certificate.hosts if certificate.given is None else ()):
            if host.startswith("*."):
                yield Problem(
                    path=("edge", "certificates", name, "hosts", index),
                    rule="can't come from Let's Encrypt by way of HTTP; name the hosts one by one, or give a certificate",
                    example="[blocksight.live, api.blocksight.live]",
                )
    if not acme_hosts(spec):
        return
    operator = cluster.operators.get("cert_manager")
    path = ("environment", "target", "cluster", "operators", "cert_manager")
    if operator is None:
        yield Problem(
            path=path,
            rule="is missing: it gets and renews the edge's certificates; install it with the cluster layer and paste the block that it prints, or give the certificates",
            example='{version: "1.21", namespace: cert-manager}',
        )
    elif tuple(map(int, operator.version.split("."))) < OLDEST_CERT_MANAGER:
        yield Problem(
            path=(*path, "version"),
            rule="must be 1.21 or later: before, users of a namespace could get around an issuer's rules (GHSA-8rvj-mm4h-c258)",
            example='"1.21"',
        )


def _lacks(path: tuple[str, ...], found: Implementation) -> Problem:
    return Problem(
        path=path,
        rule=f"can't be honoured by {found.title}; remove it, or install Envoy Gateway and name it in environment.target.cluster.operators",
        example='{envoy_gateway: {version: "1.9", namespace: envoy-gateway-system}}',
    )


def _wants(route: Route) -> Iterator[Feature]:
    """Policies that a route asks for in so many words; defaults apply where they can."""
    spec = route.spec
    if spec.affinity is not None:
        yield "affinity"
    if spec.allow_from:
        yield "allow_from"
    if "body" in spec.model_fields_set:
        yield "body"
    if spec.jwt is not None:
        yield "jwt"
    if spec.oidc is not None:
        yield "oidc"
    if spec.api_key is not None:
        yield "api_key"
    if spec.circuit is not None:
        yield "circuit"
    if spec.limits is not None:
        yield "limits"
    if "websocket_idle" in spec.timeouts.model_fields_set:
        yield "timeouts.websocket_idle"
