"""Scaling by a queue and advice about sizes, where the cluster has the operators for them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import config
import topology
from components.connections import Instance, Pods
from stack_file import StackFile
from tests.kit.recording import Recording
from tests.stacks.shipped import PROJECT, recorded, run, values

OPERATORS = {
    "keda": {"version": "2.21", "namespace": "keda"},
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


DOMAIN = "blocksight-prod.svc.cluster.local"


def by(queue: dict[str, Any]) -> dict[str, Any]:
    changed = given()
    changed[f"{PROJECT}:app_services"]["api"]["autoscaling"]["queue"] = queue
    return changed


def test_keda_finds_the_database_from_another_namespace() -> None:
    trigger = stack().one("ScaledObject", "api-autoscaler").inputs["spec"]["triggers"][1]
    assert trigger["metadata"]["host"] == f"main-rw.{DOMAIN}"


def test_a_list_behind_proxies_is_counted_over_tls_as_the_app() -> None:
    recording = run("prod", by({"redis": "sessions", "key": "session:mails", "each": 20}))
    trigger = recording.one("ScaledObject", "api-autoscaler").inputs["spec"]["triggers"][1]
    assert trigger["type"] == "redis"
    assert trigger["metadata"] == {
        "address": f"sessions-proxy.{DOMAIN}:6379",
        "username": "api",
        "listName": "session:mails",
        "listLength": "20",
        "enableTLS": "true",
    }
    login = recording.one("TriggerAuthentication", "api-queue-login").inputs
    assert login["spec"]["secretTargetRef"] == [
        {"parameter": "password", "name": "sessions-api", "key": "password"},
        {"parameter": "ca", "name": "sessions-tls", "key": "ca.crt"},
    ]


def test_a_list_behind_sentinels_is_found_by_asking_them() -> None:
    recording = run("prod", by({"redis": "cache", "key": "cache:mails", "each": 20}))
    trigger = recording.one("ScaledObject", "api-autoscaler").inputs["spec"]["triggers"][1]
    assert trigger["type"] == "redis-sentinel"
    assert trigger["metadata"]["addresses"].split(",")[0] == f"cache-sentinel-0.cache-sentinels.{DOMAIN}:26379"
    assert (trigger["metadata"]["sentinelMaster"], trigger["metadata"]["sentinelUsername"]) == ("cache", "api")
    login = recording.one("TriggerAuthentication", "api-queue-login").inputs
    assert [each["parameter"] for each in login["spec"]["secretTargetRef"]] == ["password", "ca", "sentinelPassword"]


@pytest.mark.parametrize(
    ("name", "key", "doors"),
    [
        ("sessions", "session:mails", {"sessions-proxy": 6379}),
        ("cache", "cache:mails", {"cache": 6379, "cache-sentinel": 26379}),
    ],
)
def test_keda_is_let_in_where_the_app_is(name: str, key: str, doors: dict[str, int]) -> None:
    queue = {"redis": name, "key": key, "each": 20}
    plan = topology.plan(config.parse(PROJECT, "prod", StackFile("Pulumi.prod.yaml", "", PROJECT), by(queue)))
    from_keda = [e for e in plan.edges if isinstance(e.consumer, Pods) and e.consumer.namespace == "keda"]
    assert {e.producer.name: e.port for e in from_keda if isinstance(e.producer, Instance)} == doors
    assert {e.consumer.labels["app"] for e in from_keda if isinstance(e.consumer, Pods)} == {"keda-operator"}


def test_a_sharded_instance_is_asked_as_a_cluster() -> None:
    changed = by({"redis": "cache", "key": "cache:mails", "each": 20})
    changed[f"{PROJECT}:redis_caches"]["cache"] = {"mode": "cluster", "purpose": "cache", "memory": "512Mi"}
    for connection in changed[f"{PROJECT}:app_services"]["api"]["connects_to"]:
        if connection.get("redis") == "cache":
            connection["multi_key"] = False
    recording = run("prod", changed)
    trigger = recording.one("ScaledObject", "api-autoscaler").inputs["spec"]["triggers"][1]
    assert trigger["type"] == "redis-cluster"
    assert "sentinelMaster" not in trigger["metadata"]
    assert len(trigger["metadata"]["addresses"].split(",")) >= 3


def test_the_database_lets_keda_in() -> None:
    plan = topology.plan(config.parse(PROJECT, "prod", StackFile("Pulumi.prod.yaml", "", PROJECT), given()))
    callers = [e.consumer for e in plan.inbound("main") if isinstance(e.consumer, Pods)]
    assert any(c.namespace == "keda" for c in callers)


def test_advice_changes_nothing_by_itself_and_is_given_for_every_app() -> None:
    recording = stack()
    advice = recording.of_type("VerticalPodAutoscaler")
    apps = given()[f"{PROJECT}:app_services"].keys()
    assert {a.inputs["spec"]["targetRef"]["name"] for a in advice} == apps
    assert {a.inputs["spec"]["targetRef"]["kind"] for a in advice} == {"Deployment", "StatefulSet"}
    assert {a.inputs["spec"]["updatePolicy"]["updateMode"] for a in advice} == {"Off"}


def test_without_the_operators_there_is_neither() -> None:
    kinds = {r.type.rpartition(":")[2] for r in recorded("prod").resources}
    assert not kinds & {"ScaledObject", "TriggerAuthentication", "VerticalPodAutoscaler"}
