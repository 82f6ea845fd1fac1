"""Alerts that can fire, over signals that exist, each with its runbook."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from components.redis_cache.signals import SIGNALS
from components.redis_cache.spec import ClusterSpec, ReplicatedSpec, StandaloneSpec
from components.redis_cache.telemetry import telemetry
from components.telemetry import Signal
from components.telemetry_rules import groups
from tests.series import emitted, missing

RUNBOOKS = Path(__file__).parents[3] / "docs" / "runbooks"

SPECS = [
    StandaloneSpec(mode="standalone", purpose="cache", memory="256Mi"),
    StandaloneSpec(mode="standalone", purpose="store", memory="256Mi", storage="1Gi"),
    ReplicatedSpec(mode="replicated", purpose="cache", memory="256Mi"),
    ReplicatedSpec(mode="replicated", purpose="store", memory="256Mi", storage="1Gi"),
    ClusterSpec(mode="cluster", purpose="cache", memory="256Mi"),
    ClusterSpec(mode="cluster", purpose="store", memory="256Mi", storage="1Gi", replicas=2, shards=5),
]
AnySpec = StandaloneSpec | ReplicatedSpec | ClusterSpec
every_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda s: f"{s.mode} {s.purpose}")


def series(text: str) -> set[str]:
    return set(re.findall(r"slipway:\w+", text))


@every_spec
def test_alerts_and_panels_are_written_over_signals_of_the_instance(spec: AnySpec) -> None:
    told = telemetry("cache", spec, "kubernetes")
    assert told.dashboard is not None
    known = {signal.series for signal in told.signals}
    queries = [q for row in told.dashboard.rows for panel in row.panels for q in panel.queries.values()]
    used = series(" ".join([*queries, *(alert.expr for alert in told.alerts)]))
    assert used <= known
    assert all(f'instance_name="{alert.instance}"' in alert.expr for alert in told.alerts)


@every_spec
def test_every_alert_has_a_runbook_and_says_what_happens(spec: AnySpec) -> None:
    for alert in telemetry("cache", spec, "kubernetes").alerts:
        text = (RUNBOOKS / f"{alert.name}.md").read_text(encoding="utf-8")
        assert text.startswith(f"# {alert.name}\n")
        assert re.findall(r"^## (.*)", text, re.MULTILINE) == ["Impact", "Diagnosis", "Mitigation"]
        assert alert.description.endswith(".")


@every_spec
def test_alerts_fit_the_purpose(spec: AnySpec) -> None:
    names = {alert.name for alert in telemetry("cache", spec, "kubernetes").alerts}
    assert ("RedisStoreFull" in names) == ("RedisNotPersisting" in names) == (spec.purpose == "store")
    assert ("RedisCacheMisses" in names) == (spec.purpose == "cache")
    assert ("RedisMissingPrimary" in names) == isinstance(spec, ReplicatedSpec)
    assert ("RedisSlotsUnserved" in names) == ("RedisShardIdle" in names) == isinstance(spec, ClusterSpec)
    assert ("RedisReplicaDisconnected" in names) == (spec.servers > 1)


def test_a_shard_whose_file_was_never_loaded_is_missed() -> None:
    """Its series is not there, and those of the others are."""
    (alert,) = [a for a in telemetry("x", SPECS[-1], "kubernetes").alerts if a.name == "RedisRestoreUnchecked"]
    assert alert.expr.endswith('count(slipway:redis_restore_checked_timestamp{instance_name="x"}) < 5')


def test_a_single_store_that_is_away_wakes_somebody() -> None:
    found = {s.mode + s.purpose: {a.name: a.severity for a in telemetry("x", s, "kubernetes").alerts} for s in SPECS}
    assert found["standalonestore"]["RedisDown"] == "critical"
    assert found["replicatedstore"]["RedisDown"] == "warning"


def test_rules_of_several_instances_stand_beside_each_other() -> None:
    told = [telemetry(f"cache-{index}", spec, "kubernetes") for index, spec in enumerate(SPECS)]
    recorded, *by_instance = groups(told, "kubernetes", runbooks="https://r")
    assert {rule["record"] for rule in recorded["rules"]} >= {"slipway:redis_up", "slipway:redis_primaries"}
    assert len(by_instance) == len(SPECS)


@pytest.mark.parametrize("spec", SPECS[:2], ids=lambda s: s.purpose)
def test_on_docker_an_exporter_is_asked_and_nothing_checks_files(spec: AnySpec) -> None:
    told = telemetry("cache", spec, "docker")
    assert [(scrape.host, scrape.port, scrape.labels) for scrape in told.scrapes] == [("cache-exporter", 9121, {})]
    assert {"RedisDown", "RedisRejectsConnections"} <= {alert.name for alert in told.alerts}
    known = {signal.series for signal in told.signals}
    assert series(" ".join(alert.expr for alert in told.alerts)) <= known
    assert "slipway:redis_restore_checked_timestamp" not in known


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
def test_every_series_that_a_signal_reads_is_emitted(signal: Signal) -> None:
    """kube-state-metrics has no list here."""
    there = {**emitted(), "kube_cronjob_status_last_successful_time": frozenset({"cronjob"})}
    assert [lack for source in signal.sources.values() for lack in missing(source, there)] == []
