"""Alerts of the environment: nodes, and the objects and containers that no component speaks for."""

from __future__ import annotations

from tests.consumers.alerts.case import GONE, LONG, Case, Teller, flat, of

SPACE = "sink-kubernetes"
NODE = "node-a"


def machine(series: str, **labels: str) -> str:
    """Of node-exporter, which knows its address alone."""
    return of(series, instance="10.0.0.1:9100", **labels)


def disk(series: str) -> str:
    return machine(f"node_filesystem_{series}", mountpoint="/", fstype="ext4")


def ready(node: str) -> str:
    return of("kube_node_status_condition", node=node, condition="Ready", status="true")


def there(series: str, **labels: str) -> str:
    return of(series, namespace=SPACE, **labels)


def up(operator: str, **labels: str) -> str:
    return of("up", instance_name="environment", job=operator, **labels)


def claim(series: str) -> str:
    return there(f"kubelet_volume_stats_{series}_bytes", persistentvolumeclaim="sessions-0")


MACHINE = {
    machine("node_uname_info", nodename=NODE): flat(1),
    disk("size_bytes"): flat(1000),
    disk("avail_bytes"): flat(800),
    disk("files"): flat(1000),
    disk("files_free"): flat(900),
    machine("node_memory_MemTotal_bytes"): flat(1000),
    machine("node_memory_MemAvailable_bytes"): flat(500),
    machine("node_timex_offset_seconds"): flat(0.001),
    machine("node_timex_sync_status"): flat(1),
    machine("node_timex_maxerror_seconds"): flat(0.1),
}
POD = {"pod": "cache-0", "container": "server"}
WELL = {
    **MACHINE,
    **{ready(node): flat(1) for node in ("node-a", "node-b", "node-c")},
    of("kube_node_info", node=NODE): flat(1),
    there("container_memory_working_set_bytes", **POD): flat(1),
    there("kube_pod_info", pod="cache-0", node=NODE, host_ip="10.0.0.1"): flat(1),
    there("kube_pod_container_status_restarts_total", **POD): flat(0),
    there("kube_pod_status_phase", pod="cache-0", phase="Pending"): flat(0),
    there("kube_statefulset_replicas", statefulset="cache"): flat(2),
    there("kube_statefulset_status_replicas_ready", statefulset="cache"): flat(2),
    there("kube_deployment_spec_replicas", deployment="shop"): flat(2),
    # An app's own alert says so.
    there("kube_deployment_status_replicas_available", deployment="shop"): flat(1),
    there("kube_resourcequota", resourcequota="q", resource="pods", type="hard"): flat(100),
    there("kube_resourcequota", resourcequota="q", resource="pods", type="used"): flat(50),
    claim("capacity"): flat(1000),
    claim("available"): flat(900),
    **{up(job): flat(1) for job in ("cert-manager", "envoy-gateway", "keda", "prometheus-operator")},
    # Two pods, and one of them suffices.
    up("cloudnative-pg"): flat(1),
    up("cloudnative-pg", pod="other"): flat(0),
}
WAITING = there("kube_pod_container_status_waiting_reason", **POD, reason="CrashLoopBackOff")
APPS_OWN = there(
    "kube_pod_container_status_waiting_reason", pod="shop-6d9c7b5f8d-bcdfg", container="app", reason="CrashLoopBackOff"
)
KILLED = there("kube_pod_container_status_last_terminated_reason", **POD, reason="OOMKilled")
RESTARTED = there("kube_pod_container_status_restarts_total", **POD)
PRESSURE = of("kube_node_status_condition", node=NODE, condition="MemoryPressure", status="true")
RUN = {
    there("kube_job_failed", job_name="sessions-restore-check-29", condition="true"): flat(1),
    there(
        "kube_job_owner",
        job_name="sessions-restore-check-29",
        owner_kind="CronJob",
        owner_name="sessions-restore-check",
    ): flat(1),
    there("kube_job_status_start_time", job_name="sessions-restore-check-29"): flat(1000),
}
GOOD_RUN = there("kube_cronjob_status_last_successful_time", cronjob="sessions-restore-check")


def budget(healthy: int) -> dict[str, str]:
    return {
        there("kube_poddisruptionbudget_status_desired_healthy", poddisruptionbudget="cache"): flat(1),
        there("kube_poddisruptionbudget_status_current_healthy", poddisruptionbudget="cache"): flat(healthy),
    }


def held(where: dict[str, str], percent: int) -> dict[str, str]:
    return {
        of("container_cpu_cfs_throttled_periods_total", **where): f"0+{percent}x{LONG}",
        of("container_cpu_cfs_periods_total", **where): f"0+100x{LONG}",
    }


