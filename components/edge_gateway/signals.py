"""The edge's series: one name per signal, two sources. Pure.

Kubernetes: Envoy's own series by cluster, whose name holds that of the HTTPRoute, and cert-manager's. Docker: mtail over
what nginx logs (`components/nginx/counting.py`). Blackbox probes on both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from components.telemetry import Signal, TargetKind, Unit

LOCAL_LIFE_SECONDS = 397 * 86400
"""Of certificates that the stack's own authority makes."""

_ROUTE = '"route", "$1", "envoy_cluster_name", "httproute/[^/]+/edge-(.+?)(?:-websocket)?/rule/.*"'
_CLASS = '"code_class", "${1}xx", "envoy_response_code_class", "(.)"'


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Who can be asked."""

    envoy: bool
    """Kubernetes: whether the proxies are Envoy."""
    issued_in: str | None
    """Kubernetes: namespace of the certificates that cert-manager makes; None where it makes none."""
    made_for: Sequence[str]
    """Docker: hosts of certificates that the stack's own authority makes."""


def signals(sources: Sources) -> tuple[Signal, ...]:
    """All of them, each with the sources that are there: what is written over one without a source is left out later."""
    return tuple(_all(sources))


def _of_envoy(series: str) -> str:
    """A rate of Envoy's with our label `route`."""
    return f"label_replace(rate({series}[5m]), {_ROUTE})"


def _signal(name: str, unit: Unit, help_: str, *, docker: str | None, kubernetes: str | None) -> Signal:
    both: Mapping[TargetKind, str | None] = {"docker": docker, "kubernetes": kubernetes}
    return Signal(name=f"edge_{name}", unit=unit, help=help_, sources={k: v for k, v in both.items() if v is not None})


_BY_CLASS = "sum by (instance_name, route, code_class)"
_BY_ROUTE = "sum by (instance_name, route)"
_BY_BUCKET = "sum by (instance_name, route, le)"
_ENVOY_CLASSES = f"label_replace({_of_envoy('envoy_cluster_upstream_rq_xx')}, {_CLASS})"
_ENVOY_FAILED = _of_envoy('envoy_cluster_upstream_rq_xx{envoy_response_code_class="5"}')
_ENVOY_ALL = _of_envoy("envoy_cluster_upstream_rq_xx")
_ENVOY_BUCKETS = _of_envoy("envoy_cluster_upstream_rq_time_bucket")


_ENVOY_REFUSED = " or ".join(
    f'label_replace(rate(envoy_http_{series}[5m]), "by", "{series}", "", "")'
    for series in ("rbac_denied", "jwt_authn_denied", "api_key_auth_unauthorized")
)
"""Told apart by a label: without their names they are the same."""


def _all(sources: Sources) -> Iterator[Signal]:
    def envoy(source: str) -> str | None:
        return source if sources.envoy else None

    yield _signal(
        "requests_per_second",
        "per_second",
        "Requests by route and class of status.",
        docker=f"{_BY_CLASS} (rate(edge_requests_total[5m]))",
        kubernetes=envoy(f"{_BY_CLASS} ({_ENVOY_CLASSES})"),
    )
    yield _signal(
        "error_ratio",
        "ratio",
        "Share of a route's requests that were answered with 5xx.",
        docker=f'{_BY_ROUTE} (rate(edge_requests_total{{code_class="5xx"}}[5m])) / {_BY_ROUTE} (rate(edge_requests_total[5m]))',
        kubernetes=envoy(f"{_BY_ROUTE} ({_ENVOY_FAILED}) / {_BY_ROUTE} ({_ENVOY_ALL})"),
    )
    yield _signal(
        "latency_p99_seconds",
        "seconds",
        "Time within which 99 of 100 requests of a route are answered.",
        docker=f"histogram_quantile(0.99, {_BY_BUCKET} (rate(edge_request_seconds_bucket[5m])))",
        kubernetes=envoy(f"histogram_quantile(0.99, {_BY_BUCKET} ({_ENVOY_BUCKETS})) / 1000"),
    )
    yield _signal(
        "limited_per_second",
        "per_second",
        "Requests refused because their client asked too often.",
        docker="sum by (instance_name) (rate(edge_limited_total[5m]))",
        kubernetes=envoy("sum by (instance_name) (rate(envoy_http_local_rate_limit_rate_limited[5m]))"),
    )
    yield _signal(
        "refused_per_second",
        "per_second",
        "Requests refused because they had no right to pass, or were too large (nginx alone counts those).",
        docker="sum by (instance_name) (rate(edge_refused_total[5m]))",
        kubernetes=envoy(f"sum by (instance_name) ({_ENVOY_REFUSED})"),
    )
    yield _signal(
        "connections",
        "count",
        "Open connections of clients, all proxies together.",
        docker="sum by (instance_name) (edge_connections)",
        kubernetes=envoy(
            'sum by (instance_name) (envoy_http_downstream_cx_active{envoy_http_conn_manager_prefix=~"https?-.*"})'
        ),
    )
    yield from _certificates(sources)
    yield _signal(
        "reachable",
        "bool",
        "Whether a host answers a handshake, asked as a user comes.",
        docker='probe_success{instance_name="edge"}',
        kubernetes='probe_success{instance_name="edge"}',
    )


def _certificates(sources: Sources) -> Iterator[Signal]:
    ends = 'probe_ssl_earliest_cert_expiry{instance_name="edge"}'
    yield _signal(
        "certificate_seconds_left",
        "seconds",
        "How long the certificate that a host shows is still valid.",
        docker=f"{ends} - time()",
        kubernetes=f"{ends} - time()",
    )
    hosts = "|".join(host.replace(".", r"\\.") for host in sources.made_for)
    made = f'probe_ssl_earliest_cert_expiry{{instance_name="edge",instance=~"{hosts}"}}'
    kubernetes = None
    if sources.issued_in is not None:
        after, before = (
            _in_namespace(f"certmanager_certificate_not_{word}_timestamp_seconds", sources.issued_in)
            for word in ("after", "before")
        )
        kubernetes = f"({after} - time()) / ({after} - {before})"
    yield _signal(
        "certificate_life_left_ratio",
        "ratio",
        "Share of a certificate's own lifetime that is left.",
        docker=f"({made} - time()) / {LOCAL_LIFE_SECONDS}" if hosts else None,
        kubernetes=kubernetes,
    )


def _in_namespace(series: str, namespace: str) -> str:
    """cert-manager tells of all namespaces; where its label gives way to the scraper's, it is called `exported_namespace`."""
    return f'({series}{{exported_namespace="{namespace}"}} or {series}{{namespace="{namespace}"}})'
