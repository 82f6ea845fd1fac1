"""Scaling by a queue and advice about sizes, where the cluster has the operators for them."""

from __future__ import annotations

import copy
from typing import Any

import config
import topology
from components.connections import Pods
from stack_file import StackFile
from tests.kit.recording import Recording
from tests.stacks.shipped import PROJECT, recorded, run, values

OPERATORS = {
    "keda": {"version": "2.20", "namespace": "keda"},
    "vertical_pod_autoscaler": {"version": "1.7", "namespace": "kube-system"},
}
QUEUE = {"postgres": "main", "query": "SELECT count(*) FROM mails WHERE sent_at IS NULL", "each": 50}


def given() -> dict[str, Any]:
    changed = copy.deepcopy(values("prod"))
    changed[f"{PROJECT}:environment"]["target"]["cluster"]["operators"] |= OPERATORS
    changed[f"{PROJECT}:app_services"]["api"]["autoscaling"] = {"min": 0, "max": 5, "queue": QUEUE}
    return changed


def stack() -> Recording:
    return run("prod", given())


def test_keda_alone_scales_an_app_with_a_queue() -> None:
    recording = stack()
    scaled = recording.one("ScaledObject", "api-autoscaler").inputs["spec"]
    assert [r.name for r in recording.of_type("HorizontalPodAutoscaler")] == []
    assert "replicas" not in recording.one("Deployment", "api-deployment").inputs["spec"]
    assert (scaled["minReplicaCount"], scaled["maxReplicaCount"]) == (0, 5)
    assert [t["type"] for t in scaled["triggers"]] == ["cpu", "postgresql"]
    assert scaled["triggers"][0]["metadata"]["containerName"] == "app"


def test_keda_logs_in_as_the_app_and_the_password_stays_in_its_secret() -> None:
    recording = stack()
    trigger = recording.one("ScaledObject", "api-autoscaler").inputs["spec"]["triggers"][1]
    login = recording.one("TriggerAuthentication", "api-queue-login").inputs
    assert trigger["metadata"]["userName"] == "api"
    assert trigger["authenticationRef"]["name"] == login["metadata"]["name"]
    assert login["spec"]["secretTargetRef"] == [{"parameter": "password", "name": "main-api", "key": "password"}]


def test_the_database_lets_keda_in() -> None:
    plan = topology.plan(config.parse(PROJECT, "prod", StackFile("Pulumi.prod.yaml", "", PROJECT), given()))
    callers = [e.consumer for e in plan.inbound("main") if isinstance(e.consumer, Pods)]
    assert any(c.namespace == "keda" for c in callers)


def test_advice_changes_nothing_by_itself_and_is_given_for_every_app() -> None:
    recording = stack()
    advice = recording.of_type("VerticalPodAutoscaler")
    apps = {"api", "bitcoind", "electrs"}
    assert {a.inputs["spec"]["targetRef"]["name"] for a in advice} == apps
    assert {a.inputs["spec"]["targetRef"]["kind"] for a in advice} == {"Deployment", "StatefulSet"}
    assert {a.inputs["spec"]["updatePolicy"]["updateMode"] for a in advice} == {"Off"}


def test_without_the_operators_there_is_neither() -> None:
    kinds = {r.type.rpartition(":")[2] for r in recorded("prod").resources}
    assert not kinds & {"ScaledObject", "TriggerAuthentication", "VerticalPodAutoscaler"}
