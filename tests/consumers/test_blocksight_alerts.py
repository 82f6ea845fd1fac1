"""BlockSight's own alerts, as its stack files word them: promtool reads them, and each fires and does not."""

from __future__ import annotations

import pytest

from components.telemetry_rules import Group, groups
from tests.consumers.alerts.case import GONE, LONG, Case, Series, flat, of
from tests.consumers.promtool import Promtool, counted
from tests.stacks.shipped import STACKS, topology_of

RUNBOOKS = "https://example.com/runbooks"


def api(series: str, **labels: str) -> str:
    return of(f"blocksight_{series}", instance_name="api", pod="api-1", **labels)


TIP, BLOCK = api("tip_timestamp_seconds"), api("tip_height")
INDEX = of("electrs_index_height", instance_name="electrs", pod="electrs-0", type_="tip")
PAGES = api("websocket_connections")
HIT, MISS = api("cache_reads_total", result="hit"), api("cache_reads_total", result="miss")

WELL: Series = {
    TIP: f"0+60x{LONG}",
    BLOCK: flat(900),
    INDEX: flat(898),
    PAGES: flat(400),
    HIT: f"0+80x{LONG}",
    MISS: f"0+20x{LONG}",
}

CASES = {
    # 61 and 59 minutes after the last block, and five to be sure.
    "BlockSightChainStale": Case(minutes=67, ill={TIP: flat(0)}, well={TIP: flat(240)}),
    "BlockSightChainStalled": Case(minutes=127, ill={TIP: flat(0)}, well={TIP: flat(240)}),
    "BlockSightIndexBehind": Case(minutes=15, ill={INDEX: flat(897)}, well={INDEX: flat(898)}),
    "BlockSightWebSocketsDropped": Case(minutes=75, ill={PAGES: "400x60 150x60"}, well={PAGES: "400x60 250x60"}),
    "BlockSightCacheMisses": Case(
        minutes=60,
        ill={HIT: f"0+49x{LONG}", MISS: f"0+51x{LONG}"},
        # Half of hardly anything says nothing.
        well={HIT: GONE, MISS: f"0+30x{LONG}"},
    ),
}


@pytest.fixture(scope="module")
def promtool(tmp_path_factory: pytest.TempPathFactory) -> Promtool:
    return Promtool(tmp_path_factory.mktemp("rules"))


@pytest.fixture(scope="module")
def rules() -> list[Group]:
    told = [one for one in topology_of("prod").telemetry if {alert.instance for alert in one.alerts} == {"api"}]
    assert len(told) == 1
    return groups(told, "kubernetes", runbooks=RUNBOOKS)


def worded(stack: str) -> set[str]:
    apps = topology_of(stack).stack.app_services.values()
    return {alert for app in apps if app.metrics is not None for alert in app.metrics.alerts}


def fed(change: Series) -> Series:
    return {series: values for series, values in {**WELL, **change}.items() if values != GONE}


@pytest.mark.parametrize("stack", STACKS)
def test_prometheus_reads_every_rule_of_a_shipped_stack(promtool: Promtool, stack: str) -> None:
    plan = topology_of(stack)
    found = groups(plan.telemetry, plan.stack.environment.target.kind, runbooks=RUNBOOKS)
    assert found
    assert promtool.check(found) == ""


def test_every_alert_that_a_stack_file_words_has_its_case() -> None:
    assert worded("prod") == worded("staging") == CASES.keys()
    assert worded("dev") < CASES.keys()


def test_each_fires_and_does_not(promtool: Promtool, rules: list[Group]) -> None:
    fires = [counted(n, case.minutes, fed(case.ill), {n: 1}) for n, case in CASES.items()]
    silent = [counted(f"no {n}", case.minutes, fed(case.well), {n: 0}) for n, case in CASES.items()]
    assert promtool.play(rules, [*fires, *silent]) == ""