ROOM = {"namespace": SPACE, **POD}
CASES = {
    "NodeDown": Case(minutes=10, ill={ready("node-c"): flat(0)}),
    "NodesLost": Case(
        minutes=10, ill={ready("node-b"): flat(0), ready("node-c"): flat(0)}, well={ready("node-c"): flat(0)}
    ),
    "NodeUnderPressure": Case(minutes=10, ill={PRESSURE: flat(1)}, well={PRESSURE: flat(0)}),
    "NodeMemoryShort": Case(
        minutes=20,
        ill={machine("node_memory_MemAvailable_bytes"): flat(49)},
        well={machine("node_memory_MemAvailable_bytes"): flat(51)},
    ),
    "NodeClockOff": Case(
        minutes=20,
        ill={machine("node_timex_offset_seconds"): flat(-0.051)},
        well={machine("node_timex_offset_seconds"): flat(0.049), machine("node_timex_sync_status"): flat(0)},
    ),
    "NodeDiskFilling": Case(
        minutes=90, ill={disk("avail_bytes"): f"299-0.3x{LONG}"}, well={disk("avail_bytes"): f"299-0.1x{LONG}"}
    ),
    "NodeDiskFull": Case(minutes=20, ill={disk("avail_bytes"): flat(99)}, well={disk("avail_bytes"): flat(101)}),
    "NodeInodesShort": Case(minutes=20, ill={disk("files_free"): flat(99)}, well={disk("files_free"): flat(101)}),
    "PodCrashLooping": Case(minutes=15, ill={WAITING: flat(1)}, well={APPS_OWN: flat(1)}),
    "PodNotRunning": Case(
        minutes=20,
        ill={there("kube_pod_status_phase", pod="cache-0", phase="Pending"): flat(1)},
        well={there("kube_pod_status_phase", pod="cache-0", phase="Running"): flat(1)},
    ),
    "PodOutOfMemory": Case(
        minutes=15,
        ill={KILLED: "_x5 1x100", RESTARTED: "0x4 1x100"},
        well={KILLED: flat(1), RESTARTED: flat(1)},
    ),
    "ContainerThrottled": Case(minutes=25, ill=held(ROOM, 51), well=held(ROOM, 50)),
    "WorkloadReplicasMissing": Case(
        minutes=20, ill={there("kube_statefulset_status_replicas_ready", statefulset="cache"): flat(1)}
    ),
    "DisruptionBudgetBroken": Case(minutes=20, ill=budget(0), well=budget(1)),
    "QuotaNearlyFull": Case(
        minutes=40,
        ill={there("kube_resourcequota", resourcequota="q", resource="pods", type="used"): flat(96)},
        well={there("kube_resourcequota", resourcequota="q", resource="pods", type="used"): flat(95)},
    ),
    "JobFailed": Case(minutes=5, ill={**RUN, GOOD_RUN: flat(500)}, well={**RUN, GOOD_RUN: flat(2000)}),
    "VolumeFilling": Case(
        minutes=90, ill={claim("available"): f"399-0.1x{LONG}"}, well={claim("available"): f"399-0.01x{LONG}"}
    ),
    "VolumeFull": Case(minutes=20, ill={claim("available"): flat(99)}, well={claim("available"): flat(101)}),
    # There for four of ten minutes, again and again; and for six.
    "OperatorDown": Case(
        minutes=60,
        ill={up("keda"): f"{'1 1 1 1 0 0 0 0 0 0 ' * 10}1"},
        well={up("keda"): f"{'1 1 1 1 1 1 0 0 0 0 ' * 10}1"},
    ),
    "EnvironmentUnseen": Case(minutes=20, ill={of("kube_node_info", node=NODE): GONE}),
}

CACHE = {"name": "sink-docker-cache"}
DOCKER = {
    **MACHINE,
    of("container_memory_working_set_bytes", **CACHE): flat(1),
    of("container_start_time_seconds", **CACHE): flat(100),
    of("container_oom_events_total", **CACHE): flat(0),
}
STARTED, EVENTS = of("container_start_time_seconds", **CACHE), of("container_oom_events_total", **CACHE)
SHOPS = of("container_start_time_seconds", name="sink-docker-shop")
DOCKER_CASES = {
    "ContainerRestarting": Case(minutes=30, ill={STARTED: "0x4 1 2 3 4x100"}, well={SHOPS: "0x4 1 2 3 4x100"}),
    "PodOutOfMemory": Case(minutes=15, ill={EVENTS: "0x4 1x100"}, well={EVENTS: flat(1)}),
    "ContainerThrottled": Case(minutes=25, ill=held(CACHE, 51), well=held(CACHE, 50)),
    "NodeDiskFull": CASES["NodeDiskFull"],
    "EnvironmentUnseen": Case(minutes=20, ill={of("container_memory_working_set_bytes", **CACHE): GONE}),
}

TELLERS = (
    Teller(target="kubernetes", instance="environment", well=WELL, cases=CASES),
    Teller(target="docker", instance="environment", well=DOCKER, cases=DOCKER_CASES),
)
