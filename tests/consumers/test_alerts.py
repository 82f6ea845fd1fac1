"""Every alert of the product, read and played by promtool: it fires over series that it is for, and not just below.

The rules are those of the kitchen sinks, source to signal to alert; what is fed in are the series of the exporters.
"""

from __future__ import annotations

import pytest

from components.postgres_cluster.spec import PostgresClusterSpec
from components.postgres_cluster.telemetry import telemetry
from components.telemetry import TargetKind
from components.telemetry_rules import Group, groups
from tests.consumers.alerts import apps, edge, ground, monitoring, postgres, redis
from tests.consumers.alerts.case import GONE, Case, Series, Teller
from tests.consumers.promtool import Promtool, counted
from tests.stacks.kitchen_sink import RUNBOOKS, STACKS, told_by, topology_of

TELLERS = (
    *apps.TELLERS,
    *edge.TELLERS,
    *ground.TELLERS,
    *monitoring.TELLERS,
    *postgres.TELLERS,
    *redis.TELLERS,
)
ALWAYS = {"Watchdog"}
"""Fires whatever is fed in."""

each_teller = pytest.mark.parametrize("teller", TELLERS, ids=lambda t: f"{t.target}-{t.instance}")


@pytest.fixture(scope="module")
def promtool(tmp_path_factory: pytest.TempPathFactory) -> Promtool:
    return Promtool(tmp_path_factory.mktemp("rules"))


def rules(teller: Teller) -> list[Group]:
    return groups(told_by(teller.target, teller.instance), teller.target, runbooks=RUNBOOKS)


def fed(teller: Teller, change: Series) -> Series:
    return {series: values for series, values in {**teller.well, **change}.items() if values != GONE}


def names(target: TargetKind) -> set[str]:
    told = topology_of(target).telemetry
    found = groups(told, target, runbooks=RUNBOOKS)
    return {rule["alert"] for group in found for rule in group["rules"] if "alert" in rule}


@pytest.mark.parametrize("target", STACKS)
def test_prometheus_reads_every_rule(promtool: Promtool, target: TargetKind) -> None:
    assert promtool.check(groups(topology_of(target).telemetry, target, runbooks=RUNBOOKS)) == ""


def test_every_alert_has_its_case() -> None:
    played = {name for teller in TELLERS for name in teller.cases}
    assert played == (names("kubernetes") | names("docker")) - ALWAYS


def test_no_case_is_about_an_alert_that_its_instance_has_not() -> None:
    for teller in TELLERS:
        has = {rule["alert"] for group in rules(teller) for rule in group["rules"] if "alert" in rule}
        assert teller.cases.keys() <= has, teller.instance


@each_teller
def test_what_is_well_raises_nothing(promtool: Promtool, teller: Teller) -> None:
    quiet = dict.fromkeys(teller.cases, 0)
    assert promtool.play(rules(teller), [counted("well", 180, fed(teller, {}), quiet)]) == ""


@each_teller
def test_every_alert_fires(promtool: Promtool, teller: Teller) -> None:
    tests = [counted(n, case.minutes, fed(teller, case.ill), {n: case.count}) for n, case in teller.cases.items()]
    assert promtool.play(rules(teller), tests) == ""


@each_teller
def test_no_alert_fires_just_below_its_threshold(promtool: Promtool, teller: Teller) -> None:
    tests = [counted(n, case.minutes, fed(teller, case.well), {n: 0}) for n, case in teller.cases.items()]
    assert promtool.play(rules(teller), tests) == ""


def test_the_watchdog_always_fires(promtool: Promtool) -> None:
    told = groups(told_by("docker", "monitoring"), "docker", runbooks=RUNBOOKS)
    assert promtool.play(told, [counted("nothing at all", 1, {}, {"Watchdog": 1})]) == ""


def test_the_other_half_of_an_alert_fires_too(promtool: Promtool) -> None:
    (teller, *_) = monitoring.TELLERS
    name = "MonitoringAlertsNotHandedOver"
    case = Case(minutes=15, ill=monitoring.NO_ALERTMANAGER)
    assert promtool.play(rules(teller), [counted(name, case.minutes, fed(teller, case.ill), {name: 1})]) == ""


@pytest.mark.parametrize(
    ("tried", "played"),
    [("1970-01-01", ((24 * 60 - 5, 0), (25 * 60 + 5, 1))), ("2062-11-25", ((65, 1),))],
    ids=["the next is due", "a mistyped year"],
)
def test_the_day_of_a_drill_counts_for_as_long_as_it_can(
    promtool: Promtool, tried: str, played: tuple[tuple[int, int], ...]
) -> None:
    """promtool's clock starts in 1970."""
    restore = {"tried": tried, "every": "1d"}
    spec = PostgresClusterSpec.model_validate(
        {
            "major": 18,
            "storage": {"size": "1Gi"},
            "databases": {"shop": {}},
            "backup": {"store": "backups", "restore": restore},
        }
    )
    told, name = (
        groups([telemetry("main", spec, "kubernetes")], "kubernetes", runbooks=RUNBOOKS),
        "PostgresRestoreUntried",
    )
    for minutes, count in played:
        assert promtool.play(told, [counted(name, minutes, {}, {name: count})]) == ""


def test_the_player_notices_an_alert_that_does_not_fire(promtool: Promtool) -> None:
    (teller, *_) = apps.TELLERS
    tests = [counted("well", 10, fed(teller, {}), {"AppDown": 1})]
    assert "AppDown" in promtool.play(rules(teller), tests)
