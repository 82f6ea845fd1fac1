"""The ground speaks for what nobody else speaks for, in the stack's own namespaces."""

from __future__ import annotations

import re

import pytest

import observed
from components.environment.signals import Elsewhere, signals
from components.telemetry import TargetKind, Telemetry
from tests.stacks.kitchen_sink import STACKS, topology_of


def ground(target: TargetKind) -> Telemetry:
    (told,) = [
        one
        for one in topology_of(target).telemetry
        if one.dashboard is not None and one.dashboard.instance == "environment"
    ]
    return told


def source(target: TargetKind, name: str) -> str:
    (found,) = [signal.sources[target] for signal in ground(target).signals if signal.name == name]
    return found


def matcher(text: str, label: str, sign: str) -> re.Pattern[str]:
    found = re.search(rf'\b{label}{re.escape(sign)}"([^"]*)"', text)
    assert found is not None
    return re.compile(found[1])


def test_only_the_stacks_own_namespaces_are_looked_at() -> None:
    spaces = matcher(source("kubernetes", "pod_waiting"), "namespace", "=~")
    for ours in ("sink-kubernetes", "sink-kubernetes-monitoring", "sink-kubernetes-x-runner"):
        assert spaces.fullmatch(ours), ours
    for other in ("sink", "sink-kubernetes2", "kube-system", "other-sink-kubernetes"):
        assert not spaces.fullmatch(other), other


@pytest.mark.parametrize(
    ("signal", "label", "ours", "others"),
    [
        ("pod_crash_looping", "container", ["postgres", "server"], ["app"]),
        ("workload_replicas_missing", "deployment", ["web", "main-pooler"], ["shop", "plain"]),
        ("workload_replicas_missing", "statefulset", ["sessions"], ["store"]),
        (
            "volume_used_ratio",
            "persistentvolumeclaim",
            ["sessions-0", "data-sessions-0"],
            ["data-store-0", "main-1", "main-1-wal"],
        ),
        ("job_failed", "job_name", ["sessions-restore-check-29"], ["shop-migrations-1a2b", "shop-sweep-29"]),
    ],
)
def test_what_components_tell_of_themselves_is_left_to_them(
    signal: str, label: str, ours: list[str], others: list[str]
) -> None:
    left_out = matcher(source("kubernetes", signal), label, "!~")
    assert not [name for name in ours if left_out.fullmatch(name)]
    assert not [name for name in others if not left_out.fullmatch(name)]


def test_on_docker_containers_of_apps_are_left_to_them() -> None:
    left_out = matcher(source("docker", "container_restarts_per_hour"), "name", "!~")
    assert left_out.fullmatch("sink-docker-shop")
    assert not left_out.fullmatch("sink-docker-cache")


def test_a_stack_without_anything_leaves_nothing_out() -> None:
    for signal in signals("shop", Elsewhere()):
        for text in signal.sources.values():
            assert '!~""' not in text, signal.name


@pytest.mark.parametrize("target", STACKS)
def test_alerts_ask_what_the_target_knows(target: TargetKind) -> None:
    told = ground(target)
    names = {alert.name for alert in told.alerts}
    assert ("NodeDown" in names) is (target == "kubernetes")
    assert ("ContainerRestarting" in names) is (target == "docker")
    assert {"NodeDiskFull", "PodOutOfMemory", "EnvironmentUnseen"} <= names


def test_what_a_lost_node_explains_says_on_which_node_it_is() -> None:
    for signal in ("pod_crash_looping", "pod_waiting", "pod_memory_kills"):
        assert "group_left (node)" in source("kubernetes", signal)


def test_agents_that_tell_of_other_objects_keep_their_labels() -> None:
    scrapes = {scrape.job: scrape for scrape in ground("kubernetes").scrapes}
    assert scrapes["kube-state-metrics"].own_labels
    assert not scrapes["node-exporter"].own_labels
    assert ground("docker").scrapes == ()


def test_without_monitoring_nobody_tells_anything() -> None:
    plan = topology_of("docker")
    silent = plan.stack.model_copy(update={"monitoring": None})
    assert list(observed.telemetry(silent, "sink-docker")) == []
