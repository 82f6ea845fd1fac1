"""What follows from a RedisCache's name and spec alone: selectors, names it takes, hosts, footprint."""

from __future__ import annotations

from collections.abc import Iterable

from components.footprint import Footprint
from components.redis_cache.spec import MOST_SHARDS, ClusterSpec, RedisCacheSpec, ReplicatedSpec
from components.vocabulary import cpu_millis, size_bytes

COMPONENT = "redis-cache"
"""Value of app.kubernetes.io/name; part of the selectors, so it is for ever."""

LONGEST_NAME = 52 - len("-restore-check")
"""A CronJob puts a number of eleven characters behind its name. https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"""

PORT = 6379
BUS_PORT = 16379
"""Where servers of a sharded instance talk among themselves."""
SENTINEL_PORT = 26379
EXPORTER_PORT = 9121
PROXY_STATUS_PORT = 8404

SENTINEL_SUFFIX = "-sentinel"
PROXY_SUFFIX = "-proxy"
BATCH_SUFFIX = "-batch"
KEEPER_SUFFIX = "-keeper"
EXPORTER_SUFFIX = "-exporter"

SHARD_LABEL = "slipway.dev/shard"
"""Number of a pod's shard; part of selectors, so it is for ever."""

OWN_SUFFIXES = (
    "",
    "-servers",
    SENTINEL_SUFFIX,
    "-sentinels",
    PROXY_SUFFIX,
    BATCH_SUFFIX,
    "-restore-check",
    KEEPER_SUFFIX,
    *(EXPORTER_SUFFIX + word for word in ("", "-files", "-secrets")),
    *(f"{word}{shard}" for shard in range(MOST_SHARDS) for word in ("-shard-", "-check-")),
    "-ca",
    "-selfsigned",
    "-tls",
    "-data",
    "-files",
    "-secrets",
    "-config",
    "-egress",
)
"""What we put behind the name ourselves, on either target."""

RESERVED = frozenset({"default", "exporter", "health", "keeper", "proxy", "replication", "sentinel"})
"""Users that a server has anyway; no app may be called like one."""

RESERVED_CLIENTS = 30
"""Kept free of apps: replicas, two connections of each Sentinel, checks of the proxies, the exporter, a person."""

EXPORTER_CPU, EXPORTER_MEMORY = "10m", "32Mi"
SENTINEL_CPU, SENTINEL_MEMORY, SENTINEL_STORAGE = "20m", "48Mi", "1Gi"
KEEPER_CPU, KEEPER_MEMORY = "20m", "64Mi"
SHARD_STORAGE = "1Gi"
"""Volume of a sharded cache's server: who it is in the cluster, no keys."""
PROXIES, PROXY_CPU, PROXY_MEMORY = 2, "50m", "96Mi"


def selector(name: str, role: str = "server") -> dict[str, str]:
    """Labels that select the pods of one role; immutable in their controllers, so they are for ever."""
    return {
        "app.kubernetes.io/name": COMPONENT,
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/component": role,
    }


def claims(name: str, apps: Iterable[str]) -> list[str]:
    """Names that nothing else may take; a name that stands here twice is taken twice by this instance."""
    return [f"{name}{suffix}" for suffix in (*OWN_SUFFIXES, *(f"-{app}" for app in apps))]


def server_hosts(name: str, servers: int, zone: str) -> list[str]:
    """Each server's own host name; `zone` is the namespace's part of the cluster's domain."""
    return [f"{name}-{index}.{name}-servers.{zone}" for index in range(servers)]


def shard(name: str, number: int) -> str:
    """What the controller of one shard is called."""
    return f"{name}-shard-{number}"


def shard_selector(name: str, number: int) -> dict[str, str]:
    """Labels that select the pods of one shard."""
    return {**selector(name), SHARD_LABEL: str(number)}


def shard_hosts(name: str, spec: ClusterSpec, zone: str) -> list[list[str]]:
    """Host names of each shard's servers; the first of a shard is at home as its primary."""
    return [
        [f"{shard(name, number)}-{index}.{name}-servers.{zone}" for index in range(spec.in_shard)]
        for number in range(spec.shards)
    ]


def volume(spec: RedisCacheSpec) -> str | None:
    """Size of each server's volume."""
    return SHARD_STORAGE if isinstance(spec, ClusterSpec) and spec.storage is None else spec.storage


def scratch_mebibytes(spec: RedisCacheSpec) -> int:
    """Room for files that no volume keeps. All keys of a cache's replica on Redis pass through one: see configuration.py."""
    keys = isinstance(spec, ReplicatedSpec) and spec.purpose == "cache" and spec.engine == "redis"
    return 16 + (-(-spec.maxmemory_bytes // 2**20) if keys else 0)


def sentinel_hosts(name: str, sentinels: int, zone: str) -> list[str]:
    """Each Sentinel's own host name."""
    return [f"{name}{SENTINEL_SUFFIX}-{index}.{name}-sentinels.{zone}" for index in range(sentinels)]


def peak(spec: RedisCacheSpec, *, proxied: bool) -> Footprint:
    """The most the instance can ask of its namespace: servers with their exporters, what leads to them and its surge, checks."""
    servers = spec.servers
    total = _pods(servers, spec.cpu, spec.memory, volume(spec)) + Footprint(
        cpu=servers * cpu_millis(EXPORTER_CPU), memory=servers * size_bytes(EXPORTER_MEMORY)
    )
    if spec.purpose == "store":
        total += _pods(spec.shards if isinstance(spec, ClusterSpec) else 1, spec.cpu, spec.memory, None)
    match spec:
        case ReplicatedSpec():
            total += _pods(spec.sentinels, SENTINEL_CPU, SENTINEL_MEMORY, SENTINEL_STORAGE)
            if proxied:
                total += _pods(PROXIES + 1, PROXY_CPU, PROXY_MEMORY, None)
        case ClusterSpec():
            total += _pods(1, KEEPER_CPU, KEEPER_MEMORY, None)
        case _:
            pass
    return total


def _pods(count: int, cpu: str, memory: str, storage: str | None) -> Footprint:
    return Footprint(
        cpu=count * cpu_millis(cpu),
        memory=count * size_bytes(memory),
        pods=count,
        storage=0 if storage is None else count * size_bytes(storage),
        volume_claims=0 if storage is None else count,
    )
