"""What the monitoring tells about itself: its programs are watched like any other, and one alert always fires. Pure.

Series: Prometheus 3.14, Alertmanager 0.34, Loki 3.7, Grafana 13, blackbox exporter 0.28, push gateway.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.monitoring_stack import facts
from components.monitoring_stack.spec import MonitoringSpec
from components.telemetry import Alert, Dashboard, Panel, Row, Scrape, Signal, TargetKind, Telemetry, Unit
from components.telemetry_alerts import AlertMaker

WATCHDOG = "Watchdog"
"""The alert that always fires; Alertmanager sends it to the dead man's switch by this name."""
HEARTBEAT = {"heartbeat": "true"}

NOT_DELIVERED = 0.01
FAILING = 0.05
"""Share of Grafana's and Loki's answers that may be errors."""

_alert = AlertMaker(instance=facts.NAME, component=facts.COMPONENT).alert


def telemetry(spec: MonitoringSpec, target: TargetKind, *, pushed: bool) -> Telemetry:
    """Each program's own endpoint, what they say, and when that is somebody's business. `pushed`: whether anybody pushes."""
    roles = [*facts.roles(spec, pushed=pushed), *(facts.agents(spec) if target == "docker" else ())]
    return Telemetry(
        scrapes=tuple(_scrape(role, target) for role in roles),
        signals=tuple(_signals(spec, pushed=pushed)),
        alerts=tuple(_alerts(spec, pushed=pushed)),
        dashboard=_dashboard(spec),
    )


def _scrape(role: facts.Role, target: TargetKind) -> Scrape:
    return Scrape(
        instance=facts.NAME,
        role="" if role.program == "prometheus" else f"-{role.program}",
        job=role.program,
        labels={} if target == "docker" else facts.selector(role),
        host=role.name if target == "docker" else "",
        port=role.port,
        path=role.metrics,
        port_name=facts.PORT_NAMES.get(role.program, "http"),
        # Jobs that pushed are gone, and only what they pushed says who they were.
        own_labels=role.program == "pushgateway",
    )


def _signal(name: str, unit: Unit, told: str, source: str) -> Signal:
    sources: Mapping[TargetKind, str] = {"docker": source, "kubernetes": source}
    return Signal(name=f"monitoring_{name}", unit=unit, help=told, sources=sources)


def _signals(spec: MonitoringSpec, *, pushed: bool) -> Iterator[Signal]:
    yield from _metrics()
    yield from _notifications()
    failed = 'grafana_http_request_duration_seconds_count{status_code=~"5.."}'
    yield _signal(
        "dashboard_error_ratio",
        "ratio",
        "Share of Grafana's answers that are errors.",
        _ratio(failed, "grafana_http_request_duration_seconds_count"),
    )
    if pushed:
        yield _signal(
            "push_failed_timestamp",
            "timestamp",
            "When a job's last push was refused, if none has been taken since.",
            "max by (instance_name, job) (push_failure_time_seconds > push_time_seconds)",
        )
    if spec.logs is not None:
        every = "loki_request_duration_seconds_count"
        yield _signal(
            "log_error_ratio",
            "ratio",
            "Share of Loki's answers that are errors.",
            _ratio(f'{every}{{status_code=~"5.."}}', every),
        )
        yield _signal(
            "lines_discarded_per_second",
            "per_second",
            "Lines that Loki refused, by why.",
            "sum by (reason) (rate(loki_discarded_samples_total[5m]))",
        )
        yield _signal(
            "log_panics_per_hour", "count", "Requests that Loki broke down over.", "sum(increase(loki_panic_total[1h]))"
        )


def _ratio(failed: str, every: str) -> str:
    return f"(sum(rate({failed}[5m])) or 0 * sum(rate({every}[5m]))) / (sum(rate({every}[5m])) > 0)"


