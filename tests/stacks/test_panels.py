"""Every panel of the product: it can be read without its maker, and its queries ask signals that this target has."""

from __future__ import annotations

import pytest

from components.promql import parse
from components.telemetry import Panel, TargetKind
from components.telemetry_rules import dashboards
from tests.stacks.kitchen_sink import STACKS, topology_of


def panels(target: TargetKind) -> list[tuple[str, Panel]]:
    pages = dashboards(topology_of(target).telemetry, target)
    return [(page.instance, panel) for page in pages for row in page.rows for panel in row.panels]


@pytest.mark.parametrize("target", STACKS)
def test_a_panel_says_what_to_look_for(target: TargetKind) -> None:
    found = panels(target)
    assert len(found) > 60
    for instance, panel in found:
        assert panel.title, instance
        assert panel.unit, f"{instance}: {panel.title}"
        assert panel.description.endswith("."), f"{instance}: {panel.title}"


@pytest.mark.parametrize("target", STACKS)
def test_a_panel_asks_signals_alone_and_in_promql(target: TargetKind) -> None:
    here = {s.series for one in topology_of(target).telemetry for s in one.signals if target in s.sources}
    for instance, panel in panels(target):
        for query in panel.queries.values():
            read = parse(query)
            assert read.kind == "vector", f"{instance}: {panel.title}"
            assert read.series <= here, f"{instance}: {panel.title}"


@pytest.mark.parametrize("target", STACKS)
def test_every_instance_that_tells_something_has_a_page(target: TargetKind) -> None:
    told = topology_of(target).telemetry
    pages = {page.instance for page in dashboards(told, target)}
    assert {alert.instance for one in told for alert in one.alerts} <= pages
    assert {"environment", "monitoring", "shop", "edge"} <= pages


@pytest.mark.parametrize("target", STACKS)
def test_titles_tell_panels_of_a_page_apart(target: TargetKind) -> None:
    titles = [(instance, panel.title) for instance, panel in panels(target)]
    assert len(titles) == len(set(titles))
