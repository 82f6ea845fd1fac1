"""Signals of the ground of a stack: nodes, and the objects and containers that no component speaks for.

Kubernetes: kube-state-metrics 2.20 and the kubelets in the stack's namespaces, node-exporter 1.12 on every node. Docker:
cAdvisor and node-exporter. What an app or a server tells of itself is left out here, so that one trouble is one alert.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.environment.operators import OPERATORS
from components.telemetry import Signal, TargetKind, Unit

INSTANCE = "environment"

NOBODY = "-"
"""Matches no name: what stands for an empty list in a pattern."""

DISKS = 'fstype!~"tmpfs|ramfs|overlay|squashfs|fuse.*|nsfs",mountpoint!~"/(boot|run|var/lib/(docker|containerd|kubelet)/.+).*"'
"""Of node-exporter: what can fill, once each."""


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """What components tell of themselves, as patterns over names."""

    workloads: str = NOBODY
    """Kubernetes: Deployments and StatefulSets."""
    container: str = NOBODY
    """Kubernetes: containers."""
    claims: str = NOBODY
    """Kubernetes: volume claims."""
    jobs: str = NOBODY
    """Kubernetes: Jobs and CronJobs."""
    machines: str = NOBODY
    """Docker: containers, without the stack's prefix."""


def signals(prefix: str, elsewhere: Elsewhere) -> Iterator[Signal]:
    """Everything that is known of the ground."""
    namespaces = f'namespace=~"{prefix}(-monitoring|-x-.+)?"'
    yield from _nodes()
    yield from _pods(namespaces, prefix, elsewhere)
    yield from _workloads(namespaces, elsewhere)
    yield from _volumes(namespaces, elsewhere)
    yield from _operators()
    yield from _seen(namespaces, prefix)


def _signal(name: str, unit: Unit, told: str, kubernetes: str | None, docker: str | None = None) -> Signal:
    both: tuple[tuple[TargetKind, str | None], ...] = (("docker", docker), ("kubernetes", kubernetes))
    sources: Mapping[TargetKind, str] = {target: source for target, source in both if source is not None}
    return Signal(name=name, unit=unit, help=told, sources=sources)


def _on_both(name: str, unit: Unit, told: str, source: str) -> Signal:
    return _signal(name, unit, told, source, source)


def _of_node(expr: str, *labels: str) -> str:
    """By the node's name, which node-exporter tells apart from its address."""
    named = f"({expr}) * on (instance) group_left (nodename) node_uname_info"
    by = ", ".join(("node", *labels))
    return f'max by ({by}) (label_replace({named}, "node", "$1", "nodename", "(.+)"))'


def _nodes() -> Iterator[Signal]:
    yield _signal(
        "node_ready",
        "bool",
        "1 if a node takes and keeps pods.",
        'max by (node) (kube_node_status_condition{condition="Ready",status="true"})',
    )
    yield _signal(
        "node_pressure",
        "bool",
        "1 if a node evicts pods for want of memory, disk or process numbers.",
        'max by (node, condition) (kube_node_status_condition{condition=~"MemoryPressure|DiskPressure|PIDPressure",status="true"})',
    )
    free, size = (f"node_filesystem_{word}_bytes{{{DISKS}}}" for word in ("avail", "size"))
    yield _on_both(
        "node_disk_used_ratio", "ratio", "How full a disk is.", _of_node(f"1 - {free} / {size}", "mountpoint")
    )
    yield _on_both(
        "node_disk_free_in_a_day_bytes",
        "bytes",
        "What a disk has left in a day, if it goes on as in the last six hours.",
        _of_node(f"predict_linear(node_filesystem_avail_bytes{{{DISKS}}}[6h], 86400)", "mountpoint"),
    )
    files = f"1 - node_filesystem_files_free{{{DISKS}}} / (node_filesystem_files{{{DISKS}}} > 0)"
    yield _on_both(
        "node_inodes_used_ratio", "ratio", "Share of a disk's files that are in use.", _of_node(files, "mountpoint")
    )
    memory = "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"
    yield _on_both("node_memory_used_ratio", "ratio", "Memory that nobody could be given.", _of_node(memory))
    idle = '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))'
    yield _on_both("node_cpu_used_ratio", "ratio", "Processor time in use.", _of_node(idle))
    yield _on_both(
        "node_clock_offset_seconds",
        "seconds",
        "How far a node's clock is off.",
        _of_node("abs(node_timex_offset_seconds)"),
    )
    lost = "(node_timex_sync_status == bool 0) * (node_timex_maxerror_seconds >= bool 16)"
    yield _on_both("node_clock_lost", "bool", "1 if nothing keeps a node's clock.", _of_node(lost))


def _pods(namespaces: str, prefix: str, elsewhere: Elsewhere) -> Iterator[Signal]:
    others = f'{namespaces},container!~"{elsewhere.container}"'
    machines = f'name=~"{prefix}-.+",name!~"{prefix}-({elsewhere.machines})"'
    where = f"* on (namespace, pod) group_left (node) max by (namespace, pod, node) (kube_pod_info{{{namespaces}}})"
    waiting = f'kube_pod_container_status_waiting_reason{{{others},reason="CrashLoopBackOff"}}'
    yield _signal(
        "pod_crash_looping",
        "bool",
        "1 if a container crashes again and again, and is started ever more rarely.",
        f"max by (namespace, pod, container) (max_over_time({waiting}[5m])) {where}",
    )
    yield _signal(
        "pod_waiting",
        "bool",
        "1 if a pod has no node, no image, or a node that does not answer.",
        f'max by (namespace, pod) (kube_pod_status_phase{{{namespaces},phase=~"Pending|Unknown"}}) {where}',
    )
    restarts = f"increase(kube_pod_container_status_restarts_total{{{others}}}[1h]) > 0"
    killed = f'kube_pod_container_status_last_terminated_reason{{{others},reason="OOMKilled"}} == 1'
    yield _signal(
        "pod_memory_kills",
        "bool",
        "1 if a container was killed within an hour for taking more memory than its limit.",
        f"max by (namespace, pod, container) (({killed}) and on (namespace, pod, container) ({restarts})) {where}",
        f"max by (name) (increase(container_oom_events_total{{{machines}}}[1h]) > bool 0)",
    )
    yield _signal(
        "container_restarts_per_hour",
        "count",
        "How often a container was started anew within an hour.",
        None,
        f"max by (name) (changes(container_start_time_seconds{{{machines}}}[1h]))",
    )
    yield _signal(
        "container_throttled_ratio",
        "ratio",
        "Share of time slices in which a container wanted more processor time than its limit.",
        _throttled(others, "namespace, pod, container"),
        _throttled(machines, "name"),
    )


