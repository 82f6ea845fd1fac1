"""From telemetry records to Prometheus rule groups, as plain data: the same groups in a PrometheusRule and in a rule file.

Owns: recording rules of signals, alerting rules, and what an objective becomes (multiwindow burn rates). Leaves alone:
objects, files and where they go, which is MonitoringStack's. https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.telemetry import Alert, Dashboard, Severity, Signal, Slo, TargetKind, Telemetry

Rule = dict[str, Any]
Group = dict[str, Any]

SERIES = re.compile(r"\bslipway:([a-z_][a-z0-9_]*)")

DAY_SECONDS = 86_400

PARTS = {
    "5m": 300,
    "30m": 1_800,
    "1h": 3_600,
    "2h": 7_200,
    "6h": 21_600,
    "1d": DAY_SECONDS,
    "3d": 3 * DAY_SECONDS,
}
"""Windows that burn rates are looked at over, in seconds."""


@dataclass(frozen=True)
class Burn:
    """An error rate that spends `share` of the budget within `long`; `short` ends the alert soon after the errors end."""

    long: str
    short: str
    share: float

    def factor(self, window_days: int) -> float:
        """How many times faster than allowed the budget goes. 14.4 for 2 % in an hour of 30 days."""
        return self.share * window_days * DAY_SECONDS / PARTS[self.long]


BURNS: Mapping[str, tuple[Severity, tuple[Burn, ...]]] = {
    "SloBurnsFast": ("critical", (Burn("1h", "5m", 0.02), Burn("6h", "30m", 0.05))),
    "SloBurnsSlowly": ("warning", (Burn("1d", "2h", 0.10), Burn("3d", "6h", 0.10))),
}
"""https://sre.google/workbook/alerting-on-slos/: pages for what can't wait until morning, tickets for the rest."""

SLO_ALERTS = (*BURNS, "SloBudgetSpent", "SloHasNoEvents")
"""Alerts that every objective brings; each has its runbook."""


def groups(all_of: Sequence[Telemetry], target: TargetKind, *, runbooks: str) -> list[Group]:
    """Rule groups of one stack. `runbooks` is the address of the folder that holds <alert>.md.

    Raises ValueError where records contradict each other: a signal recorded in two ways, a signal that nobody has, an
    alert of the same name and instance twice, an objective whose alert can never fire.
    """
    signals = _signals(all_of)
    here = _here(signals, target)
    recording = [_recording(signals[key], target) for key in sorted(signals) if target in signals[key].sources]
    alerts = [alert for one in all_of for alert in one.alerts if _is_seen(alert.name, alert.expr, signals, here)]
    _no_twins(alerts)
    by_instance: dict[str, list[Rule]] = {}
    for alert in sorted(alerts, key=lambda a: (a.instance, a.name)):
        by_instance.setdefault(alert.instance, []).append(_alerting(alert, runbooks))
    objectives = sorted((slo for one in all_of for slo in one.slos), key=lambda s: (s.instance, s.name))
    return [
        *([{"name": "signals", "rules": recording}] if recording else []),
        *({"name": f"alerts-{instance}", "rules": rules} for instance, rules in by_instance.items()),
        *(
            {"name": f"slo-{slo.instance}-{slo.name}", "rules": list(_objective(slo, runbooks))}
            for slo in objectives
            if _is_seen(slo.name, f"{slo.total} {slo.bad}", signals, here)
        ),
    ]


def dashboards(all_of: Sequence[Telemetry], target: TargetKind) -> list[Dashboard]:
    """Dashboards of one stack, without the panels whose signals this target can't know, and without rows left empty."""
    signals = _signals(all_of)
    here = _here(signals, target)
    found: list[Dashboard] = []
    for page in (one.dashboard for one in all_of if one.dashboard is not None):
        rows = [
            type(row)(title=row.title, panels=panels)
            for row in page.rows
            if (
                panels := tuple(p for p in row.panels if _is_seen(p.title, " ".join(p.queries.values()), signals, here))
            )
        ]
        found.append(Dashboard(title=page.title, instance=page.instance, rows=tuple(rows)))
    return found


def can_burn(objective: float, window_days: int) -> bool:
    """Whether an objective's strictest alert can fire at all: errors can't exceed all events."""
    factors = [burn.factor(window_days) for _, burns in BURNS.values() for burn in burns]
    return max(factors) * (1 - objective / 100) < 1


Signals = Mapping[tuple[str, str], Signal]
"""By name and the instance whose own it is; the same for all: no instance."""


def _signals(all_of: Iterable[Telemetry]) -> Signals:
    found: dict[tuple[str, str], Signal] = {}
    for signal in (signal for one in all_of for signal in one.signals):
        if found.setdefault((signal.name, signal.instance), signal) != signal:
            msg = f"signal {signal.name} is recorded in two ways"
            raise ValueError(msg)
    common = {name for name, instance in found if not instance}
    if mixed := sorted({name for name, instance in found if instance} & common):
        msg = f"signal {mixed[0]} is recorded in two ways"
        raise ValueError(msg)
    return found


def _here(signals: Signals, target: TargetKind) -> set[str]:
    return {signal.name for signal in signals.values() if target in signal.sources}


