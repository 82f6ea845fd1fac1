"""What a cluster's stack file comes to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest

import cluster.plan
from cluster import config
from cluster.addons import merged
from cluster.plan import Plan, plan
from cluster.versions import ONE_AFTER_ANOTHER
from stack_file import StackFile
from tests.stacks.refusals.case import PROJECT, Case, as_the_engine_reads, stack_text


def planned(change: dict[str, Any]) -> Plan:
    text = stack_text(Case("any", change, (), "cluster"))
    return plan(config.parse(PROJECT, "prod", StackFile("Pulumi.prod.yaml", text, PROJECT), as_the_engine_reads(text)))


def test_the_table_is_in_an_order_that_works() -> None:
    seen: set[str] = set()
    for each in planned({}).installed:
        assert set(each.after) <= seen
        seen.add(each.name)


def test_an_adopted_operator_is_told_and_not_installed() -> None:
    adopted = {"version": "1.29", "namespace": "postgres", "labels": {"app": "cnpg"}}
    made = planned({"addons.cloudnative_pg": {"adopt": adopted}})
    assert "cloudnative_pg" not in {each.name for each in made.installed}
    assert "cloudnative-pg" not in made.definitions
    assert made.block["operators"]["cloudnative_pg"] == adopted


def test_an_adopted_gateway_gives_its_own_class() -> None:
    adopted = {"version": "1.8", "namespace": "edge", "gateway_class": "eg"}
    made = planned({"addons.envoy_gateway": {"adopt": adopted}})
    assert made.block["gateway"]["class"] == "eg"
    assert made.block["gateway"]["proxy_namespace"] == "edge"
    assert made.block["operators"]["envoy_gateway"] == {"version": "1.8", "namespace": "edge"}


def test_stacks_are_told_of_a_network_that_goes_by_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that has been told is held to it: its apps would be cut off."""
    assert planned({"cluster.cni": "cilium"}).block["cni"] == "cilium"
    assert "cni" not in planned({}).block
    told = "config: {shop:environment: {target: {kind: kubernetes, cluster: {cni: cilium}}}}"
    (tmp_path / "Pulumi.named.yaml").write_text(told, encoding="utf-8")
    monkeypatch.setattr(cluster.plan, "FOLDER", tmp_path)
    stacks = {"stacks": {"prod": {"file": "Pulumi.named.yaml"}}}
    assert planned({**stacks, "cluster.cni": "cilium"}).block["cni"] == "cilium"
    with pytest.raises(pulumi.RunError, match=r"stacks\.prod\.file: this stack lets apps out by the names of hosts"):
        planned(stacks)


def test_values_of_the_file_go_over_ours() -> None:
    made = planned({"addons.cloudnative_pg": {"values": {"replicaCount": 3}}})
    (operator,) = [each for each in made.installed if each.name == "cloudnative_pg"]
    ours = {"config": {"data": ONE_AFTER_ANOTHER}, "crds": {"create": False}}
    assert operator.values == {**ours, "replicaCount": 3}


@pytest.mark.parametrize(
    ("below", "above", "both"),
    [
        ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": [1]}, {"a": [2]}, {"a": [2]}),
        ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
        ({}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_values_merge_as_helm_merges_them(below: dict[str, Any], above: dict[str, Any], both: dict[str, Any]) -> None:
    assert merged(below, above) == both
