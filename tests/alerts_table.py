"""docs/alerts.md: every alert of the product, from what the kitchen sinks tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from components.monitoring_stack import loki
from components.telemetry import Alert, TargetKind
from components.telemetry_rules import groups, slo_alerts
from tests.stacks.kitchen_sink import RUNBOOKS, STACKS, topology_of

TEXT = (
    "Stacks that switch everything on raise these; a stack has those of what it holds. Each name leads to its runbook. "
    "`critical` wakes a person, `warning` waits for working hours, `info` stands beside others. An alert of an app, a server or "
    "a cache bears its name in the label `instance_name`; a stack file's own alerts come on top."
)


def table() -> str:
    """The page, without its first line."""
    found: dict[str, dict[str, set[str]]] = {}
    for target in STACKS:
        for alert in told(target):
            entry = found.setdefault(alert.name, {"target": set(), "severity": set(), "component": set()})
            entry["target"].add(target)
            entry["severity"].add(alert.severity)
            entry["component"].add(
                "promises" if "slo" in alert.labels else alert.labels.get("component", "edge-gateway")
            )
    for rule in of_lines():
        found[rule["alert"]] = {
            "target": set(STACKS),
            "severity": {rule["labels"]["severity"]},
            "component": {rule["labels"]["component"]},
        }
    rows = [
        _row(name, entry)
        for name, entry in sorted(found.items(), key=lambda item: (sorted(item[1]["component"]), item[0]))
    ]
    head = ["| alert | of | severity | target |", "|---|---|---|---|"]
    return "\n".join([f"# {len(rows)} alerts", "", TEXT, "", *head, *rows]) + "\n"


def told(target: TargetKind) -> Iterator[Alert]:
    """Alerts of one sink that its target knows, without those that a stack file words."""
    telemetry = topology_of(target).telemetry
    rendered = {rule.get("alert") for group in groups(telemetry, target, runbooks=RUNBOOKS) for rule in group["rules"]}
    for one in telemetry:
        yield from (alert for alert in one.alerts if alert.name in rendered and alert.runbook is None)
        yield from (alert for slo in one.slos for alert in slo_alerts(slo))


def of_lines() -> list[dict[str, Any]]:
    """Alerts that Loki judges, the same on every target."""
    text = yaml.safe_load(loki.rules(RUNBOOKS, stack="sink"))
    return [rule for group in text["groups"] for rule in group["rules"]]


def _row(name: str, entry: dict[str, set[str]]) -> str:
    component, severity, target = (", ".join(sorted(entry[key])) for key in ("component", "severity", "target"))
    return f"| [{name}](runbooks/{name}.md) | {component} | {severity} | {target} |"
