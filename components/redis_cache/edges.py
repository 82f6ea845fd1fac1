"""Who talks to whom around a RedisCache, and which of Docker's networks it stands on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from components.connections import Edge, Instance, RedisConsumer
from components.environment.networks import NetworkPlan
from components.redis_cache.facts import (
    BATCH_SUFFIX,
    BUS_PORT,
    KEEPER_SUFFIX,
    PORT,
    PROXY_SUFFIX,
    SENTINEL_PORT,
    SENTINEL_SUFFIX,
    selector,
)
from components.redis_cache.spec import ClusterSpec, RedisCacheSpec, ReplicatedSpec


def servers(name: str) -> Instance:
    return Instance(name=name, labels=selector(name))


def sentinels(name: str) -> Instance:
    return Instance(name=f"{name}{SENTINEL_SUFFIX}", labels=selector(name, "sentinel"))


def proxies(name: str) -> Instance:
    return Instance(name=f"{name}{PROXY_SUFFIX}", labels=selector(name, "proxy"))


def keeper(name: str) -> Instance:
    return Instance(name=f"{name}{KEEPER_SUFFIX}", labels=selector(name, "keeper"))


def roles(name: str) -> tuple[str, ...]:
    """What servers, Sentinels, proxies, the keeper and the check are called."""
    return tuple(f"{name}{suffix}" for suffix in ("", SENTINEL_SUFFIX, PROXY_SUFFIX, KEEPER_SUFFIX, BATCH_SUFFIX))


def doors(name: str, spec: RedisCacheSpec, *, proxied: bool) -> Iterator[tuple[Instance, int]]:
    """Where an app knocks."""
    if proxied:
        yield proxies(name), PORT
        return
    yield servers(name), PORT
    if isinstance(spec, ReplicatedSpec):
        yield sentinels(name), SENTINEL_PORT


def within(name: str, spec: RedisCacheSpec, consumers: Sequence[RedisConsumer]) -> Iterator[Edge]:
    """What an instance on Kubernetes needs for itself."""
    if spec.purpose == "store":
        check = Instance(name=f"{name}{BATCH_SUFFIX}", labels=selector(name, "batch"))
        yield Edge(consumer=check, producer=servers(name), port=PORT, why="a check counts the keys")
    own = servers(name)
    if isinstance(spec, ClusterSpec):
        yield Edge(
            consumer=own, producer=own, port=PORT, why="replicas follow their primary, and shards hand slots over"
        )
        yield Edge(consumer=own, producer=own, port=BUS_PORT, why="servers tell each other who owns what, and elect")
        yield Edge(consumer=keeper(name), producer=own, port=PORT, why="the keeper makes one cluster of the servers")
    if not isinstance(spec, ReplicatedSpec):
        return
    guards = sentinels(name)
    yield Edge(consumer=own, producer=own, port=PORT, why="replicas follow the primary")
    yield Edge(consumer=own, producer=guards, port=SENTINEL_PORT, why="a server asks for its role, or hands it over")
    yield Edge(consumer=guards, producer=own, port=PORT, why="Sentinels watch the servers")
    yield Edge(consumer=guards, producer=guards, port=SENTINEL_PORT, why="Sentinels agree among themselves")
    if any(consumer.proxied for consumer in consumers):
        yield Edge(consumer=proxies(name), producer=own, port=PORT, why="proxies follow the primary")


def networks(name: str, apps: Iterable[str], *, protect: bool, published: bool) -> dict[str, NetworkPlan]:
    """Docker: the instance's own network with its consumers, and a way to this machine's ports."""
    found = {name: NetworkPlan(name=name, internal=True, protect=protect, members=frozenset({name, *apps}))}
    if published:
        egress = f"{name}-egress"
        found[egress] = NetworkPlan(name=egress, internal=False, protect=protect, members=frozenset({name}))
    return found
