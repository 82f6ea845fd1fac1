"""What the ground of a stack tells the monitoring: nodes, and what the cluster knows of the stack's objects. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from components.environment.operators import OPERATORS, labels_of
from components.environment.signals import INSTANCE, Elsewhere, job_of, signals
from components.environment.spec import AgentsSpec, ClusterSpec, EnvironmentSpec, KubernetesTargetSpec
from components.telemetry import Alert, Dashboard, Panel, Row, Scrape, Telemetry, Unit
from components.telemetry_alerts import AlertMaker
from components.telemetry_rules import SERIES

LOST_NODES = 0.34
"""Share of the nodes whose loss wakes somebody: one zone of three may go, and nothing is lost."""
DISK_FILLING, DISK_FULL = 0.7, 0.9
INODES = 0.9
MEMORY = 0.95
CLOCK_SECONDS = 0.05
"""Certificates and tokens bear seconds; the order of log lines and of samples does not."""
RESTARTS = 3
THROTTLED = 0.5
VOLUME_USED, VOLUME_FULL = 0.6, 0.9
QUOTA = 0.95
"""The quota holds the peak that load has proved: what is near it all the time has no room for a rollout."""

ANSWERING = 0.5
"""Share of ten minutes: a new version takes one of them."""

_alert = AlertMaker(instance=INSTANCE, component=INSTANCE).alert


def telemetry(spec: EnvironmentSpec, prefix: str, elsewhere: Elsewhere) -> Telemetry:
    """Everything about the ground. Its endpoints are the cluster layer's agents; on Docker the agents are the monitoring's."""
    target = spec.target
    cluster = target.cluster if isinstance(target, KubernetesTargetSpec) else None
    told = tuple(signals(prefix, elsewhere))
    here = {signal.name for signal in told if target.kind in signal.sources}
    asked = () if cluster is None else tuple(_operators(cluster))
    return Telemetry(
        scrapes=(*(() if cluster is None or cluster.agents is None else _agents(cluster.agents)), *asked),
        signals=told,
        alerts=(
            *(alert for alert in _alerts() if here.issuperset(SERIES.findall(alert.expr))),
            *(() if cluster is None else _away(cluster)),
        ),
        dashboard=_dashboard(),
    )


def _operators(cluster: ClusterSpec) -> Iterator[Scrape]:
    for name, operator in sorted(cluster.operators.items()):
        if operator.metrics is not None:
            yield Scrape(
                instance=INSTANCE,
                job=job_of(name),
                labels=labels_of(name, operator.labels),
                host="",
                port=operator.metrics,
                port_name="",
                scheme=OPERATORS[name].scheme,
                namespace=operator.namespace,
                only_up=True,
            )


def _away(cluster: ClusterSpec) -> Iterator[Alert]:
    for name, operator in sorted(cluster.operators.items()):
        if operator.metrics is not None:
            known = OPERATORS[name]
            answering = f'slipway:operator_answering_ratio{{job="{job_of(name)}"}}'
            yield _alert(
                "OperatorDown",
                f"{answering} < {ANSWERING} or absent({answering})",
                "5m",
                known.severity,
                f"{known.title} does not answer",
                known.stops,
                operator=job_of(name),
            )


def _agents(agents: AgentsSpec) -> Iterator[Scrape]:
    for job, agent in (("kube-state-metrics", agents.kube_state_metrics), ("node-exporter", agents.node_exporter)):
        if agent is not None:
            yield Scrape(
                instance=INSTANCE,
                job=job,
                labels=agent.labels,
                host="",
                port=agent.port,
                port_name="",
                path=agent.path,
                namespace=agents.namespace if agent.namespace is None else agent.namespace,
                on_node=agent.host_network,
                own_labels=job == "kube-state-metrics",
            )


def _alerts() -> Iterator[Alert]:
    yield from _nodes()
    yield from _disks()
    yield from _pods()
    yield from _workloads()
    yield from _volumes()
    for source, program in (
        ("objects", "kube-state-metrics"),
        ("nodes", "node-exporter"),
        ("containers", "cAdvisor"),
    ):
        yield _alert(
            "EnvironmentUnseen",
            f"absent(slipway:environment_{source})",
            "10m",
            "critical",
            f"{program} tells nothing: {source} are not seen",
            "Alerts about them are blind until it does; silence means nothing now.",
            source=source,
        )


def _nodes() -> Iterator[Alert]:
    yield _alert(
        "NodeDown",
        "slipway:node_ready == 0",
        "5m",
        "warning",
        "{{ $labels.node }} is not ready",
        "Its pods are being replaced elsewhere, but for those on local disks. The next loss finds less room.",
    )
    yield _alert(
        "NodesLost",
        f"1 - avg(slipway:node_ready) > {LOST_NODES}",
        "5m",
        "critical",
        "{{ $value | humanizePercentage }} of the nodes are not ready",
        "More is gone than one zone: the stack may have no room for its pods.",
    )
    yield _alert(
        "NodeUnderPressure",
        "slipway:node_pressure > 0",
        "5m",
        "warning",
        "{{ $labels.node }} is under {{ $labels.condition }}",
        "It evicts pods, lowest priority first, and takes no new ones.",
    )
    yield _alert(
        "NodeMemoryShort",
        f"slipway:node_memory_used_ratio > {MEMORY}",
        "15m",
        "warning",
        "{{ $labels.node }} uses {{ $value | humanizePercentage }} of its memory",
        "The kernel kills processes when nothing is left, and not always the guilty one.",
    )
    yield _alert(
        "NodeClockOff",
        f"slipway:node_clock_offset_seconds > {CLOCK_SECONDS} or slipway:node_clock_lost > 0",
        "15m",
        "warning",
        "the clock of {{ $labels.node }} is not kept",
        "Tokens, certificates and the order of events are judged by it.",
    )


def _disks() -> Iterator[Alert]:
    yield _alert(
        "NodeDiskFilling",
        f"slipway:node_disk_free_in_a_day_bytes < 0 and slipway:node_disk_used_ratio > {DISK_FILLING}",
        "1h",
        "warning",
        "{{ $labels.mountpoint }} of {{ $labels.node }} is full within a day if it goes on like this",
        "A full disk stops whatever writes to it; a node evicts its pods before that.",
    )
    yield _alert(
        "NodeDiskFull",
        f"slipway:node_disk_used_ratio > {DISK_FULL}",
        "15m",
        "critical",
        "{{ $labels.mountpoint }} of {{ $labels.node }} is {{ $value | humanizePercentage }} full",
        "Images are not pulled and logs not written; pods are evicted.",
    )
    yield _alert(
        "NodeInodesShort",
        f"slipway:node_inodes_used_ratio > {INODES}",
        "15m",
        "warning",
        "{{ $labels.mountpoint }} of {{ $labels.node }} has {{ $value | humanizePercentage }} of its files in use",
        "It is full when none is left, whatever its size says.",
    )


def _pods() -> Iterator[Alert]:
    yield _alert(
        "PodCrashLooping",
        "slipway:pod_crash_looping > 0",
        "10m",
        "warning",
        "{{ $labels.container }} of {{ $labels.pod }} crashes again and again",
        "What it does is not done; its other replicas carry it, if there are any.",
    )
    yield _alert(
        "PodNotRunning",
        "slipway:pod_waiting > 0",
        "15m",
        "warning",
        "{{ $labels.pod }} does not run",
        "It finds no node, no image or no volume, or its node does not answer.",
    )
    yield _alert(
        "PodOutOfMemory",
        "slipway:pod_memory_kills > 0",
        "0m",
        "warning",
        "{{ $labels.container }}{{ $labels.name }} {{ $labels.pod }} was killed for taking more memory than its limit",
        "What it was doing is lost; under the same load it will happen again.",
    )
    yield _alert(
        "ContainerRestarting",
        f"slipway:container_restarts_per_hour > {RESTARTS}",
        "0m",
        "warning",
        "{{ $labels.name }} was started anew {{ $value }} times within an hour",
        "It crashes; whatever uses it fails each time.",
    )
    yield _alert(
        "ContainerThrottled",
        f"slipway:container_throttled_ratio > {THROTTLED}",
        "15m",
        "info",
        "{{ $labels.container }}{{ $labels.name }} {{ $labels.pod }} is held back in {{ $value | humanizePercentage }} of its time slices",
        "It answers late, for want of processor time that its limit withholds.",
    )


def _workloads() -> Iterator[Alert]:
    yield _alert(
        "WorkloadReplicasMissing",
        "slipway:workload_replicas_missing > 0",
        "15m",
        "warning",
        "{{ $labels.workload }} lacks {{ $value }} replicas",
        "The next failure finds fewer. A rollout that hangs looks like this.",
    )
    yield _alert(
        "DisruptionBudgetBroken",
        "slipway:disruption_budget_short > 0",
        "15m",
        "warning",
        "{{ $labels.poddisruptionbudget }} lacks {{ $value }} healthy pods",
        "No node of theirs can be drained: maintenance of the cluster stands still.",
    )
    yield _alert(
        "QuotaNearlyFull",
        f"slipway:quota_used_ratio > {QUOTA}",
        "30m",
        "warning",
        "{{ $labels.resource }} of {{ $labels.namespace }} is {{ $value | humanizePercentage }} used",
        "New pods are refused at 100 %: a rollout or a failover does not come about, and says so nowhere but in events.",
    )
    yield _alert(
        "JobFailed",
        "slipway:job_failed > 0 or slipway:scheduled_job_failed_timestamp > 0",
        "0m",
        "warning",
        "{{ $labels.job_name }}{{ $labels.cronjob }} failed",
        "What it does is not done.",
    )


def _volumes() -> Iterator[Alert]:
    yield _alert(
        "VolumeFilling",
        f"slipway:volume_free_in_four_days_bytes < 0 and slipway:volume_used_ratio > {VOLUME_USED}",
        "1h",
        "warning",
        "{{ $labels.persistentvolumeclaim }} is full within four days if it goes on like today",
        "What writes to it stops when it is full.",
    )
    yield _alert(
        "VolumeFull",
        f"slipway:volume_used_ratio > {VOLUME_FULL}",
        "15m",
        "critical",
        "{{ $labels.persistentvolumeclaim }} is {{ $value | humanizePercentage }} full",
        "What writes to it stops soon. Volumes of the monitoring hold what you would look for then.",
    )


def _dashboard() -> Dashboard:
    node, volume = "{{node}}", "{{persistentvolumeclaim}}"
    container = "{{pod}} {{container}}{{name}}"
    nodes = (
        _panel("Nodes that are ready", "bool", "node_ready", "A node that is not has its pods moved.", node),
        _panel("Memory of nodes", "ratio", "node_memory_used_ratio", "Near one, processes are killed.", node, MEMORY),
        _panel("Processor time of nodes", "ratio", "node_cpu_used_ratio", "Near one, everybody waits.", node),
        _panel(
            "Disks",
            "ratio",
            "node_disk_used_ratio",
            "Images, logs and scratch.",
            f"{node} {{{{mountpoint}}}}",
            DISK_FULL,
        ),
        _panel("Clocks", "seconds", "node_clock_offset_seconds", "How far each is off.", node, CLOCK_SECONDS),
    )
    objects = (
        _panel(
            "Quota",
            "ratio",
            "quota_used_ratio",
            "The line is where a rollout has no room.",
            "{{namespace}} {{resource}}",
            QUOTA,
        ),
        _panel(
            "Replicas that are missing", "count", "workload_replicas_missing", "Zero but for rollouts.", "{{workload}}"
        ),
        _panel("Volumes", "ratio", "volume_used_ratio", "Those of no app and no server.", volume, VOLUME_FULL),
        _panel("Held back", "ratio", "container_throttled_ratio", "By their limits.", container, THROTTLED),
        _panel(
            "Starts within an hour",
            "count",
            "container_restarts_per_hour",
            "Nothing but a release.",
            "{{name}}",
            RESTARTS,
        ),
    )
    operators = (
        _panel(
            "Operators that answer",
            "ratio",
            "operator_answering_ratio",
            "Below the line what they look after is left alone.",
            "{{job}}",
            ANSWERING,
        ),
    )
    rows = (
        Row(title="Are the machines well?", panels=nodes),
        Row(title="Is there room?", panels=objects),
        Row(title="Is the cluster looked after?", panels=operators),
    )
    return Dashboard(title="Environment", instance=INSTANCE, rows=rows)


def _panel(  # the fields of one record
    title: str, unit: Unit, signal: str, description: str, legend: str, threshold: float | None = None
) -> Panel:
    return Panel(
        title=title, unit=unit, description=description, queries={legend: f"slipway:{signal}"}, threshold=threshold
    )