def _recording(signal: Signal, target: TargetKind) -> Rule:
    rule: Rule = {"record": signal.series, "expr": signal.sources[target]}
    return rule | {"labels": {"instance_name": signal.instance}} if signal.instance else rule


def _is_seen(name: str, expr: str, signals: Signals, here: set[str]) -> bool:
    used = set(SERIES.findall(expr))
    if unknown := sorted(used - {name for name, _ in signals}):
        msg = f"{name} is about a signal that nobody has: {', '.join(unknown)}"
        raise ValueError(msg)
    return used <= here


def _no_twins(alerts: Sequence[Alert]) -> None:
    told: set[tuple[object, ...]] = set()
    for alert in alerts:
        key = (alert.instance, alert.name, *sorted(alert.labels.items()))
        if key in told:
            msg = f"alert {alert.name} of {alert.instance} is there twice"
            raise ValueError(msg)
        told.add(key)


def _alerting(alert: Alert, runbooks: str) -> Rule:
    return {
        "alert": alert.name,
        "expr": alert.expr,
        "for": alert.hold,
        "labels": dict(sorted({**alert.labels, "severity": alert.severity, "instance_name": alert.instance}.items())),
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": f"{runbooks}/{alert.name}.md" if alert.runbook is None else alert.runbook,
        },
    }


def _objective(slo: Slo, runbooks: str) -> Iterator[Rule]:
    if not can_burn(slo.objective, slo.window_days):
        msg = f"objective {slo.name} of {slo.instance} ({slo.objective} %) can never burn fast enough to alert"
        raise ValueError(msg)
    labels = {"instance_name": slo.instance, "slo": slo.name}
    select = f'{{instance_name="{slo.instance}",slo="{slo.name}"}}'
    period = f"{slo.window_days}d"
    for word, source in (("total", slo.total), ("bad", slo.bad)):
        rate = f"sum({source.replace('$window', '5m')})"
        # A counter of errors does not exist before the first error.
        expr = rate if word == "total" else f"{rate} or 0 * sum({slo.total.replace('$window', '5m')})"
        yield {"record": f"slipway:slo_{word}_per_second_5m", "expr": expr, "labels": labels}
    for part in (*PARTS, period):
        bad, total = (f"sum_over_time(slipway:slo_{w}_per_second_5m{select}[{part}])" for w in ("bad", "total"))
        # Sums of both sides, not means of ratios: a quiet night must not weigh as much as a busy noon.
        yield {"record": f"slipway:slo_bad_ratio_{part}", "expr": f"{bad} / ({total} > 0)", "labels": labels}
        # By the minute, not by a mean: a young series must not count as if it were as long as the window.
        per_minute = f"sum_over_time(slipway:slo_total_per_second_5m{select}[{part}:1m])"
        yield {"record": f"slipway:slo_events_{part}", "expr": f"{per_minute} * 60", "labels": labels}
    yield from (_alerting(alert, runbooks) for alert in slo_alerts(slo))


def slo_alerts(slo: Slo) -> Iterator[Alert]:
    """What an objective tells people."""
    budget = (100 - slo.objective) / 100
    select = f'{{instance_name="{slo.instance}",slo="{slo.name}"}}'
    period = f"{slo.window_days}d"
    for name, (severity, burns) in BURNS.items():
        pairs = " or ".join(
            f"(slipway:slo_bad_ratio_{b.long}{select} > {number(b.factor(slo.window_days) * budget)} "
            f"and slipway:slo_bad_ratio_{b.short}{select} > {number(b.factor(slo.window_days) * budget)} "
            f"and slipway:slo_events_{b.long}{select} >= {slo.least_events})"
            for b in burns
        )
        when = "in hours" if severity == "critical" else "in days"
        yield Alert(
            name=name,
            instance=slo.instance,
            expr=pairs,
            hold="0m",
            severity=severity,
            summary=f"{slo.instance} spends the error budget of {slo.name} {when}",
            description=f"{{{{ $value | humanizePercentage }}}} of events are bad; the promise is {slo.objective} % good over {slo.window_days} days.",
            labels={**slo.labels, "slo": slo.name},
        )
    yield Alert(
        name="SloBudgetSpent",
        instance=slo.instance,
        expr=f"slipway:slo_bad_ratio_{period}{select} > {number(budget)} and slipway:slo_events_{period}{select} >= {slo.least_events}",
        hold="1h",
        severity="warning",
        summary=f"{slo.instance} has broken {slo.name} over {slo.window_days} days",
        description="Nothing is left to spend on risky changes until the window has moved on.",
        labels={**slo.labels, "slo": slo.name},
    )
    yield Alert(
        name="SloHasNoEvents",
        instance=slo.instance,
        expr=f"absent(slipway:slo_total_per_second_5m{select})",
        hold="30m",
        severity="warning",
        summary=f"nobody counts the events of {slo.instance}'s {slo.name}",
        description="The series behind the objective is gone: its alerts are blind until it is back.",
        labels={**slo.labels, "slo": slo.name},
    )


def number(value: float) -> str:
    """A number as a person writes it: 0.0144, 300, without what binary fractions leave behind."""
    return f"{value:.10g}"
