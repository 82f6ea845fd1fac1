"""What the edge tells the monitoring: a pure function of its spec and routes. Its series are in `signals.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.edge_gateway.facts import ENVOY_GATEWAY, NAME, acme_hosts, implementation
from components.edge_gateway.signals import Sources, signals
from components.edge_gateway.spec import EdgeGatewaySpec
from components.environment.operators import labels_of
from components.environment.spec import ClusterSpec
from components.nginx import counting
from components.routes import Route
from components.telemetry import Alert, BlackboxProbe, Dashboard, Panel, Row, Scrape, Slo, Telemetry
from components.telemetry_alerts import AlertMaker

OBJECTIVE = 99.9
"""Percent of a route's requests that must not fail, over 28 days."""
FAILING = 0.05
"""Share of failed requests from which a person is woken, whatever the budget."""
SLOW_SECONDS = 1.0
LIMITED_PER_SECOND = 1.0
LIFE_LEFT = 0.2
"""Share of a certificate's life. It is renewed at 0.33, so that this is reached only if renewing fails again and again."""
ENDS_IN_SECONDS = 7 * 86400
"""For certificates that somebody else renews: a week is enough to get another one."""

ISSUER_PORT = 9402
"""Of cert-manager's controller, unless the cluster's facts name another."""

_alert = AlertMaker(instance=NAME, component=None).alert


def telemetry(
    spec: EdgeGatewaySpec,
    routes: Sequence[Route],
    *,
    door: str | None = None,
    cluster: ClusterSpec | None = None,
    prefix: str = "",
) -> Telemetry:
    """`door` is the host and port where requests come in, if public names don't lead there: on Docker. `cluster` and
    `prefix`, the stack's namespace, are Kubernetes'.
    """
    hosts = sorted({route.spec.host for route in routes if spec.certificate_of(route.spec.host) is not None})
    made = [host for host in hosts if (name := spec.certificate_of(host)) and spec.certificates[name].given is None]
    sources = Sources(
        envoy=cluster is not None and implementation(cluster) is ENVOY_GATEWAY,
        issued_in=prefix if cluster is not None and acme_hosts(spec) else None,
        made_for=made if cluster is None else (),
    )
    return Telemetry(
        scrapes=tuple(_scrapes(spec, cluster, prefix)),
        signals=signals(sources),
        alerts=tuple(_alerts()),
        slos=tuple(_slo(route) for route in routes),
        dashboard=_dashboard(),
        probes=tuple(_probe(spec, host, door, cluster) for host in hosts),
    )


def _scrapes(spec: EdgeGatewaySpec, cluster: ClusterSpec | None, prefix: str) -> Iterator[Scrape]:
    if cluster is None:
        yield Scrape(
            instance=NAME,
            job="nginx",
            labels={},
            host=f"{NAME}-exporter",
            port=counting.PORT,
            port_name=counting.PORT_NAME,
        )
        return
    if cluster.gateway is not None and implementation(cluster) is ENVOY_GATEWAY:
        owner = {"name": NAME, "namespace": prefix}
        yield Scrape(  # https://gateway.envoyproxy.io/v1.9/tasks/observability/proxy-metric/
            instance=NAME,
            role="-proxy",
            job="envoy",
            labels={f"gateway.envoyproxy.io/owning-gateway-{key}": value for key, value in owner.items()},
            host="",
            namespace=cluster.gateway.proxy_namespace,
            port=19001,
            port_name="metrics",
            path="/stats/prometheus",
        )
    issuer = cluster.operators.get("cert_manager")
    if issuer is not None and acme_hosts(spec):
        yield Scrape(  # https://cert-manager.io/docs/devops-tips/prometheus-metrics/
            instance=NAME,
            role="-issuer",
            job="cert-manager",
            labels=labels_of("cert_manager", issuer.labels),
            host="",
            namespace=issuer.namespace,
            port=ISSUER_PORT if issuer.metrics is None else issuer.metrics,
            port_name="",
        )


def _probe(spec: EdgeGatewaySpec, host: str, door: str | None, cluster: ClusterSpec | None) -> BlackboxProbe:
    """A certificate of the trial directory is trusted by nobody, a prober included, and dates are all that can be asked."""
    certificate = spec.certificates[spec.certificate_of(host) or ""]
    trial = cluster is not None and certificate.given is None and certificate.acme != "production"
    return BlackboxProbe(
        instance=NAME,
        module="tls_dates" if trial else "tls_connect",
        target=f"{host}:443" if door is None else door,
        vantage="outside",
        server_name=host,
    )


