"""Alerts of apps: what kube-state-metrics, the kubelet and cAdvisor see, and what the apps count themselves."""

from __future__ import annotations

from tests.consumers.alerts.case import GONE, LONG, Case, Teller, flat, of

SPACE = "sink-kubernetes"
PODS = ("shop-6d9c7b5f8d-bcdfg", "shop-6d9c7b5f8d-hjklm")
MIB = 2**20


def shop(series: str, pod: str = PODS[0], **labels: str) -> str:
    return of(series, namespace=SPACE, pod=pod, container="app", **labels)


def deployment(series: str) -> str:
    return of(series, namespace=SPACE, deployment="shop")


def scaler(series: str) -> str:
    return of(series, namespace=SPACE, horizontalpodautoscaler="shop")


def job(series: str, **labels: str) -> str:
    return of(series, namespace=SPACE, **labels)


def asked(part: str, **labels: str) -> str:
    return of(f"http_request_duration_seconds_{part}", instance_name="shop", **labels)


GOOD, BAD = asked("count", status_code="200"), asked("count", status_code="500")
FAST, EVERY = asked("bucket", status_code="200", le="0.2"), asked("bucket", status_code="200", le="+Inf")
ORDERS = of("shop_orders_total", instance_name="shop", pod=PODS[0])
QUEUE = of("shop_queue_length", instance_name="shop", pod=PODS[0])
PRICES = of("shop_price_timestamp_seconds", instance_name="shop", pod=PODS[0])
HASTE = {GOOD: f"0+600x{LONG}", EVERY: f"0+600x{LONG}", FAST: f"0+600x{LONG}"}
COUNTED = {
    **HASTE,
    ORDERS: f"0+1x{LONG}",
    QUEUE: flat(10),
    PRICES: f"0+60x{LONG}",
}

SHOP = {
    deployment("kube_deployment_status_replicas_available"): flat(2),
    deployment("kube_deployment_spec_replicas"): flat(2),
    **{shop("kube_pod_container_status_running", pod): flat(1) for pod in PODS},
    **{shop("kube_pod_container_status_restarts_total", pod): flat(0) for pod in PODS},
    **{shop("container_memory_working_set_bytes", pod): flat(100 * MIB) for pod in PODS},
    **{shop("container_cpu_usage_seconds_total", pod): f"0+6x{LONG}" for pod in PODS},
    scaler("kube_horizontalpodautoscaler_status_current_replicas"): flat(2),
    scaler("kube_horizontalpodautoscaler_spec_max_replicas"): flat(4),
    job("kube_job_failed", job_name="shop-migrations-1a2b3c", condition="true"): flat(0),
    job("kube_cronjob_next_schedule_time", cronjob="shop-sweep"): flat(1_000_000),
    **COUNTED,
}

RESTARTED = shop("kube_pod_container_status_restarts_total")
KILLED = shop("kube_pod_container_status_last_terminated_reason", reason="OOMKilled")
FAILED_RUN = {
    job("kube_job_failed", job_name="shop-sweep-29000000", condition="true"): flat(1),
    job("kube_job_status_start_time", job_name="shop-sweep-29000000"): flat(1000),
}
LAST_GOOD = job("kube_cronjob_status_last_successful_time", cronjob="shop-sweep")
DUE = job("kube_cronjob_next_schedule_time", cronjob="shop-sweep")
PUSHED = of("push_time_seconds", instance_name="shop", job="sweep")
NOT_PUSHED_FOR = 86_400 + 600 + 3600 + 900
"""A day between two runs, ten minutes in which one may start, an hour that it may take, and a quarter of an hour."""


def throttled(where: dict[str, str], percent: int) -> dict[str, str]:
    return {
        of("container_cpu_cfs_throttled_periods_total", **where): f"0+{percent}x{LONG}",
        of("container_cpu_cfs_periods_total", **where): f"0+100x{LONG}",
    }


BUSINESS = {
    # Three an hour, and six.
    "AppBusinessLow": Case(minutes=120, ill={ORDERS: f"0+0.05x{LONG}"}, well={ORDERS: f"0+0.1x{LONG}"}),
    "AppBusinessHigh": Case(minutes=15, ill={QUEUE: flat(101)}, well={QUEUE: flat(99)}),
    "AppBusinessMissing": Case(minutes=75, ill={QUEUE: GONE}),
    "ShopPricesStale": Case(minutes=75, ill={PRICES: flat(0)}, well={PRICES: "0x30 1800x30 3600x60"}),
    "AppLatencyUnmeasured": Case(minutes=20, ill={FAST: GONE}),
    # Ten times as many, after a day that was all the same; and a tenth more.
    "AppUnusual": Case(
        minutes=1560,
        ill=dict.fromkeys(HASTE, f"0+600x1500 {900000 + 6000}+6000x200"),
        well=dict.fromkeys(HASTE, f"0+600x1500 {900000 + 650}+650x200"),
    ),
}

