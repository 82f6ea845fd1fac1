"""Burn-rate alerts against synthetic error bursts: as fast as the SRE workbook promises, and silent below."""

from __future__ import annotations

import pytest

from components.telemetry import Slo, Telemetry
from components.telemetry_rules import Group, groups
from tests.consumers.promtool import Promtool, counted

SLO = Slo(
    name="availability",
    instance="api",
    objective=99.9,
    window_days=30,
    total="rate(requests_total[$window])",
    bad='rate(requests_total{code="500"}[$window])',
    least_events=100,
    labels={},
)
GOOD, BAD = 'requests_total{code="200"}', 'requests_total{code="500"}'


@pytest.fixture(scope="module")
def promtool(tmp_path_factory: pytest.TempPathFactory) -> Promtool:
    return Promtool(tmp_path_factory.mktemp("rules"))


@pytest.fixture(scope="module")
def rules() -> list[Group]:
    return groups([Telemetry(slos=(SLO,))], "kubernetes", runbooks="https://example.com")


def traffic(per_minute: int, quiet: int, share: float, minutes: int) -> dict[str, str]:
    """Good traffic for so many minutes, then a share of it fails."""
    failed = round(per_minute * share)
    at = per_minute * quiet
    return {
        GOOD: f"0+{per_minute}x{quiet} {at + per_minute - failed}+{per_minute - failed}x{minutes}",
        BAD: f"0x{quiet} {failed}+{failed}x{minutes}",
    }


def test_prometheus_reads_the_rules(promtool: Promtool, rules: list[Group]) -> None:
    assert promtool.check(rules) == ""


def test_a_total_outage_is_paged_within_two_minutes(promtool: Promtool, rules: list[Group]) -> None:
    series = traffic(1000, 120, 1.0, 60)
    assert promtool.play(rules, [counted("outage", 123, series, {"SloBurnsFast": 1})]) == ""


def test_one_in_fifty_is_paged_within_an_hour_and_one_in_seventy_is_not(promtool: Promtool, rules: list[Group]) -> None:
    tests = [
        counted("2 %", 120 + 50, traffic(1000, 120, 0.02, 90), {"SloBurnsFast": 1}),
        counted("1.4 %", 120 + 60, traffic(1000, 120, 0.014, 90), {"SloBurnsFast": 0}),
    ]
    assert promtool.play(rules, tests) == ""


def test_four_in_a_thousand_is_a_ticket_and_no_page(promtool: Promtool, rules: list[Group]) -> None:
    series = traffic(1000, 60, 0.004, 26 * 60)
    assert promtool.play(rules, [counted("0.4 %", 25 * 60, series, {"SloBurnsSlowly": 1, "SloBurnsFast": 0})]) == ""


def test_below_the_budget_nothing_fires(promtool: Promtool, rules: list[Group]) -> None:
    series = {GOOD: "0+9991x1500", BAD: "0+9x1500"}
    assert promtool.play(rules, [counted("0.09 %", 1500, series, {"*": 0})]) == ""


def test_one_failed_request_at_night_is_no_outage(promtool: Promtool, rules: list[Group]) -> None:
    series = {GOOD: "0+1x60 60x60", BAD: "0x60 1x60"}
    assert promtool.play(rules, [counted("night", 70, series, {"SloBurnsFast": 0})]) == ""


def test_the_page_ends_soon_after_the_errors(promtool: Promtool, rules: list[Group]) -> None:
    series = {GOOD: "0+1000x120 120000x30 121000+1000x60", BAD: "0x120 1000+1000x30 30000x60"}
    tests = [counted("during", 150, series, {"SloBurnsFast": 1}), counted("after", 190, series, {"SloBurnsFast": 0})]
    assert promtool.play(rules, tests) == ""


def test_the_page_outlasts_its_cause(promtool: Promtool, rules: list[Group]) -> None:
    """Why no lost server mutes it: the mute would end with the outage, and the page would come after it."""
    series = {GOOD: "0+1000x120 120000x10 121000+1000x60", BAD: "0x120 1000+1000x10 10000x60"}
    assert promtool.play(rules, [counted("over for 20 minutes", 150, series, {"SloBurnsFast": 1})]) == ""


def test_a_spent_budget_is_told_and_so_is_an_objective_without_events(promtool: Promtool, rules: list[Group]) -> None:
    tests = [
        counted("spent", 180, traffic(1000, 60, 0.5, 180), {"SloBudgetSpent": 1}),
        counted("kept", 180, traffic(1000, 60, 0.0, 180), {"SloBudgetSpent": 0, "SloHasNoEvents": 0}),
        counted("gone", 60, {}, {"SloHasNoEvents": 1}),
    ]
    assert promtool.play(rules, tests) == ""
