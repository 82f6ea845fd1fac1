"""What metrics and promises of apps refuse."""

from __future__ import annotations

from typing import Any

from tests.stacks.refusals.case import API, Case

PORTS = {"http": 8000, "metrics": 9464}
COUNTED: dict[str, Any] = {f"{API}.ports": PORTS, f"{API}.metrics": {"requests": {"style": "prom_client"}}}
FIGURE: dict[str, Any] = {"series": "shop_orders_total", "kind": "counter", "help": "Orders that were paid."}
ALERT: dict[str, Any] = {
    "expr": "time() - max(tip_seconds) > 3600",
    "summary": "No new block",
    "description": "What users see is old.",
}
WATCHED: dict[str, Any] = {
    f"{API}.ports": PORTS,
    "monitoring": {"runbooks": "https://example.com/runbooks", "logs": None},
    "environment.target.cluster.operators.prometheus_operator": {"version": "0.93", "namespace": "monitoring-system"},
    "environment.target.cluster.agents": {
        "namespace": "node-agents",
        "kube_state_metrics": {"labels": {"app.kubernetes.io/name": "kube-state-metrics"}, "port": 8080},
        "node_exporter": {"labels": {"app.kubernetes.io/name": "node-exporter"}, "port": 9100},
    },
    "environment.target.cluster.nodes": ["10.0.0.0/16"],
}


def _figure(**changed: Any) -> dict[str, Any]:
    return {f"{API}.ports": PORTS, f"{API}.metrics": {"business": {"orders": {**FIGURE, **changed}}}}


def _alert(**changed: Any) -> dict[str, Any]:
    return {
        f"{API}.ports": PORTS,
        f"{API}.metrics": {"series": ["tip_seconds"], "alerts": {"ChainStale": {**ALERT, **changed}}},
    }


ORDERS, STALE = f"{API}.metrics.business.orders", f"{API}.metrics.alerts.ChainStale"

PUSH, JOBS = f"{API}.metrics.push", {"cleanup": {"schedule": "15 3 * * *", "command": ["clean"]}}