def _alerts() -> Iterator[Alert]:
    yield _alert(
        "EdgeRouteFailing",
        f"slipway:edge_error_ratio > {FAILING} and on (instance_name, route) sum by (instance_name, route) (slipway:edge_requests_per_second) > 0.1",
        "5m",
        "critical",
        "{{ $value | humanizePercentage }} of requests to {{ $labels.route }} fail",
        "Users see errors. If nobody acts, the route's budget of errors for four weeks is gone within hours.",
    )
    yield _alert(
        "EdgeRouteSlow",
        f"slipway:edge_latency_p99_seconds > {SLOW_SECONDS}",
        "15m",
        "warning",
        "One of a hundred requests to {{ $labels.route }} takes {{ $value | humanizeDuration }}",
        "Users wait. Slow answers hold connections, so that failing ones follow.",
    )
    yield _alert(
        "EdgeLimitsInForce",
        f"slipway:edge_limited_per_second > {LIMITED_PER_SECOND}",
        "15m",
        "warning",
        "{{ $value | humanize }} requests a second are refused as too many",
        "Either somebody attacks or scrapes, or a limit is too narrow for real users, who then see errors.",
    )
    yield _alert(
        "EdgeCertificateNotRenewed",
        f"slipway:edge_certificate_life_left_ratio < {LIFE_LEFT}",
        "1h",
        "critical",
        "A certificate has {{ $value | humanizePercentage }} of its life left and is not renewed",
        "When it ends, browsers refuse the host and nobody can click that away.",
    )
    yield _alert(
        "EdgeCertificateEnds",
        f"slipway:edge_certificate_seconds_left < {ENDS_IN_SECONDS}",
        "15m",
        "critical",
        "The certificate of {{ $labels.instance }} ends in {{ $value | humanizeDuration }}",
        "When it ends, browsers refuse the host and nobody can click that away.",
    )
    yield _alert(
        "EdgeUnreachable",
        "slipway:edge_reachable == 0",
        "3m",
        "critical",
        "{{ $labels.instance }} answers no handshake",
        "Nobody reaches the host from outside.",
    )


def _slo(route: Route) -> Slo:
    of_route = f'slipway:edge_requests_per_second{{route="{route.backend}"'
    return Slo(
        name=f"{route.backend}-availability",
        instance=NAME,
        objective=OBJECTIVE,
        window_days=28,
        total=f"sum(avg_over_time({of_route}}}[$window]))",
        bad=f'sum(avg_over_time({of_route},code_class="5xx"}}[$window]))',
        least_events=200,
        labels={"route": route.backend},
    )


def _dashboard() -> Dashboard:
    requests = Panel(
        title="Requests",
        unit="per_second",
        description="Which routes are used, and how they are answered.",
        queries={"{{route}} {{code_class}}": "slipway:edge_requests_per_second"},
    )
    errors = Panel(
        title="Failed requests",
        unit="ratio",
        description="A route that stands out is broken by itself; all of them at once is the edge or what they share.",
        queries={"{{route}}": "slipway:edge_error_ratio"},
        threshold=FAILING,
    )
    latency = Panel(
        title="Latency, 99th percentile",
        unit="seconds",
        description="Compare with the app's own figure: the difference is the way in.",
        queries={"{{route}}": "slipway:edge_latency_p99_seconds"},
        threshold=SLOW_SECONDS,
    )
    limited = Panel(
        title="Refused",
        unit="per_second",
        description="Too many: near zero but for attacks. No right: a rise is a key that ran out, or somebody who tries.",
        queries={"too many": "slipway:edge_limited_per_second", "no right": "slipway:edge_refused_per_second"},
        threshold=LIMITED_PER_SECOND,
    )
    life = Panel(
        title="Life left of certificates",
        unit="ratio",
        description="Falls to a third, and jumps back to one.",
        queries={"{{instance}}{{name}}": "slipway:edge_certificate_life_left_ratio"},
        threshold=LIFE_LEFT,
    )
    ends = Panel(
        title="Time until certificates end",
        unit="seconds",
        description="As each host shows it. Below the line somebody who renews by hand must act.",
        queries={"{{instance}}": "slipway:edge_certificate_seconds_left"},
        threshold=ENDS_IN_SECONDS,
    )
    connections = Panel(
        title="Open connections",
        unit="count",
        description="WebSockets stay open: a fall to zero is a restart, a steady rise a leak.",
        queries={"connections": "slipway:edge_connections"},
    )
    return Dashboard(
        title="Edge",
        instance=NAME,
        rows=(
            Row(title="Do users get answers?", panels=(requests, errors, latency)),
            Row(title="Is the way in itself well?", panels=(limited, connections, life, ends)),
        ),
    )