def _metrics() -> Iterator[Signal]:
    yield _signal(
        "target_up", "bool", "1 if an endpoint could be scraped.", "min by (instance_name, job, instance) (up)"
    )
    reloaded = " or ".join(
        f"{program}_config_last_reload_successful" for program in ("prometheus", "alertmanager", "blackbox_exporter")
    )
    yield _signal(
        "config_loaded",
        "bool",
        "1 if a program runs with the configuration that it was given last.",
        f"min by (job, instance) ({reloaded})",
    )
    yield _signal(
        "rule_failures_per_minute",
        "count",
        "Rules that could not be evaluated, by their group.",
        "sum by (rule_group) (rate(prometheus_rule_evaluation_failures_total[5m])) * 60",
    )
    yield _signal(
        "missed_rounds_per_minute",
        "count",
        "Rounds of rules that were left out, since the one before took too long.",
        "sum by (rule_group) (rate(prometheus_rule_group_iterations_missed_total[5m])) * 60",
    )
    yield _signal(
        "series", "count", "Series at once, of the replica that has most.", "max(prometheus_tsdb_head_series)"
    )
    yield _signal(
        "samples_per_second",
        "per_second",
        "Samples that are stored.",
        "max(rate(prometheus_tsdb_head_samples_appended_total[5m]))",
    )
    yield _signal(
        "blocks_dropped_for_size_per_day",
        "count",
        "Blocks that went before their time, since the volume had no room.",
        "max(increase(prometheus_tsdb_size_retentions_total[1d]))",
    )
    yield _signal(
        "storage_used_ratio",
        "ratio",
        "Share of what blocks may take on the volume.",
        "max(prometheus_tsdb_storage_blocks_bytes / (prometheus_tsdb_retention_limit_bytes > 0))",
    )
    broken = " + ".join(
        f"increase(prometheus_tsdb_{what}_total[1h])"
        for what in ("wal_corruptions", "compactions_failed", "reloads_failures")
    )
    yield _signal(
        "storage_failures_per_hour",
        "count",
        "Times that samples could not be read, compacted or loaded.",
        f"max({broken})",
    )


def _notifications() -> Iterator[Signal]:
    yield _signal(
        "alertmanagers_found",
        "count",
        "Alertmanagers that each Prometheus hands alerts to.",
        "min(prometheus_notifications_alertmanagers_discovered)",
    )
    errors, sent = (f"rate(prometheus_notifications_{word}_total[5m])" for word in ("errors", "sent"))
    yield _signal(
        "alerts_not_handed_over_ratio",
        "ratio",
        "Share of alerts that an Alertmanager did not take.",
        f"max({errors} / ({sent} > 0))",
    )
    failed, tried = (f"rate(alertmanager_notifications_{word}[15m])" for word in ("failed_total", "total"))
    yield _signal(
        "notifications_failed_ratio",
        "ratio",
        "Share of messages that a service did not take, by its kind.",
        f"max by (integration) (sum by (integration, instance) ({failed}) / (sum by (integration, instance) ({tried}) > 0))",
    )
    yield _signal(
        "alertmanager_members",
        "count",
        "Alertmanagers that the loneliest of them sees.",
        "min(alertmanager_cluster_members)",
    )


def _alerts(spec: MonitoringSpec, *, pushed: bool) -> Iterator[Alert]:
    yield _alert(
        WATCHDOG,
        "vector(1)",
        "0m",
        "info",
        "the monitoring is alive",
        "Always fires. The dead man's switch raises the alarm when it is not heard any more.",
        **HEARTBEAT,
    )
    yield from _sight(spec)
    yield from _delivery(spec)
    yield from _storage(spec)
    yield _alert(
        "MonitoringDashboardsFailing",
        f"slipway:monitoring_dashboard_error_ratio > {FAILING}",
        "15m",
        "warning",
        "{{ $value | humanizePercentage }} of Grafana's answers are errors",
        "People look at dashboards when something is wrong, and see nothing.",
    )
    if pushed:
        yield _alert(
            "MonitoringPushRefused",
            "slipway:monitoring_push_failed_timestamp > 0",
            "0m",
            "warning",
            "what {{ $labels.job }} pushed last was refused",
            "The series of that job are those of its run before: they look well and are old.",
        )
    if spec.logs is not None:
        yield from _logs()


def _sight(spec: MonitoringSpec) -> Iterator[Alert]:
    yield _alert(
        "MonitoringTargetDown",
        "slipway:monitoring_target_up < 1",
        "10m",
        "warning",
        "{{ $labels.job }} of {{ $labels.instance_name }} can't be scraped",
        "Alerts about it are blind. If the program itself is down, its own alert says so.",
    )
    yield _alert(
        "MonitoringConfigNotLoaded",
        "slipway:monitoring_config_loaded < 1",
        "10m",
        "critical",
        "{{ $labels.job }} refused its new configuration",
        "It goes on with the old one: what was released since is not watched, and after a start it does not come back.",
    )
    yield _alert(
        "MonitoringRulesFailing",
        "slipway:monitoring_rule_failures_per_minute > 0 or slipway:monitoring_missed_rounds_per_minute > 0",
        "15m",
        "critical",
        "rules of {{ $labels.rule_group }} are not evaluated",
        "Alerts among them can't fire: silence means nothing now.",
    )
    yield _alert(
        "MonitoringTooManySeries",
        f"slipway:monitoring_series > {spec.metrics.expected_series}",
        "1h",
        "warning",
        f"{{{{ $value | humanize }}}} series, and memory and storage are made for {spec.metrics.expected_series}",
        "Prometheus runs out of memory, or keeps less than the stack file promises.",
    )


