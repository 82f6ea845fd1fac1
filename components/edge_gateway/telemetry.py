"""What the edge tells the monitoring: a pure function of its spec and routes.

One name per signal, two sources. Kubernetes: Envoy's own series by cluster, whose name holds that of the HTTPRoute, and
cert-manager's. Docker: `components/nginx/mtail/access.mtail` over the access log, and blackbox probes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.edge_gateway.facts import NAME
from components.edge_gateway.spec import EdgeGatewaySpec
from components.routes import Route
from components.telemetry import Alert, BlackboxProbe, Dashboard, Panel, Row, Severity, Signal, Slo, Telemetry, Unit

OBJECTIVE = 99.9
"""Percent of a route's requests that must not fail, over 28 days."""
FAILING = 0.05
"""Share of failed requests from which a person is woken, whatever the budget."""
SLOW_SECONDS = 1.0
LIMITED_PER_SECOND = 1.0
LIFE_LEFT = 0.2
"""Share of a certificate's life. It is renewed at 0.33, so that this is reached only if renewing fails again and again."""
LOCAL_LIFE_SECONDS = 397 * 86400

_ROUTE = '"route", "$1", "envoy_cluster_name", "httproute/[^/]+/edge-(.+?)(?:-websocket)?/rule/.*"'
_CLASS = '"code_class", "${1}xx", "envoy_response_code_class", "(.)"'


def _of_envoy(series: str) -> str:
    """A rate of Envoy's with our label `route`."""
    return f"label_replace(rate({series}[5m]), {_ROUTE})"


def _signal(name: str, unit: Unit, help_: str, *, docker: str, kubernetes: str) -> Signal:
    return Signal(name=f"edge_{name}", unit=unit, help=help_, sources={"docker": docker, "kubernetes": kubernetes})


_OWN = f'{{instance_name="{NAME}"}}'
"""Others are probed too."""
_BY_CLASS = "sum by (instance_name, route, code_class)"
_BY_ROUTE = "sum by (instance_name, route)"
_ENVOY_CLASSES = f"label_replace({_of_envoy('envoy_cluster_upstream_rq_xx')}, {_CLASS})"
_ENVOY_FAILED = _of_envoy('envoy_cluster_upstream_rq_xx{envoy_response_code_class="5"}')
_ENVOY_ALL = _of_envoy("envoy_cluster_upstream_rq_xx")

SIGNALS = (
    _signal(
        "requests_per_second",
        "per_second",
        "Requests by route and class of status.",
        docker=f"{_BY_CLASS} (rate(edge_requests_total[5m]))",
        kubernetes=f"{_BY_CLASS} ({_ENVOY_CLASSES})",
    ),
    _signal(
        "error_ratio",
        "ratio",
        "Share of a route's requests that were answered with 5xx.",
        docker=f'{_BY_ROUTE} (rate(edge_requests_total{{code_class="5xx"}}[5m])) / {_BY_ROUTE} (rate(edge_requests_total[5m]))',
        kubernetes=f"{_BY_ROUTE} ({_ENVOY_FAILED}) / {_BY_ROUTE} ({_ENVOY_ALL})",
    ),
    _signal(
        "latency_p99_seconds",
        "seconds",
        "Time within which 99 of 100 requests of a route are answered.",
        docker="histogram_quantile(0.99, sum by (instance_name, route, le) (rate(edge_request_seconds_bucket[5m])))",
        kubernetes=f"histogram_quantile(0.99, sum by (instance_name, route, le) ({_of_envoy('envoy_cluster_upstream_rq_time_bucket')})) / 1000",
    ),
    _signal(
        "limited_per_second",
        "per_second",
        "Requests refused because their client asked too often.",
        docker="sum by (instance_name) (rate(edge_limited_total[5m]))",
        kubernetes="sum by (instance_name) (rate(envoy_http_local_rate_limiter_http_local_rate_limit_rate_limited[5m]))",
    ),
    _signal(
        "certificate_life_left_ratio",
        "ratio",
        "Share of a certificate's own lifetime that is left.",
        docker=f"(probe_ssl_earliest_cert_expiry{_OWN} - time()) / {LOCAL_LIFE_SECONDS}",
        kubernetes="(certmanager_certificate_not_after_timestamp_seconds - time()) / (certmanager_certificate_not_after_timestamp_seconds - certmanager_certificate_not_before_timestamp_seconds)",
    ),
    _signal(
        "reachable",
        "bool",
        "Whether a host answers a handshake, asked as a user comes.",
        docker=f"probe_success{_OWN}",
        kubernetes=f"probe_success{_OWN}",
    ),
)


def telemetry(spec: EdgeGatewaySpec, routes: Sequence[Route], *, door: str | None = None) -> Telemetry:
    """`door` is the host and port where requests come in, if public names don't lead there: on Docker."""
    hosts = sorted({route.spec.host for route in routes if spec.certificate_of(route.spec.host) is not None})
    return Telemetry(
        signals=SIGNALS,
        alerts=tuple(_alerts()),
        slos=tuple(_slo(route) for route in routes),
        dashboard=_dashboard(),
        probes=tuple(
            BlackboxProbe(
                instance=NAME,
                module="tls_connect",
                target=f"{host}:443" if door is None else door,
                vantage="outside",
                server_name=host,
            )
            for host in hosts
        ),
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
        "EdgeUnreachable",
        "slipway:edge_reachable == 0",
        "3m",
        "critical",
        "{{ $labels.instance }} answers no handshake",
        "Nobody reaches the host from outside.",
    )


def _alert(name: str, expr: str, hold: str, severity: Severity, summary: str, description: str) -> Alert:
    return Alert(
        name=name,
        instance=NAME,
        expr=expr,
        hold=hold,
        severity=severity,
        summary=summary,
        description=description,
        labels={},
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
        title="Refused as too many",
        unit="per_second",
        description="Should be near zero but for attacks.",
        queries={"refused": "slipway:edge_limited_per_second"},
        threshold=LIMITED_PER_SECOND,
    )
    life = Panel(
        title="Life left of certificates",
        unit="ratio",
        description="Falls to a third, and jumps back to one.",
        queries={"{{instance}}{{name}}": "slipway:edge_certificate_life_left_ratio"},
        threshold=LIFE_LEFT,
    )
    return Dashboard(
        title="Edge",
        instance=NAME,
        rows=(
            Row(title="Do users get answers?", panels=(requests, errors, latency)),
            Row(title="Is the way in itself well?", panels=(limited, life)),
        ),
    )
