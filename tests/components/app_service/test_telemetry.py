"""What an app tells follows from its spec and target; what a target can't know is not told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import TypeAdapter

from components.app_service.kinds import AnyAppServiceSpec
from components.app_service.signals import HASH, Place, bound, signals
from components.app_service.spec import AppServiceSpec
from components.app_service.telemetry import telemetry
from components.telemetry import TargetKind, Telemetry
from components.telemetry_rules import SERIES, dashboards, groups

BASE: dict[str, Any] = {
    "image": "shop/app:dev",
    "ports": {"http": 8000, "metrics": 9464},
    "probes": {"readiness": {"http": "/healthz"}},
}
COUNTED: dict[str, Any] = {"metrics": {"requests": {"style": "prom_client"}}}
STATEFUL: dict[str, Any] = {"kind": "stateful", "storage": {"path": "/data", "size": "1Gi"}}


def app(**said: Any) -> AppServiceSpec:
    return TypeAdapter(AnyAppServiceSpec).validate_python({**BASE, **said})


def told(target: TargetKind, *, anomalies: bool = False, **said: Any) -> Telemetry:
    return telemetry("api", app(**said), target, prefix="shop-dev", anomalies=anomalies)


def names(target: TargetKind = "kubernetes", *, anomalies: bool = False, **said: Any) -> set[str]:
    return {alert.name for alert in told(target, anomalies=anomalies, **said).alerts}


def test_a_port_called_metrics_is_scraped_and_another_one_if_it_is_named() -> None:
    (scrape,) = told("docker").scrapes
    assert (scrape.host, scrape.port, scrape.path) == ("api", 9464, "/metrics")
    (scrape,) = told("kubernetes", metrics={"port": "http", "path": "/stats"}).scrapes
    assert (scrape.port_name, scrape.port, scrape.path, scrape.host) == ("http", 8000, "/stats", "")
    assert told("docker", ports={"http": 8000}).scrapes == ()


def test_what_only_one_target_knows_is_told_there_alone() -> None:
    said: dict[str, Any] = {
        "autoscaling": {"min": 2, "max": 4},
        "jobs": {"sweep": {"schedule": "0 3 * * *", "command": ["x"]}},
    }
    only = {"AppAtMaximum", "AppJobFailed", "AppJobOverdue", "AppReplicasMissing"}
    assert only <= names(**said)
    assert not only & names("docker", **said)


def test_held_back_by_a_limit_only_where_there_is_one() -> None:
    limited: dict[str, Any] = {"resources": {"cpu": "500m", "cpu_limit": "1"}}
    assert "AppThrottled" in names("docker")
    assert "AppThrottled" not in names()
    assert "AppThrottled" in names(**limited)
    (use,) = [s for s in signals("api", app(**limited), "shop-dev") if s.name == "app_cpu_used_ratio"]
    assert use.sources["kubernetes"].endswith("/ 1")
    assert use.sources["docker"].endswith("/ 0.5")


def test_a_promise_replaces_the_rule_of_thumb() -> None:
    assert "AppFailing" in names(**COUNTED)
    assert "AppFailing" not in names(**COUNTED, slo={"availability": 99.9})
    (slo,) = told("docker", **COUNTED, slo={"availability": 99.9, "window": "28d"}).slos
    assert (slo.name, slo.objective, slo.window_days) == ("availability", 99.9, 28)
    assert 'status_code=~"5.."' in slo.bad


def test_latency_is_counted_by_the_bucket_of_the_promise() -> None:
    slow = told("docker", **COUNTED, slo={"latency": {"below": "250ms", "percent": 99}}).slos
    assert [slo.name for slo in slow] == ["latency"]
    assert 'le="0.25"' in slow[0].bad
    whole = app(**COUNTED, slo={"latency": {"below": "1s", "percent": 99}}).slo
    assert whole is not None
    assert whole.latency is not None
    pattern = re.fullmatch(r'le=~"(.+)"', bound(whole.latency))
    assert pattern is not None
    assert [re.fullmatch(pattern[1], le) is not None for le in ("1", "1.0", "10", "1.5")] == [True, True, False, False]


@pytest.mark.parametrize("style", ["prom_client", "opentelemetry"])
def test_styles_differ_in_names_alone(style: str) -> None:
    sources = {
        s.name: s.sources["docker"]
        for s in told("docker", metrics={"requests": {"style": style}}).signals
        if "docker" in s.sources
    }
    word = "http_request_duration_seconds" if style == "prom_client" else "http_server_request_duration_seconds"
    assert f"{word}_count" in sources["app_requests_per_second"]
    assert f"{word}_bucket" in sources["app_latency_p95_seconds"]


def test_pods_of_others_are_not_taken_for_its_own() -> None:
    pattern = re.search(r'pod=~"([^"]+)"', Place("api", app(), "shop").pods)
    assert pattern is not None
    mine = re.compile(pattern[1])
    assert mine.fullmatch("api-6d9c7b5f8d-bcdfg")
    for other in (
        "api-migrations-1a2b3c-bcdfg",
        "api-gateway-6d9c7b5f8d-bcdfg",
        "api-sweep-29000000-bcdfg",
        "api-0",
        "my-api-6d9c7b5f8d-bcdfg",
    ):
        assert not mine.fullmatch(other), other
    assert set("aeiou013") & set(HASH) == set()
    stateful = re.search(r'pod=~"([^"]+)"', Place("node", app(**STATEFUL), "shop").pods)
    assert stateful is not None
    assert re.fullmatch(stateful[1], "node-11")
    assert not re.fullmatch(stateful[1], "node-data-0")


def test_an_untrusted_app_is_looked_for_in_its_own_namespace() -> None:
    assert Place("run", app(isolation={"profile": "untrusted"}), "shop").namespace == 'namespace="shop-x-run"'


def test_what_takes_hours_to_start_is_not_late_before() -> None:
    said = {**STATEFUL, "probes": {"readiness": {"http": "/healthz"}, "startup_budget": "48h"}}
    holds = {alert.name: alert.hold for alert in told("kubernetes", **said).alerts}
    assert holds["AppNotReady"] == f"{48 * 3600 + 300}s"
    assert holds["AppDown"] == "5m"


def test_a_figure_is_a_signal_a_panel_and_an_alert_if_one_is_given() -> None:
    figure = {"series": "shop_orders_total", "kind": "counter", "help": "Orders that were paid."}
    quiet = told("docker", metrics={"business": {"orders": figure}})
    assert not {alert.name for alert in quiet.alerts if "Business" in alert.name}
    loud = told("docker", metrics={"business": {"orders": {**figure, "alert": {"below": 5, "hold": "2h"}}}})
    (low,) = [alert for alert in loud.alerts if alert.name == "AppBusinessLow"]
    assert low.expr == 'avg_over_time(slipway:app_business_orders{instance_name="api"}[7200s]) * 7200 < 5'
    assert low.labels["business"] == "orders"
    assert loud.dashboard is not None
    assert [panel.unit for row in loud.dashboard.rows for panel in row.panels if panel.title == "Orders"] == [
        "per_second"
    ]


def test_bands_are_made_once_for_all_apps_and_page_nobody() -> None:
    both = [telemetry(n, app(**COUNTED), "docker", prefix="shop", anomalies=True) for n in ("a", "b")]
    rules = groups(both, "docker", runbooks="https://r")[0]["rules"]
    assert sum(rule["record"] == "slipway:app_error_ratio_usual_high" for rule in rules) == 1
    assert {alert.severity for one in both for alert in one.alerts if alert.name == "AppUnusual"} == {"info"}
    assert "AppUnusual" not in names(**COUNTED)
    assert "AppUnusual" not in names(anomalies=True)


def test_two_apps_with_the_same_signals_stand_beside_each_other() -> None:
    both = [telemetry(n, app(**COUNTED), "kubernetes", prefix="shop") for n in ("a", "b")]
    rules = groups(both, "kubernetes", runbooks="https://r")[0]["rules"]
    keys = [(rule["record"], rule["labels"]["instance_name"]) for rule in rules]
    assert len(keys) == len(set(keys))
    assert ("slipway:app_error_ratio", "a") in keys
    assert ("slipway:app_error_ratio", "b") in keys


@pytest.mark.parametrize("target", ["docker", "kubernetes"])
def test_every_panel_has_a_unit_a_description_and_signals_of_this_target(target: TargetKind) -> None:
    one = told(target, anomalies=True, **COUNTED, slo={"availability": 99.9}, **STATEFUL)
    here = {signal.name for signal in one.signals if target in signal.sources}
    (page,) = dashboards([one], target)
    panels = [panel for row in page.rows for panel in row.panels]
    assert len(panels) > 8
    for panel in panels:
        assert panel.unit
        assert panel.description.endswith("."), panel.title
        assert set(SERIES.findall(" ".join(panel.queries.values()))) <= here


def test_what_a_lost_server_explains_names_the_servers() -> None:
    uses = [{"redis": "cache"}, {"postgres": "main"}]
    labels = {alert.name: alert.labels for alert in told("kubernetes", connects_to=uses).alerts}
    assert labels["AppDown"]["about"] == labels["AppRestarting"]["about"] == "cache main"
    assert "about" not in labels["AppMemoryHigh"]
    assert not [alert for alert in told("kubernetes").alerts if "about" in alert.labels]


def test_promises_carry_what_the_app_s_alerts_carry() -> None:
    (promise,) = told("kubernetes", connects_to=[{"postgres": "main"}], slo={"availability": 99.9}, **COUNTED).slos
    assert promise.labels == {"component": "app-service", "about": "main"}