ROOM = {"namespace": SPACE, "pod": PODS[0], "container": "app"}

SHOP_CASES = {
    "AppDown": Case(
        minutes=5,
        ill={deployment("kube_deployment_status_replicas_available"): flat(0)},
        well={deployment("kube_deployment_status_replicas_available"): flat(1)},
    ),
    "AppReplicasMissing": Case(
        minutes=20,
        ill={deployment("kube_deployment_status_replicas_available"): flat(1)},
        well={deployment("kube_deployment_status_replicas_available"): "1x8 2x100"},
    ),
    "AppAtMaximum": Case(
        minutes=20,
        ill={scaler("kube_horizontalpodautoscaler_status_current_replicas"): flat(4)},
        well={scaler("kube_horizontalpodautoscaler_status_current_replicas"): flat(3)},
    ),
    "AppMemoryHigh": Case(
        minutes=20,
        ill={shop("container_memory_working_set_bytes"): flat(231 * MIB)},
        well={shop("container_memory_working_set_bytes"): flat(230 * MIB)},
    ),
    "AppThrottled": Case(minutes=25, ill=throttled(ROOM, 26), well=throttled(ROOM, 25)),
    "AppRestarting": Case(minutes=30, ill={RESTARTED: "0x4 1 2 3 4x100"}, well={RESTARTED: "0x4 1 2x100"}),
    "AppOutOfMemory": Case(
        minutes=15,
        ill={KILLED: "_x5 1x100", RESTARTED: "0x4 1x100"},
        # Killed long ago, and never since.
        well={KILLED: flat(1), RESTARTED: flat(1)},
    ),
    "AppMigrationFailed": Case(
        minutes=5,
        ill={job("kube_job_failed", job_name="shop-migrations-1a2b3c", condition="true"): flat(1)},
    ),
    "AppJobFailed": Case(
        minutes=5, ill={**FAILED_RUN, LAST_GOOD: flat(500)}, well={**FAILED_RUN, LAST_GOOD: flat(2000)}
    ),
    "AppPushStale": Case(
        minutes=60, ill={PUSHED: flat(3600 - NOT_PUSHED_FOR - 1)}, well={PUSHED: flat(3600 - NOT_PUSHED_FOR + 1)}
    ),
    "AppJobOverdue": Case(minutes=30, ill={DUE: flat(60)}, well={DUE: flat(600)}),
    **BUSINESS,
}


def _store(series: str) -> str:
    return of(series, namespace=SPACE, statefulset="store")


def _volume(series: str) -> str:
    return of(series, namespace=SPACE, persistentvolumeclaim="data-store-0")


STORE_RUNS = of("kube_pod_container_status_running", namespace=SPACE, pod="store-0", container="app")
FREE = _volume("kubelet_volume_stats_available_bytes")
STORE = {
    _store("kube_statefulset_status_replicas_ready"): flat(1),
    _store("kube_statefulset_replicas"): flat(1),
    STORE_RUNS: flat(1),
    _volume("kubelet_volume_stats_capacity_bytes"): flat(1000),
    FREE: flat(900),
}
STORE_CASES = {
    "AppDown": Case(
        minutes=10,
        ill={STORE_RUNS: flat(0), _store("kube_statefulset_status_replicas_ready"): flat(0)},
        # It starts, and that may take hours.
        well={_store("kube_statefulset_status_replicas_ready"): flat(0)},
    ),
    "AppNotReady": Case(
        minutes=130,
        ill={_store("kube_statefulset_status_replicas_ready"): flat(0)},
        well={_store("kube_statefulset_status_replicas_ready"): "0x120 1x100"},
    ),
    "AppVolumeFilling": Case(minutes=90, ill={FREE: f"399-0.1x{LONG}"}, well={FREE: f"399-0.01x{LONG}"}),
    "AppVolumeFull": Case(minutes=10, ill={FREE: flat(99)}, well={FREE: flat(101)}),
}

