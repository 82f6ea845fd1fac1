"""The table of what is installed: complete, and pinned to the letter."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from cluster.spec import AddOnName
from cluster.versions import INSTALLED, NODE_AGENTS
from components.environment.spec import AgentSpec, AgentsSpec, OperatorName

EXACT = re.compile(r"v?\d+\.\d+\.\d+")
WITH_CHART = sorted(name for name, row in INSTALLED.items() if row.chart is not None)


def test_everything_that_a_cluster_file_can_name_is_in_the_table() -> None:
    assert sorted(INSTALLED) == sorted(get_args(AddOnName))


def test_every_operator_that_a_stack_file_can_name_can_be_installed_and_has_its_definitions() -> None:
    for name in get_args(OperatorName):
        assert INSTALLED[name].chart is not None, name
        assert INSTALLED[name].definitions is not None, name


@pytest.mark.parametrize("name", WITH_CHART)
def test_a_chart_is_pinned_exactly_and_has_one_source(name: str) -> None:
    chart = INSTALLED[name].chart
    assert chart is not None
    assert EXACT.fullmatch(chart.version), chart.version
    by_reference = chart.chart.startswith("oci://")
    assert by_reference == (chart.repository is None)
    assert by_reference or str(chart.repository).startswith("https://")


@pytest.mark.parametrize("name", WITH_CHART)
def test_a_chart_for_definitions_of_ours_can_not_bring_them_itself(name: str) -> None:
    """A folder `crds/` is skipped always; what templates make is switched off by the chart's own value."""
    row = INSTALLED[name]
    assert row.chart is not None
    for switch in row.chart.own_definitions[:1]:
        assert row.definitions is not None
        value = row.chart.given
        for part in switch.split("."):
            value = value[part]
        assert value is False


def test_agents_are_told_in_the_words_of_a_stack_file() -> None:
    scraped = {name: row for name, row in INSTALLED.items() if row.scraped is not None}
    assert set(scraped) == set(AgentsSpec.model_fields) - {"namespace"}
    for row in scraped.values():
        assert row.namespace == NODE_AGENTS
        AgentSpec.model_validate(row.scraped)
