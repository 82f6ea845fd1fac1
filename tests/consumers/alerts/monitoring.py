"""Alerts of the monitoring about itself."""

from __future__ import annotations

from components.telemetry import TargetKind
from tests.consumers.alerts.case import GONE, LONG, Case, Series, Teller, flat, of


def own(series: str, **labels: str) -> str:
    return of(
        series, **{"instance_name": "monitoring", "job": series.split("_", maxsplit=1)[0], "instance": "a", **labels}
    )


UP = own("up", job="prometheus")
ASKED = {"status_code": "200"}
BROKEN = {"status_code": "500"}
WELL = {
    UP: flat(1),
    own("prometheus_config_last_reload_successful"): flat(1),
    own("alertmanager_config_last_reload_successful"): flat(1),
    own("prometheus_rule_evaluation_failures_total", rule_group="signals"): flat(0),
    own("prometheus_rule_group_iterations_missed_total", rule_group="signals"): flat(0),
    own("prometheus_tsdb_head_series"): flat(40_000),
    own("prometheus_tsdb_size_retentions_total"): flat(0),
    own("prometheus_tsdb_wal_corruptions_total"): flat(0),
    own("prometheus_tsdb_compactions_failed_total"): flat(0),
    own("prometheus_tsdb_reloads_failures_total"): flat(0),
    own("prometheus_notifications_alertmanagers_discovered"): flat(3),
    own("prometheus_notifications_errors_total", alertmanager="a"): flat(0),
    own("prometheus_notifications_sent_total", alertmanager="a"): f"0+100x{LONG}",
    own("alertmanager_notifications_failed_total", integration="slack", reason="other"): flat(0),
    own("alertmanager_notifications_total", integration="slack"): f"0+100x{LONG}",
    own("grafana_http_request_duration_seconds_count", **ASKED): f"0+100x{LONG}",
    own("loki_request_duration_seconds_count", **ASKED): f"0+100x{LONG}",
    own("loki_panic_total"): flat(0),
    of("push_time_seconds", instance_name="monitoring", job="restore"): flat(2000),
    of("push_failure_time_seconds", instance_name="monitoring", job="restore"): flat(0),
}
MEMBERS = {own("alertmanager_cluster_members", instance=name): flat(3) for name in ("a", "b", "c")}
LOADED = own("alertmanager_config_last_reload_successful")
FAILURES = own("prometheus_rule_evaluation_failures_total", rule_group="signals")
SERIES = own("prometheus_tsdb_head_series")
HANDED = own("prometheus_notifications_errors_total", alertmanager="a")
MESSAGES = own("alertmanager_notifications_failed_total", integration="slack", reason="other")
DROPPED = own("prometheus_tsdb_size_retentions_total")
CORRUPT = own("prometheus_tsdb_wal_corruptions_total")
DISCARDED = own("loki_discarded_samples_total", reason="rate_limited")
REFUSED = of("push_failure_time_seconds", instance_name="monitoring", job="restore")


def grafana(percent: int) -> Series:
    return {own("grafana_http_request_duration_seconds_count", **BROKEN): f"0+{percent}x{LONG}"}


def loki(percent: int) -> Series:
    return {own("loki_request_duration_seconds_count", **BROKEN): f"0+{percent}x{LONG}"}


CASES = {
    "MonitoringTargetDown": Case(minutes=15, ill={UP: flat(0)}, well={UP: "0x5 1x100"}),
    "MonitoringConfigNotLoaded": Case(minutes=15, ill={LOADED: flat(0)}, well={LOADED: "0x5 1x100"}),
    "MonitoringRulesFailing": Case(minutes=25, ill={FAILURES: f"0+1x{LONG}"}, well={FAILURES: flat(5)}),
    "MonitoringTooManySeries": Case(minutes=70, ill={SERIES: flat(50_001)}, well={SERIES: flat(50_000)}),
    "MonitoringAlertsNotHandedOver": Case(minutes=15, ill={HANDED: f"0+2x{LONG}"}, well={HANDED: f"0+0.9x{LONG}"}),
    "MonitoringNotificationsFailing": Case(minutes=25, ill={MESSAGES: f"0+2x{LONG}"}, well={MESSAGES: f"0+0.9x{LONG}"}),
    "MonitoringRetentionShortened": Case(minutes=20, ill={DROPPED: "0x9 1x100"}, well={DROPPED: flat(1)}),
    "MonitoringStorageBroken": Case(minutes=20, ill={CORRUPT: "0x9 1x100"}, well={CORRUPT: flat(1)}),
    # Five of a hundred and five are less than five percent; six of a hundred and six are more.
    "MonitoringDashboardsFailing": Case(minutes=25, ill=grafana(6), well=grafana(5)),
    "MonitoringLogsFailing": Case(minutes=25, ill=loki(6), well=loki(5)),
    "MonitoringLinesDiscarded": Case(minutes=25, ill={DISCARDED: f"0+1x{LONG}"}, well={DISCARDED: flat(7)}),
    "MonitoringPushRefused": Case(minutes=5, ill={REFUSED: flat(3000)}, well={REFUSED: flat(1999)}),
}
APART = {own("alertmanager_cluster_members", instance="c"): flat(2)}


def _teller(target: TargetKind, more: Series, cases: dict[str, Case]) -> Teller:
    return Teller(target=target, instance="monitoring", well={**WELL, **more}, cases={**CASES, **cases})


TELLERS = (
    _teller("kubernetes", MEMBERS, {"MonitoringAlertmanagersApart": Case(minutes=20, ill=APART)}),
    _teller("docker", {}, {}),
)

NO_ALERTMANAGER = {own("prometheus_notifications_alertmanagers_discovered"): flat(0), HANDED: GONE}
"""Nobody to hand alerts to: the other half of MonitoringAlertsNotHandedOver."""
