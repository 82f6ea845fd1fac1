"""Who reaches the servers of a sharded instance, by the rendered policies, and above all its bus, which has no users."""

from __future__ import annotations

from components.app_service import facts as app_facts
from components.redis_cache import facts
from tests.consumers.redis.stack import sharded
from tests.stacks.reachability import Actor, Path, permitted

NAMESPACE = "blocksight-prod"
ACTORS = [
    Actor(name="shard", namespace=NAMESPACE, labels=facts.shard_selector("cache", 0)),
    Actor(name="another shard", namespace=NAMESPACE, labels=facts.shard_selector("cache", 2)),
    Actor(name="keeper", namespace=NAMESPACE, labels=facts.selector("cache", "keeper")),
    Actor(name="another instance", namespace=NAMESPACE, labels=facts.shard_selector("sessions", 0)),
    Actor(name="worker", namespace=NAMESPACE, labels=app_facts.selector("worker")),
    Actor(name="bitcoind", namespace=NAMESPACE, labels=app_facts.selector("bitcoind")),
]
INSIDE = {
    ("shard", "another shard"),
    ("another shard", "shard"),
    ("shard", "shard"),
    ("another shard", "another shard"),
}


def reached(port: int) -> set[tuple[str, str]]:
    policies = [each.inputs for each in sharded().of_type("NetworkPolicy")]
    paths: set[Path] = permitted(policies, ACTORS, [(port, "TCP")])
    return {(path.source, path.destination) for path in paths if "shard" in path.destination}


def test_only_servers_of_the_instance_reach_the_bus() -> None:
    assert reached(facts.BUS_PORT) == INSIDE


def test_servers_the_keeper_and_who_declared_it_reach_the_servers() -> None:
    callers = {(who, shard) for who in ("keeper", "worker") for shard in ("shard", "another shard")}
    assert reached(facts.PORT) == INSIDE | callers
