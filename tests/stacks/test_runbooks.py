"""Alerts and runbooks are one to one: over the shipped stacks, and over stacks that switch everything on."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from components.telemetry import Alert
from components.telemetry_rules import slo_alerts
from tests.alerts_table import of_lines
from tests.house.sources import ROOT
from tests.stacks import kitchen_sink, shipped
from topology import Topology

FOLDER = ROOT / "docs" / "runbooks"
PAGES = sorted(FOLDER.glob("*.md"))
PARTS = ["Impact", "Diagnosis", "Mitigation"]


def plans() -> Iterator[Topology]:
    yield from (shipped.topology_of(stack) for stack in shipped.STACKS)
    yield from (kitchen_sink.topology_of(target) for target in kitchen_sink.STACKS)


def alerts() -> Iterator[Alert]:
    for plan in plans():
        for one in plan.telemetry:
            yield from one.alerts
            for slo in one.slos:
                yield from slo_alerts(slo)


def worded() -> set[str]:
    """Alerts of the shipped stack files' own, which need a page even while nothing watches them."""
    apps = [app for stack in shipped.STACKS for app in shipped.topology_of(stack).stack.app_services.values()]
    return {
        name for app in apps if app.metrics is not None for name, a in app.metrics.alerts.items() if a.runbook is None
    }


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    ours = (
        {alert.name for alert in alerts() if alert.runbook is None} | worded() | {rule["alert"] for rule in of_lines()}
    )
    assert {page.stem for page in PAGES} == ours


def test_an_alert_that_names_its_own_runbook_keeps_it() -> None:
    (told,) = {alert.runbook for alert in alerts() if alert.name == "ShopPricesStale"}
    assert told == "https://example.com/prices"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_runbook_says_what_it_means_what_it_costs_how_to_look_and_what_to_do(page: object) -> None:
    path = FOLDER / str(page)
    text = path.read_text(encoding="utf-8")
    title, meaning, *_ = text.split("\n\n")
    assert title == f"# {path.stem}"
    assert not meaning.startswith("#")
    assert re.findall(r"^## (.*)", text, re.MULTILINE) == PARTS
    assert "```sh\n" in text
    assert all(part.strip() for part in re.split(r"^## .*$", text, flags=re.MULTILINE))


def test_links_between_runbooks_lead_somewhere() -> None:
    there = {page.name for page in PAGES}
    for page in PAGES:
        for link in re.findall(r"\]\(([^)/:#]+\.md)\)", page.read_text(encoding="utf-8")):
            assert link in there, f"{page.name} -> {link}"


def test_every_alert_says_what_it_means_and_whom_it_is_for() -> None:
    for alert in alerts():
        assert alert.summary, alert.name
        assert alert.description.endswith("."), alert.name
        assert alert.severity in ("critical", "warning", "info")


def test_an_alert_means_the_same_wherever_it_is() -> None:
    severities: dict[str, set[str]] = {}
    for alert in alerts():
        severities.setdefault(alert.name, set()).add(alert.severity)
    both = {name for name, found in severities.items() if len(found) > 1}
    # What one replica more or less means depends on how many there are, and an operator's loss on what it looks after.
    assert both <= {"AppBusinessHigh", "AppBusinessLow", "OperatorDown", "RedisDown", "RedisReplicasMissing"}
