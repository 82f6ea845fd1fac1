"""The log collector's pipeline: whose lines are read, which are dropped, where they go."""

from __future__ import annotations

import fnmatch
import re
from typing import Any

import pytest
import yaml

from cluster import logs
from cluster.spec import LogsSpec
from components import lines
from components.monitoring_stack import collector
from tests.cluster.shipped import ROOT

PUSH = "http://monitoring-loki.shop-prod-monitoring:3100/loki/api/v1/push"


def pipeline(**stores: dict[str, Any]) -> dict[str, Any]:
    specs = {name.replace("_", "-"): LogsSpec.model_validate(spec) for name, spec in stores.items()}
    return logs.values(specs)["config"]["pipeline"]


def test_what_the_guide_shows_is_accepted() -> None:
    guide = (ROOT / "docs" / "guides" / "cluster.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    assert pipeline(**yaml.safe_load(block)["slipway-cluster:logs"])["outputs"]


@pytest.mark.parametrize(
    ("file", "read"),
    [
        ("api-7f8d_shop-prod_app-0a1b.log", True),
        ("prometheus-0_shop-prod-monitoring_prometheus-0a1b.log", True),
        ("bot-1_shop-prod-x-bot_bot-0a1b.log", True),
        ("monitoring-loki-0_shop-prod-monitoring_loki-0a1b.log", False),
        ("api-7f8d_shop-production_app-0a1b.log", False),
        ("coredns-1_kube-system_coredns-0a1b.log", False),
        ("shop-prod_default_app-0a1b.log", False),
    ],
)
def test_only_files_of_the_stack_are_read(file: str, read: bool) -> None:  # a column of the table
    (source,) = pipeline(shop_prod={"push": PUSH})["inputs"]
    path = f"{logs.FILES}/{file}"
    matched = any(fnmatch.fnmatchcase(path, pattern) for pattern in source["path"].split(","))
    left_out = any(fnmatch.fnmatchcase(path, pattern) for pattern in source["exclude_path"].split(","))
    assert (matched and not left_out) == read
    if matched:
        assert re.search(source["tag_regex"].replace("(?<", "(?P<"), path.rpartition("/")[2]) is not None


@pytest.mark.parametrize(
    ("tag", "goes"),
    [
        ("kube.shop-prod.api-7f8d.app", True),
        ("kube.shop-prod-monitoring.prometheus-0.prometheus", True),
        ("kube.shop-prod-x-bot.bot-1.bot", True),
        ("kube.shop-production.api-7f8d.app", False),
        ("kube.shop-prod-2.api-7f8d.app", False),
    ],
)
def test_a_line_goes_to_the_store_of_its_own_stack(tag: str, goes: bool) -> None:  # a column of the table
    made = pipeline(shop_prod={"push": PUSH}, shop_staging={"push": PUSH})
    (ours, theirs) = made["outputs"]
    assert (re.search(ours["match_regex"], tag) is not None) == goes
    assert re.search(theirs["match_regex"], tag) is None
    assert len({source["db"] for source in made["inputs"]}) == 2


def test_lower_levels_and_matching_lines_are_dropped_after_they_were_shaped() -> None:
    made = pipeline(shop_prod={"push": PUSH, "least": "warn", "drop": ["GET /healthz"]})
    shape, *drops = made["filters"]
    assert shape["name"] == "lua"
    assert [each["exclude"] for each in drops] == ["level ^(debug|info)$", "line GET /healthz"]


@pytest.mark.parametrize(
    ("push", "port", "tls"),
    [(PUSH, 3100, False), ("https://logs.example.com/loki/api/v1/push", 443, True), ("http://logs/push", 80, False)],
)
def test_an_address_is_taken_apart(push: str, port: int, tls: bool) -> None:  # a column of the table
    (output,) = pipeline(shop_prod={"push": push})["outputs"]
    assert (output["port"], output["tls"]) == (port, tls)
    assert push.endswith(output["uri"])


def test_nothing_is_dropped_unless_asked_for() -> None:
    (shape,) = pipeline(shop_prod={"push": PUSH})["filters"]
    assert shape["call"] == "of_kubernetes"
    assert f"function {shape['call']}(" in lines.SCRIPT.read_text(encoding="utf-8")


def test_labels_are_few_and_everything_else_leaves_the_line() -> None:
    (output,) = pipeline(shop_prod={"push": PUSH})["outputs"]
    assert output["labels"] == "namespace=$namespace, instance_name=$instance_name, level=$level, class=$class"
    assert output["structured_metadata"] == "pod=$pod, container=$container, request_id=$request_id, trace_id=$trace_id"
    named = f"{output['labels']}, {output['structured_metadata']}".split(", ")
    assert output["remove_keys"].split(",") == [each.partition("=")[0] for each in named]


def test_the_collector_on_docker_gives_the_same_labels_but_for_the_cluster_s() -> None:
    (output,) = pipeline(shop_prod={"push": PUSH})["outputs"]
    (docker,) = yaml.safe_load(collector.files("shop-dev")["fluent-bit.yaml"])["pipeline"]["outputs"]
    assert f"namespace=$namespace, {docker['labels']}" == output["labels"]
    assert f"pod=$pod, container=$container, {docker['structured_metadata']}" == output["structured_metadata"]
    assert docker["drop_single_key"] == output["drop_single_key"] == "raw"


def test_the_chart_takes_the_script_for_no_template() -> None:
    assert "{{" not in lines.SCRIPT.read_text(encoding="utf-8")
