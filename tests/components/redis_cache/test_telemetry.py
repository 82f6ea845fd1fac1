"""Alerts that can fire, over signals that exist, each with its runbook."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from components.redis_cache.spec import ClusterSpec, ReplicatedSpec, StandaloneSpec
from components.redis_cache.telemetry import telemetry
from components.telemetry import Telemetry
from components.telemetry_rules import groups

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


def test_on_docker_there_is_no_exporter_and_so_nothing_is_told() -> None:
    assert telemetry("cache", SPECS[0], "docker") == Telemetry()
