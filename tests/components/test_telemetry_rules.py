"""Records become rules; records that contradict each other are refused by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.telemetry import Alert, Dashboard, Panel, Row, Signal, Slo, Telemetry
from components.telemetry_rules import SLO_ALERTS, Burn, can_burn, dashboards, groups

SIGNAL = Signal(name="up", unit="bool", help="1 if it answers.", sources={"kubernetes": "up", "docker": "pg_up"})
HERE_ONLY = Signal(name="pods", unit="count", help="Pods.", sources={"kubernetes": "kube_pods"})
ALERT = Alert(
    name="Down",
    instance="main",
    expr='slipway:up{instance_name="main"} < 1',
    hold="2m",
    severity="critical",
    summary="main is down",
    description="Nobody can use it.",
    labels={"component": "x"},
)
SLO = Slo(
    name="availability",
    instance="api",
    objective=99.9,
    window_days=30,
    total="rate(requests_total[$window])",
    bad='rate(requests_total{code="500"}[$window])',
    least_events=100,
    labels={"component": "x"},
)


def test_a_signal_is_recorded_from_the_targets_own_source() -> None:
    told = [Telemetry(signals=(SIGNAL,))]
    assert groups(told, "docker", runbooks="https://r")[0]["rules"] == [{"record": "slipway:up", "expr": "pg_up"}]


def test_an_alert_carries_labels_for_routing_and_its_runbook() -> None:
    (_, group) = groups([Telemetry(signals=(SIGNAL,), alerts=(ALERT,))], "docker", runbooks="https://r")
    (rule,) = group["rules"]
    assert rule["labels"] == {"component": "x", "instance_name": "main", "severity": "critical"}
    assert rule["annotations"]["runbook_url"] == "https://r/Down.md"
    assert rule["for"] == "2m"


def test_alerts_of_a_promise_carry_its_labels() -> None:
    (group,) = groups([Telemetry(slos=(SLO,))], "docker", runbooks="https://r")
    told = [rule["labels"].items() for rule in group["rules"] if "alert" in rule]
    assert len(told) == len(SLO_ALERTS)
    assert all({"component": "x", "slo": "availability"}.items() <= labels for labels in told)


def test_what_a_target_cannot_know_is_left_out_there() -> None:
    alert = replace(ALERT, name="Few", expr="slipway:pods < 2")
    page = Dashboard(
        title="x",
        instance="main",
        rows=(Row(title="r", panels=(Panel(title="p", unit="count", description="d", queries={"": "slipway:pods"}),)),),
    )
    told = [Telemetry(signals=(SIGNAL, HERE_ONLY), alerts=(ALERT, alert), dashboard=page)]
    shown = {target: str(groups(told, target, runbooks="https://r")) for target in ("docker", "kubernetes")}
    assert "Few" in shown["kubernetes"]
    assert "Few" not in shown["docker"]
    assert dashboards(told, "docker")[0].rows == ()
    assert dashboards(told, "kubernetes")[0].rows == page.rows


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        (
            [Telemetry(signals=(SIGNAL,)), Telemetry(signals=(replace(SIGNAL, help="Other."),))],
            "signal up is recorded in two ways",
        ),
        ([Telemetry(alerts=(ALERT,))], "Down is about a signal that nobody has: up"),
        ([Telemetry(signals=(SIGNAL,), alerts=(ALERT, ALERT))], "alert Down of main is there twice"),
        (
            [Telemetry(slos=(replace(SLO, objective=80.0),))],
            r"objective availability of api \(80.0 %\) can never burn fast enough to alert",
        ),
    ],
)
def test_records_that_contradict_each_other_are_refused(told: list[Telemetry], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        groups(told, "kubernetes", runbooks="https://r")


@pytest.mark.parametrize(
    ("burn", "days", "factor"),
    [
        (Burn("1h", "5m", 0.02), 30, 14.4),
        (Burn("6h", "30m", 0.05), 30, 6),
        (Burn("1d", "2h", 0.10), 30, 3),
        (Burn("3d", "6h", 0.10), 30, 1),
        (Burn("1h", "5m", 0.02), 28, 13.44),
        (Burn("1h", "5m", 0.02), 7, 3.36),
    ],
)
def test_burn_rates_are_those_of_the_sre_workbook(burn: Burn, days: int, factor: float) -> None:
    assert burn.factor(days) == pytest.approx(factor)


def test_an_objective_below_which_nothing_can_burn() -> None:
    assert can_burn(93.1, 30)
    assert not can_burn(93.0, 30)


def test_signals_of_instances_stand_beside_each_other_under_one_name() -> None:
    own = [replace(SIGNAL, instance=name, sources={"docker": f'up{{job="{name}"}}'}) for name in ("b", "a")]
    (group,) = groups([Telemetry(signals=tuple(own))], "docker", runbooks="https://r")
    assert [(rule["record"], rule["labels"]["instance_name"]) for rule in group["rules"]] == [
        ("slipway:up", "a"),
        ("slipway:up", "b"),
    ]


def test_a_signal_of_one_instance_and_of_all_is_refused() -> None:
    told = [Telemetry(signals=(SIGNAL, replace(SIGNAL, instance="a")))]
    with pytest.raises(ValueError, match="signal up is recorded in two ways"):
        groups(told, "docker", runbooks="https://r")


def test_a_label_tells_two_alerts_of_one_name_apart() -> None:
    two = tuple(replace(ALERT, labels={"of": word}) for word in ("orders", "queue"))
    (_, group) = groups([Telemetry(signals=(SIGNAL,), alerts=two)], "docker", runbooks="https://r")
    assert sorted(rule["labels"]["of"] for rule in group["rules"]) == ["orders", "queue"]


def test_an_alert_may_have_its_runbook_elsewhere() -> None:
    told = [Telemetry(signals=(SIGNAL,), alerts=(replace(ALERT, runbook="https://wiki/down"),))]
    (_, group) = groups(told, "docker", runbooks="https://r")
    assert group["rules"][0]["annotations"]["runbook_url"] == "https://wiki/down"
