"""What a stack file can say about a RedisCache, and the pure facts that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from components.vocabulary import Cpu, DnsLabel, ImageRef, OnlyOn, Port, Problem, Size, Spec, size_bytes

Purpose = Literal["cache", "store"]

SMALLEST_MEMORY = "64Mi"

HEADROOM = {"cache": 75, "store": 60}
"""Percent of the memory that becomes maxmemory. The rest is for client and replication buffers, which maxmemory does
not count, and for the pages that a store copies while a child writes its file."""

MOST_MAXMEMORY_PERCENT = 90

BEHIND_ADDRESS_TRANSLATION = (
    "Sentinel hands out addresses that hold inside the servers' own network alone, and on one machine there is "
    "nothing to fail over to"
)

BUS_BEHIND_ADDRESS_TRANSLATION = (
    "sharded servers send a client on to each other's addresses, which hold inside their own network alone, and on one "
    "machine shards share what each should have for itself"
)

MODES = "must be a mapping whose `mode` is standalone, replicated or cluster"

FEWEST_SHARDS, MOST_SHARDS = 3, 16


class RedisKubernetesSpec(Spec):
    """Only for stacks on Kubernetes."""

    storage_class: DnsLabel | None = Field(default=None, examples=["fast-retain"])
    """Absent: the cluster's default class. Can't be changed once the volume exists."""
    priority_class: DnsLabel | None = Field(default=None, examples=["data"])
    """PriorityClass that the cluster layer made."""
    node_selector: Mapping[str, str] = Field(default={}, examples=["{pool: data}"])
    """Labels that a node must have."""


class RedisDockerSpec(Spec):
    """Only for stacks on Docker."""

    publish: Port | None = Field(default=None, examples=[6379])
    """Port of 127.0.0.1 that reaches the server, for a developer's own client."""


class RedisSpec(Spec):
    """What every mode has."""

    purpose: Purpose = Field(examples=["cache"])
    """`cache`: evicts what is used least and keeps nothing on disk. `store`: refuses writes when full, and keeps everything."""
    engine: Literal["valkey", "redis"] = "valkey"
    """Which server."""
    image: ImageRef | None = Field(default=None, examples=["docker.io/valkey/valkey@sha256:<64 hex digits>"])
    """Image of that engine. Absent: the one in components/versions.py."""
    memory: Size = Field(examples=["1Gi"])
    """Memory of each server."""
    maxmemory: Size | None = Field(default=None, examples=["700Mi"])
    """Memory for data. Absent: 75 % of `memory` for a cache, 60 % for a store."""
    cpu: Cpu = "250m"
    """Processor time of each server; commands run on one core."""
    max_clients: int = Field(default=1000, ge=50, le=20_000, examples=[1000])
    """Connections the server accepts; the proof adds up what all apps may open."""
    storage: Annotated[Size | None, OnlyOn("kubernetes", "a Docker volume has no size")] = Field(
        default=None, examples=["4Gi"]
    )
    """Data volume of each server, for stores alone. It can grow, never shrink."""
    deletion_protection: bool = True
    """Keeps volumes and credentials of the instance."""
    kubernetes: Annotated[RedisKubernetesSpec | None, OnlyOn("kubernetes", "the block is named after its target")] = (
        None
    )
    """What only Kubernetes can honour."""
    docker: Annotated[RedisDockerSpec | None, OnlyOn("docker", "the block is named after its target")] = None
    """What only Docker can honour."""

    @property
    def servers(self) -> int:
        """All servers of the instance."""
        return 1

    @property
    def maxmemory_bytes(self) -> int:
        """Memory for data."""
        if self.maxmemory is not None:
            return size_bytes(self.maxmemory)
        return size_bytes(self.memory) * HEADROOM[self.purpose] // 100

    def problems(self) -> Iterable[Problem]:
        memory = size_bytes(self.memory)
        if memory < size_bytes(SMALLEST_MEMORY):
            yield Problem(
                path=("memory",), rule=f"must be {SMALLEST_MEMORY} or more for a server to work", example="256Mi"
            )
        if self.maxmemory is not None and self.maxmemory_bytes * 100 > memory * MOST_MAXMEMORY_PERCENT:
            yield Problem(
                path=("maxmemory",),
                rule=f"must be {MOST_MAXMEMORY_PERCENT} % of memory or less: buffers of clients and replicas come on top of it, "
                "and a server over its limit is killed",
                example=f"{memory * HEADROOM[self.purpose] // 100 // 2**20}Mi",
            )
        if self.image is not None and "bitnami" in self.image:
            yield Problem(
                path=("image",),
                rule="is a Bitnami image: they are frozen since August 2025, and are laid out differently",
                example="docker.io/valkey/valkey@sha256:<64 hex digits>",
            )
        if self.purpose == "cache" and self.storage is not None:
            yield Problem(
                path=("storage",),
                rule="is for stores: a cache keeps nothing on disk; remove it, or say purpose: store",
            )
        elif self.storage is not None and size_bytes(self.storage) < 2 * memory:
            yield Problem(
                path=("storage",),
                rule="must be twice the memory or more: while the file is written anew the old one stays",
                example=f"{max(1, -(-3 * memory // 2**30))}Gi",
            )


