"""Alerts that can fire, over signals that exist, each with its runbook."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from components.redis_cache.spec import ReplicatedSpec, StandaloneSpec
from components.redis_cache.telemetry import telemetry

RUNBOOKS = Path(__file__).parents[3] / "docs" / "runbooks"

SPECS = [
    StandaloneSpec(mode="standalone", purpose="cache", memory="256Mi"),
    StandaloneSpec(mode="standalone", purpose="store", memory="256Mi", storage="1Gi"),
    ReplicatedSpec(mode="replicated", purpose="cache", memory="256Mi"),
    ReplicatedSpec(mode="replicated", purpose="store", memory="256Mi", storage="1Gi"),
]
every_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda s: f"{s.mode} {s.purpose}")


def series(text: str) -> set[str]:
    return set(re.findall(r"slipway:\w+", text))


@every_spec
def test_alerts_and_panels_are_written_over_signals_of_the_instance(spec: StandaloneSpec | ReplicatedSpec) -> None:
    told = telemetry("cache", spec)
    assert told.dashboard is not None
    known = {signal.series for signal in told.signals}
    queries = [q for row in told.dashboard.rows for panel in row.panels for q in panel.queries.values()]
    used = series(" ".join([*queries, *(alert.expr for alert in told.alerts)]))
    assert used <= known
    assert all(f'instance_name="{alert.instance}"' in alert.expr for alert in told.alerts)


@every_spec
def test_every_alert_has_a_runbook_and_says_what_happens(spec: StandaloneSpec | ReplicatedSpec) -> None:
    for alert in telemetry("cache", spec).alerts:
        text = (RUNBOOKS / f"{alert.name}.md").read_text(encoding="utf-8")
        assert text.startswith(f"# {alert.name}\n")
        assert "**What to do.**" in text
        assert alert.description.endswith(".")


@every_spec
def test_alerts_fit_the_purpose(spec: StandaloneSpec | ReplicatedSpec) -> None:
    names = {alert.name for alert in telemetry("cache", spec).alerts}
    assert ("RedisStoreFull" in names) == ("RedisNotPersisting" in names) == (spec.purpose == "store")
    assert ("RedisCacheMisses" in names) == (spec.purpose == "cache")
    assert ("RedisMissingPrimary" in names) == isinstance(spec, ReplicatedSpec)


def test_a_single_store_that_is_away_wakes_somebody() -> None:
    found = {s.mode + s.purpose: {a.name: a.severity for a in telemetry("x", s).alerts} for s in SPECS}
    assert found["standalonestore"]["RedisDown"] == "critical"
    assert found["replicatedstore"]["RedisDown"] == "warning"
