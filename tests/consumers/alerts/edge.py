"""Alerts of the edge over Envoy's series, the access log's on Docker, certificates and probes."""

from __future__ import annotations

from tests.consumers.alerts.case import GONE, LONG, Case, Teller, flat, of

CLUSTER = "httproute/sink-kubernetes/edge-shop/rule/0"


def envoy(series: str, **labels: str) -> str:
    return of(f"envoy_{series}", instance_name="edge", envoy_cluster_name=CLUSTER, **labels)


def told(series: str, **labels: str) -> str:
    return of(f"edge_{series}", instance_name="edge", route="shop", **labels)


PROBED = {"instance_name": "edge", "instance": "shop.example.com"}
REACHED = of("probe_success", **PROBED)


def kubernetes(failed: int) -> dict[str, str]:
    return {
        envoy("cluster_upstream_rq_xx", envoy_response_code_class="2"): f"0+{100 - failed}x{LONG}",
        envoy("cluster_upstream_rq_xx", envoy_response_code_class="5"): f"0+{failed}x{LONG}",
    }


def docker(failed: int) -> dict[str, str]:
    return {
        told("requests_total", code_class="2xx"): f"0+{100 - failed}x{LONG}",
        told("requests_total", code_class="5xx"): f"0+{failed}x{LONG}",
    }


def slow(series: str, unit: int, fast: float) -> dict[str, str]:
    """Of a hundred requests so many within a second, the others within five."""
    return {
        f'{series}le="{unit}"}}': f"0+{fast}x{LONG}",
        f'{series}le="{5 * unit}"}}': f"0+100x{LONG}",
        f'{series}le="+Inf"}}': f"0+100x{LONG}",
    }


ENVOYS = envoy("cluster_upstream_rq_time_bucket", le="")[: -len('le=""}')]
NGINX = told("request_seconds_bucket", le="")[: -len('le=""}')]
LIMITED = of("envoy_http_local_rate_limit_rate_limited", instance_name="edge")
ENDS, BEGAN = (
    of(
        f"certmanager_certificate_not_{word}_timestamp_seconds",
        instance_name="edge",
        name="main",
        namespace="sink-kubernetes",
    )
    for word in ("after", "before")
)
LOCAL_ENDS = of("probe_ssl_earliest_cert_expiry", **PROBED)
LOCAL_LIFE = 397 * 86_400

ENDING = Case(minutes=60, ill={LOCAL_ENDS: flat(6 * 86_400)}, well={LOCAL_ENDS: flat(8 * 86_400)})
"""A week before the end somebody is woken, whatever the certificate's whole life was."""

TELLERS = (
    Teller(
        target="kubernetes",
        instance="edge",
        well={REACHED: flat(1), **kubernetes(0), **slow(ENVOYS, 1000, 100), ENDS: flat(1_000_000), BEGAN: flat(0)},
        cases={
            "EdgeRouteFailing": Case(minutes=20, ill=kubernetes(6), well=kubernetes(5)),
            "EdgeRouteSlow": Case(minutes=30, ill=slow(ENVOYS, 1000, 98), well=slow(ENVOYS, 1000, 99.5)),
            "EdgeLimitsInForce": Case(minutes=30, ill={LIMITED: f"0+61x{LONG}"}, well={LIMITED: f"0+59x{LONG}"}),
            # Of a million seconds, 19 and 21 % are left after 100 minutes.
            "EdgeCertificateNotRenewed": Case(
                minutes=100,
                ill={ENDS: flat(196_000), BEGAN: flat(-804_000)},
                well={ENDS: flat(216_000), BEGAN: flat(-784_000)},
            ),
            "EdgeUnreachable": Case(minutes=10, ill={REACHED: flat(0)}),
            "EdgeCertificateEnds": ENDING,
        },
    ),
    Teller(
        target="docker",
        instance="edge",
        well={REACHED: flat(1), **docker(0), **slow(NGINX, 1, 100), LOCAL_ENDS: flat(LOCAL_LIFE)},
        cases={
            "EdgeRouteFailing": Case(minutes=20, ill=docker(6), well=docker(5)),
            "EdgeRouteSlow": Case(minutes=30, ill=slow(NGINX, 1, 98), well=slow(NGINX, 1, 99.5)),
            "EdgeLimitsInForce": Case(
                minutes=30,
                ill={of("edge_limited_total", instance_name="edge"): f"0+61x{LONG}"},
                well={of("edge_limited_total", instance_name="edge"): f"0+59x{LONG}"},
            ),
            "EdgeCertificateNotRenewed": Case(
                minutes=100, ill={LOCAL_ENDS: flat(0.19 * LOCAL_LIFE)}, well={LOCAL_ENDS: flat(0.21 * LOCAL_LIFE)}
            ),
            "EdgeUnreachable": Case(minutes=10, ill={REACHED: flat(0)}, well={REACHED: GONE}),
        },
    ),
)
