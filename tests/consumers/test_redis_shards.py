"""A sharded store on an API server with its controllers: everything is taken, and pods are where a loss takes little."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest

from components.redis_cache.facts import SHARD_LABEL
from tests.consumers.cluster import Cluster
from tests.consumers.redis.stack import sharded
from tests.kit import stand_ins
from tests.kit.recorded import plain

NAMESPACE = "blocksight-prod"
RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/warn": "restricted",
}
NAME = "sessions"
SHARDS, SERVERS = 3, 3


def objects() -> list[dict[str, Any]]:
    """What the component makes, named as the program was told."""
    found: list[dict[str, Any]] = []
    for resource in sharded().resources:
        if resource.type.startswith("kubernetes:") and resource.name.startswith(f"{NAME}-"):
            given = plain(resource.inputs)
            named = stand_ins.outputs(resource.type, resource.name, resource.inputs)["metadata"]["name"]
            given["metadata"].setdefault("name", named)
            found.append(given)
    return found


@pytest.fixture(scope="module")
def applied(cluster: Cluster) -> Generator[Cluster]:
    given = objects()
    cluster.define_for(given)
    cluster.make_room(NAMESPACE)
    with cluster.namespace(NAMESPACE, RESTRICTED):
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": given})
        done = cluster.try_kubectl("apply", "--server-side", "--validate=strict", "-f", "-", stdin=text)
        assert done.returncode == 0, done.stderr
        assert "violate" not in done.stderr
        for number in range(SHARDS):
            cluster.rolled_out("statefulset", f"{NAME}-shard-{number}", NAMESPACE)
        cluster.rolled_out("deployment", f"{NAME}-keeper", NAMESPACE)
        yield cluster


def _pods(cluster: Cluster, selector: str) -> list[dict[str, Any]]:
    return cluster.all("pod", NAMESPACE, selector)


def test_a_node_or_a_zone_takes_one_server_of_a_shard(applied: Cluster) -> None:
    zones = _zones(applied)
    for number in range(SHARDS):
        nodes = [pod["spec"]["nodeName"] for pod in _pods(applied, f"{SHARD_LABEL}={number}")]
        assert len(set(nodes)) == SERVERS
        assert len({zones[node] for node in nodes}) == SERVERS


def test_no_zone_and_no_node_has_a_majority_of_the_first_servers(applied: Cluster) -> None:
    zones = _zones(applied)
    first = [
        pod["spec"]["nodeName"]
        for pod in _pods(applied, f"app.kubernetes.io/instance={NAME},apps.kubernetes.io/pod-index=0")
    ]
    assert len(first) == SHARDS
    assert max(Counter(first).values()) <= SHARDS // 2
    assert max(Counter(zones[node] for node in first).values()) <= SHARDS // 2


def _zones(cluster: Cluster) -> dict[str, str]:
    return {
        node["metadata"]["name"]: node["metadata"]["labels"]["topology.kubernetes.io/zone"]
        for node in cluster.all("node", "default")
    }


def test_a_drain_gets_one_server_of_each_shard(applied: Cluster) -> None:
    for number in range(SHARDS):
        budget = applied.get("poddisruptionbudget", f"{NAME}-shard-{number}", NAMESPACE)
        assert budget["spec"]["maxUnavailable"] == 1
        assert budget["status"]["expectedPods"] == SERVERS


def test_claims_are_adopted(applied: Cluster) -> None:
    claims = {each["metadata"]["name"] for each in applied.all("persistentvolumeclaim", NAMESPACE)}
    assert claims == {f"data-{NAME}-shard-{shard}-{server}" for shard in range(SHARDS) for server in range(SERVERS)}


def test_every_server_has_a_name_in_the_headless_service(applied: Cluster) -> None:
    slices = applied.all("endpointslice", NAMESPACE, f"kubernetes.io/service-name={NAME}-servers")
    assert len([e for each in slices for e in each["endpoints"] or []]) == SHARDS * SERVERS