CASES: tuple[Case, ...] = (
    Case(
        "Series pushed where nobody takes them",
        {PUSH: True, f"{API}.jobs": JOBS},
        (
            f"{PUSH}: has nobody who takes it: this stack has no section `monitoring`; add it, or remove this; e.g. monitoring: {{runbooks: 'https://...'}}",
        ),
    ),
    Case(
        "Series pushed where nobody takes them, on Docker",
        {PUSH: True},
        (
            f"{PUSH}: has nobody who takes it: this stack has no section `monitoring`; add it, or remove this; e.g. monitoring: {{runbooks: 'https://...'}}",
        ),
        target="docker",
    ),
    Case(
        "Series pushed by an app without jobs",
        {**WATCHED, PUSH: True},
        (f"{PUSH}: is for jobs and migrations, and this app has neither: its replicas are scraped; remove it",),
    ),
    Case(
        "Series pushed by untrusted code",
        {
            **WATCHED,
            "app_services.guest": {
                "image": "registry.example.com/guest@sha256:" + "2" * 64,
                "kind": "worker",
                "isolation": {"profile": "untrusted"},
                "metrics": {"push": True},
                "jobs": JOBS,
            },
        },
        ("app_services.guest.metrics.push: would let untrusted code into the monitoring; remove it",),
    ),
    Case(
        "An address of the push gateway beside the one that is delivered",
        {**WATCHED, PUSH: True, f"{API}.jobs": JOBS, f"{API}.env": {"PUSHGATEWAY_URL": "http://other:9091"}},
        (f"{API}.env.PUSHGATEWAY_URL: is what metrics.push delivers; remove one of the two",),
    ),
    Case(
        "A port that is said and not there, beside series that jobs push",
        {
            **WATCHED,
            f"{API}.ports": {"http": 8000},
            f"{API}.metrics": {"push": True, "port": "metrics"},
            f"{API}.jobs": JOBS,
        },
        (f"{API}.metrics.port: is no port of this app; it has: http",),
    ),
    Case(
        "A metrics port that the app has not",
        {f"{API}.metrics": {"port": "metrics"}},
        (f"{API}.metrics.port: is no port of this app; it has: http",),
    ),
    Case(
        "A promise that nobody counts",
        {f"{API}.slo": {"availability": 99.9}},
        (
            f"{API}.slo: promises what nobody counts: say which series count requests; e.g. metrics: {{requests: {{style: prom_client}}}}",
        ),
    ),
    Case(
        "A promise of nothing",
        {**COUNTED, f"{API}.slo": {"window": "28d"}},
        (f"{API}.slo.availability: is missing: nothing is promised; e.g. 99.9",),
    ),
    Case(
        "A promise of 100 %",
        {**COUNTED, f"{API}.slo": {"availability": 100}},
        (f"{API}.slo.availability: leaves nothing to spend: no release, no failed node; must be below 100; e.g. 99.9",),
    ),
    Case(
        "A promise so low that no error rate burns it",
        {**COUNTED, f"{API}.slo": {"availability": 90, "latency": {"below": "250ms", "percent": 50}}},
        (
            f"{API}.slo.availability: is so low that no error rate burns its budget fast enough for an alert within 30d; e.g. 99",
            f"{API}.slo.latency.percent: is so low that no error rate burns its budget fast enough for an alert within 30d; e.g. 99",
        ),
    ),
    Case(
        "A promise of latency between two buckets",
        {**COUNTED, f"{API}.slo": {"latency": {"below": "200ms", "percent": 99}}},
        (
            f"{API}.slo.latency.below: is no upper bound of a bucket, so nobody can count what is faster; metrics.requests.buckets has: 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10; e.g. 5ms",
        ),
    ),
    Case(
        "Requests in a style that nobody knows",
        {f"{API}.ports": PORTS, f"{API}.metrics": {"requests": {"style": "statsd"}}},
        (
            f"{API}.metrics.requests: must be a mapping whose `style` is one of: custom, opentelemetry, prom_client; e.g. {{style: prom_client}}",
        ),
    ),
    Case(
        "Buckets that do not ascend",
        {f"{API}.ports": PORTS, f"{API}.metrics": {"requests": {"style": "prom_client", "buckets": [0.1, 0.1]}}},
        (f"{API}.metrics.requests.buckets: must ascend, none twice; e.g. [0.05, 0.1, 0.2, 0.5, 1, 5]",),
    ),
    Case(
        "A histogram by the name of one of its series",
        {
            f"{API}.ports": PORTS,
            f"{API}.metrics": {
                "requests": {"style": "custom", "series": "shop_seconds_bucket", "status": "code", "buckets": [1]}
            },
        },
        (f"{API}.metrics.requests.series: must be the histogram's name, without _bucket, _count or _sum",),
    ),
    Case(
        "A figure whose series no Prometheus would take",
        _figure(series="shop-orders"),
        (
            f"{ORDERS}.series: must be the name of a series: letters, digits and underscores, not starting with a digit, 120 at most; "
            "e.g. shop_orders_total",
        ),
    ),
    Case(
        "A figure with two limits",
        _figure(alert={"below": 1, "above": 100}),
        (f"{ORDERS}.alert.below: give below or above, one of the two; e.g. {{below: 1, hold: 1h}}",),
    ),
    Case(
        "A figure that is judged within seconds",
        _figure(alert={"below": 1, "hold": "10s"}),
        (f"{ORDERS}.alert.hold: must be between 1m and 7d; e.g. 1h",),
    ),
    Case(
        "A counter that is a maximum of its replicas, in seconds",
        _figure(across="max", unit="seconds"),
        (
            f"{ORDERS}.unit: is for gauges: a counter is shown per second; remove it",
            f"{ORDERS}.across: must be sum for a counter: each replica counts its own events",
        ),
    ),
    Case(
        "An alert that does not parse",
        _alert(expr="max(tip_seconds > 3600"),
        (
            f"{STALE}.expr: is no PromQL: breaks at character 23: `,` is wanted here; e.g. 'max(tip_age_seconds) > 3600'",
        ),
    ),
    Case(
        "An alert about a number",
        _alert(expr="1 > bool 2"),
        (f"{STALE}.expr: must yield a vector: an alert is about series; e.g. 'max(tip_age_seconds) > 3600'",),
    ),
    Case(
        "An alert about a series that nobody declares",
        {
            **WATCHED,
            f"{API}.metrics": {
                "series": ["tip_seconds"],
                "alerts": {"ChainStale": {**ALERT, "expr": "tip_second > 1"}},
            },
        },
        (
            f"{STALE}.expr: asks tip_second, which no app of this stack declares; the app that has it says so in metrics.series, or the name is mistyped; e.g. series: [electrs_index_height]",
        ),
    ),
    Case(
        "An alert by the name of one that every app has",
        {**WATCHED, f"{API}.metrics": {"series": ["tip_seconds"], "alerts": {"AppDown": ALERT}}},
        (f"{API}.metrics.alerts.AppDown: is the name of an alert of the product already; rename it",),
    ),
    Case(
        "Two apps with different alerts of one name",
        {
            **WATCHED,
            f"{API}.metrics": {"series": ["tip_seconds"], "alerts": {"ChainStale": ALERT}},
            "app_services.twin": {
                "image": "registry.example.com/twin@sha256:" + "2" * 64,
                "ports": PORTS,
                "probes": {"readiness": {"http": "/healthz"}},
                "metrics": {"alerts": {"ChainStale": {**ALERT, "hold": "10m"}}},
            },
        },
        ("app_services.twin.metrics.alerts.ChainStale: is the name of another alert, of api; rename it",),
    ),
)