class StandaloneSpec(RedisSpec):
    """One server."""

    mode: Literal["standalone"] = Field(examples=["standalone"])
    """One server; it is away while it restarts."""


class ReplicatedSpec(RedisSpec):
    """A primary with replicas, and Sentinels that name the primary."""

    mode: Annotated[
        Literal["replicated"], OnlyOn("kubernetes", BEHIND_ADDRESS_TRANSLATION, remedy="say mode: standalone")
    ] = Field(examples=["replicated"])
    """A primary with replicas; when it fails, Sentinels make a replica the primary."""
    replicas: int = Field(default=2, ge=1, le=5, examples=[2])
    """Servers beside the primary."""
    sentinels: Literal[3, 5] = 3
    """Sentinels; a majority of them must be there for a failover."""
    quorum: int | None = Field(default=None, ge=2, examples=[2])
    """Sentinels that must agree that the primary is away. Absent: a majority."""

    @property
    def servers(self) -> int:
        return 1 + self.replicas

    @property
    def majority(self) -> int:
        return self.sentinels // 2 + 1

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        if self.purpose == "store" and self.replicas < 2:  # the primary's successor needs one itself
            yield Problem(
                path=("replicas",),
                rule="must be 2 or more for a store: its primary takes writes only while a replica follows, and a failover uses one up",
                example="2",
            )
        if self.quorum is not None and self.quorum > self.sentinels:
            yield Problem(
                path=("quorum",),
                rule=f"can't be reached: there are {self.sentinels} sentinels",
                example=str(self.majority),
            )


class ClusterSpec(RedisSpec):
    """Shards that divide the keys among them: each a primary with replicas."""

    mode: Annotated[
        Literal["cluster"], OnlyOn("kubernetes", BUS_BEHIND_ADDRESS_TRANSLATION, remedy="say mode: standalone")
    ] = Field(examples=["cluster"])
    """Keys are divided among shards; in each, a replica is elected when the primary fails."""
    shards: int = Field(default=3, le=MOST_SHARDS, examples=[3])
    """Primaries among which the keys are divided. Can grow; see docs/guides/use-a-cache-or-a-store.md for what else that takes."""
    replicas: int = Field(default=1, le=5, examples=[1])
    """Servers beside the primary of each shard."""

    @property
    def servers(self) -> int:
        return self.shards * self.in_shard

    @property
    def in_shard(self) -> int:
        """Servers of one shard."""
        return 1 + self.replicas

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        if self.engine == "redis":
            yield Problem(
                path=("engine",),
                rule="must be valkey for a sharded instance: it hands a slot over with all its keys at once, and hands over before it stops",
                example="valkey",
            )
        if self.shards < FEWEST_SHARDS:
            yield Problem(
                path=("shards",),
                rule=f"must be {FEWEST_SHARDS} or more: a majority of the primaries elects the one that is missing, and of two none is left",
                example=str(FEWEST_SHARDS),
            )
        fewest = 2 if self.purpose == "store" else 1
        if self.replicas < fewest:
            yield Problem(
                path=("replicas",),
                rule="must be 2 or more for a store: a primary takes writes only while a replica follows, and a failover uses one up"
                if self.purpose == "store"
                else "must be 1 or more: a shard without a replica is gone with its server, and its part of the keys with it",
                example=str(fewest),
            )


def _form(value: Any) -> str | None:
    match value:
        case StandaloneSpec() | {"mode": "standalone"}:
            return "standalone"
        case ReplicatedSpec() | {"mode": "replicated"}:
            return "replicated"
        case ClusterSpec() | {"mode": "cluster"}:
            return "cluster"
        case _:
            return None


RedisCacheSpec = Annotated[
    Annotated[StandaloneSpec, Tag("standalone")]
    | Annotated[ReplicatedSpec, Tag("replicated")]
    | Annotated[ClusterSpec, Tag("cluster")],
    Discriminator(
        _form,
        custom_error_type="form",
        custom_error_message=MODES,
    ),
    Field(examples=["{mode: standalone, purpose: cache, memory: 256Mi}"]),
]