def _delivery(spec: MonitoringSpec) -> Iterator[Alert]:
    yield _alert(
        "MonitoringAlertsNotHandedOver",
        f"slipway:monitoring_alertmanagers_found < 1 or slipway:monitoring_alerts_not_handed_over_ratio > {NOT_DELIVERED}",
        "5m",
        "critical",
        "alerts do not reach Alertmanager",
        "Nobody is told of anything. That this is read at all is the dead man's switch, or a person who looked.",
    )
    yield _alert(
        "MonitoringNotificationsFailing",
        f"slipway:monitoring_notifications_failed_ratio > {NOT_DELIVERED}",
        "5m",
        "critical",
        "{{ $value | humanizePercentage }} of the messages by {{ $labels.integration }} fail",
        "Whoever is told by it alone is not told. Other receivers still are.",
    )
    if spec.alertmanagers > 1:
        yield _alert(
            "MonitoringAlertmanagersApart",
            f"slipway:monitoring_alertmanager_members < {spec.alertmanagers}",
            "15m",
            "warning",
            f"an Alertmanager sees {{{{ $value }}}} of {spec.alertmanagers}",
            "They do not agree on what was told already: people hear things twice, and silences hold in part.",
        )


def _storage(spec: MonitoringSpec) -> Iterator[Alert]:
    yield _alert(
        "MonitoringRetentionShortened",
        "slipway:monitoring_blocks_dropped_for_size_per_day > 0",
        "0m",
        "warning",
        f"samples are dropped before {spec.metrics.retention} are over: the volume has no room",
        "What the stack file promises to keep is not kept; objectives over weeks are judged by less.",
    )
    yield _alert(
        "MonitoringStorageBroken",
        "slipway:monitoring_storage_failures_per_hour > 0",
        "0m",
        "warning",
        "Prometheus can't read, compact or load some of its samples",
        "Samples are lost, or the volume fills since nothing is compacted.",
    )


def _logs() -> Iterator[Alert]:
    yield _alert(
        "MonitoringLogsFailing",
        f"slipway:monitoring_log_error_ratio > {FAILING} or slipway:monitoring_log_panics_per_hour > 0",
        "15m",
        "warning",
        "Loki answers with errors",
        "Lines are kept by the collectors for a while and then lost; searches fail.",
    )
    yield _alert(
        "MonitoringLinesDiscarded",
        "slipway:monitoring_lines_discarded_per_second > 0",
        "15m",
        "warning",
        "{{ $value | humanize }} lines a second are refused: {{ $labels.reason }}",
        "They are lost for good.",
    )


def _dashboard(spec: MonitoringSpec) -> Dashboard:
    sight = (
        _panel(
            "Endpoints that answer",
            "bool",
            "target_up",
            "What is not seen can't be judged.",
            "{{instance_name}} {{job}}",
        ),
        _panel(
            "Series",
            "count",
            "series",
            "The line is what memory and storage are made for.",
            "series",
            float(spec.metrics.expected_series),
        ),
        _panel("Samples", "per_second", "samples_per_second", "Rises with series, not with load.", "samples"),
        _panel("Storage", "ratio", "storage_used_ratio", "At one, the oldest block goes early.", "prometheus", 1),
        _panel("Rules that fail", "count", "rule_failures_per_minute", "Zero.", "{{rule_group}}", 0),
    )
    told = (
        _panel("Messages that fail", "ratio", "notifications_failed_ratio", "Zero.", "{{integration}}", NOT_DELIVERED),
        _panel("Alerts not handed over", "ratio", "alerts_not_handed_over_ratio", "Zero.", "prometheus", NOT_DELIVERED),
        _panel("Errors of Grafana", "ratio", "dashboard_error_ratio", "Near zero.", "grafana", FAILING),
    )
    rows = [Row(title="Is everything seen?", panels=sight), Row(title="Is everybody told?", panels=told)]
    if spec.logs is not None:
        lines = (
            _panel("Errors of Loki", "ratio", "log_error_ratio", "Near zero.", "loki", FAILING),
            _panel("Lines refused", "per_second", "lines_discarded_per_second", "Each is lost.", "{{reason}}", 0),
        )
        rows.append(Row(title="Are lines kept?", panels=lines))
    return Dashboard(title="Monitoring", instance=facts.NAME, rows=tuple(rows))


def _panel(  # the fields of one record
    title: str, unit: Unit, signal: str, description: str, legend: str, threshold: float | None = None
) -> Panel:
    queries = {legend: f"slipway:monitoring_{signal}"}
    return Panel(title=title, unit=unit, description=description, queries=queries, threshold=threshold)