PLAIN_GOOD, PLAIN_BAD = (of("plain_seconds_count", instance_name="plain", code=code) for code in ("200", "500"))
PLAIN_FAST = of("plain_seconds_bucket", instance_name="plain", code="200", le="1.0")
PLAIN_CASES = {
    "AppFailing": Case(
        minutes=20,
        ill={PLAIN_GOOD: f"0+94x{LONG}", PLAIN_BAD: f"0+6x{LONG}"},
        well={PLAIN_GOOD: f"0+95x{LONG}", PLAIN_BAD: f"0+5x{LONG}"},
    ),
    # A whole bound is written 1.0 by Prometheus 3.
    "AppLatencyUnmeasured": Case(minutes=20, ill={PLAIN_FAST: GONE}),
    "SloBurnsFast": Case(minutes=130, ill={PLAIN_FAST: f"0+100x60 6020+20x{LONG}"}, well={PLAIN_FAST: f"0+96x{LONG}"}),
}

OTHER_GOOD, OTHER_BAD = (
    of("http_server_request_duration_seconds_count", instance_name="other", http_response_status_code=code)
    for code in ("200", "503")
)


def _traffic(good: float, bad: float, quiet: int = 60) -> dict[str, str]:
    """A thousand a minute that all succeed, then so many that do not."""
    return {
        OTHER_GOOD: f"0+1000x{quiet} {1000 * quiet + good:.10g}+{good}x{LONG}",
        OTHER_BAD: f"0x{quiet} {bad}+{bad}x{LONG}",
    }


OTHER_CASES = {
    # 99.5 % over 7 days: fast is 3.36 and 1.4 times the budget of 0.5 %, slow 0.7 and 0.233 times.
    "SloBurnsFast": Case(minutes=60 + 75, ill=_traffic(980, 20), well=_traffic(994, 6)),
    "SloBurnsSlowly": Case(minutes=60 + 1400, ill=_traffic(995.5, 4.5), well=_traffic(999.5, 0.5)),
    "SloBudgetSpent": Case(minutes=60 + 240, ill=_traffic(985, 15), well=_traffic(996, 4)),
    "SloHasNoEvents": Case(minutes=45, ill={OTHER_GOOD: GONE, OTHER_BAD: GONE}),
}

MACHINE = of("container_last_seen", name="sink-docker-shop")
AGENT = of("up", job="cadvisor", instance_name="monitoring")
DOCKER = {
    MACHINE: f"0+60x{LONG}",
    AGENT: flat(1),
    of("container_memory_working_set_bytes", name="sink-docker-shop"): flat(100 * MIB),
    of("container_start_time_seconds", name="sink-docker-shop"): flat(100),
    of("container_oom_events_total", name="sink-docker-shop"): flat(0),
    **COUNTED,
}
MEMORY = of("container_memory_working_set_bytes", name="sink-docker-shop")
STARTED = of("container_start_time_seconds", name="sink-docker-shop")
EVENTS = of("container_oom_events_total", name="sink-docker-shop")
DOCKER_CASES = {
    # While cAdvisor is away nobody knows, and that is another alert's.
    "AppDown": Case(minutes=15, ill={MACHINE: GONE}, well={MACHINE: GONE, AGENT: flat(0)}),
    "AppMemoryHigh": Case(minutes=20, ill={MEMORY: flat(231 * MIB)}, well={MEMORY: flat(230 * MIB)}),
    "AppThrottled": Case(
        minutes=25, ill=throttled({"name": "sink-docker-shop"}, 26), well=throttled({"name": "sink-docker-shop"}, 25)
    ),
    "AppRestarting": Case(minutes=30, ill={STARTED: "0x4 1 2 3 4x100"}, well={STARTED: "0x4 1 2 3x100"}),
    "AppOutOfMemory": Case(minutes=15, ill={EVENTS: "0x4 1x100"}, well={EVENTS: flat(1)}),
    **BUSINESS,
}
STORE_MACHINE = of("container_last_seen", name="sink-docker-store")

TELLERS = (
    Teller(target="kubernetes", instance="shop", well=SHOP, cases=SHOP_CASES),
    Teller(target="kubernetes", instance="store", well=STORE, cases=STORE_CASES),
    Teller(
        target="kubernetes",
        instance="plain",
        well={PLAIN_GOOD: f"0+100x{LONG}", PLAIN_FAST: f"0+100x{LONG}"},
        cases=PLAIN_CASES,
    ),
    Teller(target="kubernetes", instance="other", well={OTHER_GOOD: f"0+1000x{LONG}"}, cases=OTHER_CASES),
    Teller(target="docker", instance="shop", well=DOCKER, cases=DOCKER_CASES),
    Teller(
        target="docker",
        instance="store",
        well={STORE_MACHINE: f"0+60x{LONG}", AGENT: flat(1)},
        cases={"AppDown": Case(minutes=15, ill={STORE_MACHINE: GONE})},
    ),
)
