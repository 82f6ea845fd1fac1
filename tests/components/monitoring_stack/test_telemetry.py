"""The monitoring watches itself as it is set up, and one alert of its always fires."""

from __future__ import annotations

from typing import Any

import pytest

from components.monitoring_stack.alertmanager import WATCHDOG as AWAITED
from components.monitoring_stack.spec import MonitoringSpec
from components.monitoring_stack.telemetry import HEARTBEAT, WATCHDOG, telemetry
from components.telemetry import Alert, TargetKind
from components.telemetry_rules import SERIES


def spec(**said: Any) -> MonitoringSpec:
    return MonitoringSpec.model_validate({"runbooks": "https://example.com/runbooks", **said})


def alerts(target: TargetKind = "kubernetes", **said: Any) -> dict[str, Alert]:
    return {alert.name: alert for alert in telemetry(spec(**said), target, pushed=True).alerts}


def test_the_watchdog_is_the_one_that_alertmanager_waits_for() -> None:
    assert WATCHDOG == AWAITED
    watchdog = alerts()[WATCHDOG]
    assert (watchdog.expr, watchdog.hold) == ("vector(1)", "0m")
    assert watchdog.labels.items() >= HEARTBEAT.items()


def test_what_is_not_there_is_not_missed() -> None:
    assert "MonitoringAlertmanagersApart" not in alerts()
    assert alerts(alertmanagers=3)["MonitoringAlertmanagersApart"].expr.endswith("< 3")
    logs = {"MonitoringLogsFailing", "MonitoringLinesDiscarded"}
    assert logs <= alerts().keys()
    assert not logs & alerts(logs=None).keys()
    silent = telemetry(spec(), "kubernetes", pushed=False)
    assert "MonitoringPushRefused" in alerts()
    assert "MonitoringPushRefused" not in {alert.name for alert in silent.alerts}
    assert "pushgateway" not in {scrape.job for scrape in silent.scrapes}


def test_thresholds_come_from_the_spec() -> None:
    assert alerts(metrics={"expected_series": 70_000})["MonitoringTooManySeries"].expr.endswith("> 70000")
    assert "30d" in alerts(metrics={"retention": "30d"})["MonitoringRetentionShortened"].summary


@pytest.mark.parametrize("target", ["docker", "kubernetes"])
def test_every_program_is_scraped_by_the_job_that_its_series_are_known_by(target: TargetKind) -> None:
    scrapes = {scrape.job: scrape for scrape in telemetry(spec(), target, pushed=True).scrapes}
    common = {"alertmanager", "blackbox", "grafana", "loki", "prometheus", "pushgateway"}
    assert common <= scrapes.keys()
    assert ({"cadvisor", "node"} <= scrapes.keys()) is (target == "docker")
    assert [job for job, scrape in scrapes.items() if scrape.own_labels] == ["pushgateway"]


def test_alerts_ask_signals_alone() -> None:
    told = telemetry(spec(alertmanagers=3), "kubernetes", pushed=True)
    known = {signal.name for signal in told.signals}
    for alert in told.alerts:
        assert set(SERIES.findall(alert.expr)) <= known
        assert alert.name == WATCHDOG or "slipway:" in alert.expr
