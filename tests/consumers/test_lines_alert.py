"""The alert that Loki judges by lines, as far as it can be tried without Loki, which is in no registry that the tests can build from.

Tried: its queries are LogQL by Grafana's own grammar; what it asks of a line's labels is what both collectors put there; its
arithmetic, played by Prometheus over a counter of lines. How its message travels on is in test_alert_messages.py. Not tried:
that Loki loads the rule, counts as a counter would, and hands the alert over.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from typing import Any

import pytest
import yaml

from cluster import logs
from cluster import spec as cluster_spec
from components.monitoring_stack import collector, dashboards, loki
from components.monitoring_stack.spec import LogsSpec
from tests.alerts_table import of_lines
from tests.consumers.alerts.case import LONG, Case, of
from tests.consumers.promtool import Promtool, counted
from tests.stacks.kitchen_sink import STACKS, topology_of
from toolchain.consumers.logql import LOGQL, PROGRAM
from toolchain.consumers.machine import program
from toolchain.progress import UnavailableError

NAME = "LogsFullOfErrors"


def misunderstood(texts: Sequence[str]) -> dict[str, list[int]]:
    """Texts that are no LogQL, and where."""
    try:
        script = LOGQL.need() / PROGRAM
    except UnavailableError as error:
        pytest.skip(f"logql: {error}")
    node = program("node")
    assert node is not None, "node made the grammar's folder, and is gone"
    done = subprocess.run(
        [node, script], input=json.dumps(texts), capture_output=True, text=True, check=True, timeout=60
    )
    return {text: places for text, places in zip(texts, json.loads(done.stdout), strict=True) if places}


def configured() -> dict[str, Any]:
    return yaml.safe_load(loki.configuration(LogsSpec(), alertmanager="http://alertmanager:9093"))


def asked_by_panels() -> list[str]:
    pages = [
        json.loads(text)
        for target in STACKS
        for text in dashboards.files(topology_of(target).telemetry, target, stack="sink", logs=True).values()
    ]
    panels = [panel for page in pages for panel in page["panels"] if panel.get("datasource", {}).get("type") == "loki"]
    return sorted({target["expr"] for panel in panels for target in panel["targets"]})


def selectors() -> list[str]:
    return [kept["selector"] for kept in configured()["limits_config"]["retention_stream"]]


def test_every_question_to_loki_is_logql() -> None:
    texts = [*(rule["expr"] for rule in of_lines()), *selectors(), *asked_by_panels()]
    assert len(texts) > 10
    assert misunderstood(texts) == {}


def test_the_grammar_notices_what_is_no_logql() -> None:
    wrong = ['{class="audit"', 'rate({level="error"}[10x])', 'sum by (level rate({level="error"}[5m]))']
    assert misunderstood(wrong).keys() == set(wrong)


def pipelines() -> dict[str, dict[str, Any]]:
    """Of both collectors."""
    of_the_cluster = logs.values({"shop": cluster_spec.LogsSpec.model_validate({"push": "http://loki:3100/push"})})
    return {
        "docker": yaml.safe_load(collector.files("shop")["fluent-bit.yaml"])["pipeline"],
        "kubernetes": of_the_cluster["config"]["pipeline"],
    }


@pytest.mark.parametrize("target", STACKS)
def test_questions_ask_labels_that_the_collector_puts_on_lines(target: str) -> None:
    (output,) = pipelines()[target]["outputs"]
    given = {label.partition("=")[0].strip() for label in output["labels"].split(",")}
    texts = [*(rule["expr"] for rule in of_lines()), *selectors(), *asked_by_panels()]
    asked = {label for text in texts for label in re.findall(r"(\w+)=~?\"", text)}
    assert asked == {"class", "instance_name", "level"}
    assert asked <= given
    assert len(given) <= configured()["limits_config"]["max_label_names_per_series"]


def lines(instance: str, level: str, a_minute: int, class_: str = "app") -> dict[str, str]:
    """What a counter of lines would have said."""
    return {of("lines", instance_name=instance, level=level, class_=class_): f"0+{a_minute}x{LONG}"}


CASES = {
    "more than one a second": (Case(minutes=25, ill=lines("api", "error", 61)), 1),
    "one a second": (Case(minutes=25, ill=lines("api", "error", 60)), 0),
    "not for long enough": (Case(minutes=9, ill=lines("api", "error", 600)), 0),
    "two of them": (Case(minutes=25, ill={**lines("api", "error", 90), **lines("web", "error", 90)}), 2),
    "two that only together are too many": (
        Case(minutes=25, ill=lines("api", "error", 31) | lines("web", "error", 31)),
        0,
    ),
    "warnings": (Case(minutes=25, ill=lines("api", "warn", 600)), 0),
    "an audit's": (Case(minutes=25, ill=lines("api", "error", 600, "audit")), 0),
}


@pytest.mark.parametrize("case", CASES)
def test_it_fires_over_errors_that_go_on_and_not_just_below(
    tmp_path_factory: pytest.TempPathFactory, case: str
) -> None:
    (rule,) = of_lines()
    twin = {**rule, "expr": rule["expr"].replace("rate({", "rate(lines{")}
    assert twin["expr"] != rule["expr"]
    played, count = CASES[case]
    promtool = Promtool(tmp_path_factory.mktemp("rules"))
    assert (
        promtool.play([{"name": "logs", "rules": [twin]}], [counted(case, played.minutes, played.ill, {NAME: count})])
        == ""
    )