def _throttled(where: str, by: str) -> str:
    held, all_of = (
        f"sum by ({by}) (rate(container_cpu_cfs_{w}periods_total{{{where}}}[5m]))" for w in ("throttled_", "")
    )
    return f"{held} / ({all_of} > 0)"


def _workloads(namespaces: str, elsewhere: Elsewhere) -> Iterator[Signal]:
    def missing(kind: str, wanted: str, there: str) -> str:
        others = f'{namespaces},{kind}!~"{elsewhere.workloads}"'
        return f'label_replace({wanted}{{{others}}} - {there}{{{others}}}, "workload", "$1", "{kind}", "(.+)")'

    deployments = missing("deployment", "kube_deployment_spec_replicas", "kube_deployment_status_replicas_available")
    sets = missing("statefulset", "kube_statefulset_replicas", "kube_statefulset_status_replicas_ready")
    yield _signal(
        "workload_replicas_missing",
        "count",
        "Replicas that a Deployment or StatefulSet should have and has not.",
        f"max by (namespace, workload) ({deployments} or {sets})",
    )
    budget = f"kube_poddisruptionbudget_status_%s_healthy{{{namespaces}}}"
    yield _signal(
        "disruption_budget_short",
        "count",
        "Pods that a disruption budget needs and has not.",
        f"max by (namespace, poddisruptionbudget) ({budget % 'desired'} - {budget % 'current'})",
    )
    hard = f'kube_resourcequota{{{namespaces},type="hard"}} > 0'
    yield _signal(
        "quota_used_ratio",
        "ratio",
        "Share of a quota in use.",
        f'max by (namespace, resource) (kube_resourcequota{{{namespaces},type="used"}} / ignoring (type) ({hard}))',
    )
    others = f'{namespaces},job_name!~"{elsewhere.jobs}"'
    failed = f'kube_job_failed{{{others},condition="true"}} == 1'
    scheduled = f'kube_job_owner{{{others},owner_kind="CronJob"}}'
    yield _signal(
        "job_failed",
        "bool",
        "1 if a Job failed that no schedule starts again.",
        f"max by (namespace, job_name) (({failed}) unless on (namespace, job_name) {scheduled})",
    )
    began = f"({failed}) * on (namespace, job_name) group_left (owner_name) {scheduled} * on (namespace, job_name) group_left () kube_job_status_start_time{{{others}}}"
    newest = f'max by (namespace, cronjob) (label_replace({began}, "cronjob", "$1", "owner_name", "(.+)"))'
    good = f"max by (namespace, cronjob) (kube_cronjob_status_last_successful_time{{{namespaces}}})"
    yield _signal(
        "scheduled_job_failed_timestamp",
        "timestamp",
        "When the newest failed run of a schedule began, if none has succeeded since.",
        f"{newest} unless on (namespace, cronjob) ({good} > on (namespace, cronjob) {newest})",
    )


def _volumes(namespaces: str, elsewhere: Elsewhere) -> Iterator[Signal]:
    others = f'{namespaces},persistentvolumeclaim!~"{elsewhere.claims}"'
    free, size = (f"kubelet_volume_stats_{word}_bytes{{{others}}}" for word in ("available", "capacity"))
    by = "max by (namespace, persistentvolumeclaim)"
    yield _signal("volume_used_ratio", "ratio", "How full a volume is.", f"{by} (1 - {free} / {size})")
    yield _signal(
        "volume_free_in_four_days_bytes",
        "bytes",
        "What a volume has left in four days, if it goes on as it did today.",
        f"min by (namespace, persistentvolumeclaim) (predict_linear({free}[1d], 4 * 86400))",
    )


def _operators() -> Iterator[Signal]:
    jobs = "|".join(sorted(job_of(name) for name in OPERATORS))
    yield _signal(
        "operator_answering_ratio",
        "ratio",
        "Share of the last ten minutes in which the best pod of an operator answered.",
        # One that crashes again and again is there for moments.
        f'max by (job) (avg_over_time(up{{instance_name="{INSTANCE}",job=~"{jobs}"}}[10m]))',
    )


def job_of(operator: str) -> str:
    """By which its endpoint is known."""
    return operator.replace("_", "-")


def _seen(namespaces: str, prefix: str) -> Iterator[Signal]:
    yield _signal("environment_objects", "count", "Nodes that kube-state-metrics tells of.", "count(kube_node_info)")
    yield _on_both("environment_nodes", "count", "Nodes that node-exporter tells of.", "count(node_uname_info)")
    yield _signal(
        "environment_containers",
        "count",
        "Containers of the stack that are measured.",
        f'count(container_memory_working_set_bytes{{{namespaces},container!=""}})',
        f'count(container_memory_working_set_bytes{{name=~"{prefix}-.+"}})',
    )
