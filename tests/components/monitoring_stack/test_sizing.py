"""What samples and lines cost: the formulas, their floors, and specs that contradict them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.footprint import Footprint, cores, size
from components.monitoring_stack import facts, sizing
from components.monitoring_stack.spec import LogsSpec, MetricsSpec, MonitoringSpec
from components.vocabulary import size_bytes

GIB = 2**30


def spec(**said: Any) -> MonitoringSpec:
    return MonitoringSpec.model_validate({"runbooks": "https://example.com/runbooks", **said})


@pytest.mark.parametrize(
    ("series", "interval", "days", "gib"),
    [
        # 50,000 / 30 s x 15 days x 86,400 s x 2 bytes / 0.8 = 5.03 GiB
        (50_000, 30, 15, 6),
        (100_000, 30, 30, 21),
        (1_000_000, 15, 30, 403),
        (1_000, 120, 1, 2),
    ],
)
def test_a_volume_is_computed_from_series_interval_and_retention(
    series: int, interval: int, days: int, gib: int
) -> None:
    assert sizing.storage(series, interval, days) == gib * GIB


@pytest.mark.parametrize(("retention", "days"), [("15d", 15), ("2w", 14), ("3m", 90)])
def test_retention_is_counted_in_days(retention: str, days: int) -> None:
    assert sizing.days(retention) == days


@pytest.mark.parametrize(
    ("series", "memory"), [(1_000, "512Mi"), (50_000, "640Mi"), (100_000, "1280Mi"), (1_000_000, "11776Mi")]
)
def test_memory_is_8_kib_and_half_more_for_each_series_and_never_too_little_to_start(series: int, memory: str) -> None:
    assert size(sizing.memory(series)) == memory
    assert sizing.memory(series) >= max(series * 8 * 1024 * 1.5, 512 * 2**20)


@pytest.mark.parametrize(
    ("series", "interval", "cpu"), [(1_000, 60, "101m"), (100_000, 30, "234m"), (1_000_000, 15, "2767m")]
)
def test_processor_time_follows_from_samples_a_second(series: int, interval: int, cpu: str) -> None:
    assert cores(sizing.cpu(series, interval)) == cpu


def test_blocks_leave_room_for_the_log_of_the_last_hours() -> None:
    assert sizing.kept(10 * GIB) == 8 * GIB


@pytest.mark.parametrize(
    ("daily", "days", "audit", "gib"),
    # 1 GiB x (30 + 10 % x 365) / 5 / 0.8 = 16.6 GiB
    [("1Gi", 30, 365, 17), ("10Gi", 30, 365, 167), ("100Mi", 3, 3, 2)],
)
def test_a_volume_of_lines_is_computed_from_a_day_and_both_retentions(
    daily: str, days: int, audit: int, gib: int
) -> None:
    assert sizing.logs(size_bytes(daily), days, audit) == gib * GIB


def test_lines_that_are_kept_longest_count() -> None:
    short = LogsSpec(retention="3d", debug_retention="3d")
    assert LogsSpec(retention="3d", debug_retention="30d").needed_storage > short.needed_storage


@pytest.mark.parametrize("given", ["21Gi", "100Gi", None])
def test_a_volume_that_holds_what_is_promised_is_taken(given: str | None) -> None:
    metrics = MetricsSpec(expected_series=100_000, retention="30d", storage=given)
    assert metrics.volume == (21 * GIB if given is None else size_bytes(given))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"metrics": {"storage": "5Gi"}}, ("6Gi", sizing.FORMULA)),
        ({"metrics": {"expected_series": 200_000, "storage": "20Gi"}}, ("21Gi", "200000 series")),
        ({"logs": {"storage": "10Gi"}}, ("17Gi", sizing.LOGS_FORMULA)),
        ({"metrics": {"scrape_interval": "4s"}}, ("between 5s and 2m",)),
        ({"metrics": {"scrape_interval": "3m"}}, ("between 5s and 2m",)),
    ],
)
def test_a_volume_that_does_not_is_refused_with_the_number_and_the_formula(
    said: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(ValidationError) as refused:
        spec(**said)
    for word in words:
        assert word in str(refused.value)


def peak(*, pushed: bool = False, **said: Any) -> Footprint:
    return facts.peak(spec(**said), pushed=pushed)


def test_the_namespace_has_room_for_every_replica_and_for_a_rollout() -> None:
    one, two = peak(), peak(metrics={"replicas": 2}, alertmanagers=3)
    assert two.volume_claims == one.volume_claims + 3
    assert two.storage == one.storage + spec().metrics.volume + 2 * size_bytes(facts.ALERTMANAGER_STORAGE)
    assert two.pods == one.pods + 4, "a Prometheus, two Alertmanagers, a prober"
    assert peak(logs=None).storage == one.storage - LogsSpec().volume
    pushed = peak(pushed=True)
    assert pushed.pods == one.pods + 2, "a push gateway where somebody pushes, and its next pod"
    assert pushed.volume_claims == one.volume_claims + 1
