"""Who may do what on the servers and on the Sentinels: ACL files. https://valkey.io/topics/acl/

Owns: users and their rules. `default` is off everywhere; every password stands as its SHA-256 alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from components.connections import RedisConsumer
from components.redis_cache.spec import ClusterSpec, RedisCacheSpec, ReplicatedSpec

HEALTH = "-@all +ping +info +role"
"""Probes, on servers and Sentinels."""

EXPORTER = "-@all +ping +info +select +client|setname +slowlog|len +slowlog|get +latency|latest +latency|histogram"
"""Reads series, never keys. https://github.com/oliver006/redis_exporter"""

REPLICATION = "-@all +psync +replconf +ping"

REPLICATION_ON_REDIS = REPLICATION + " +client|pause"
"""A primary that hands over holds writes back itself: scripts/step-down.sh."""

HEALTH_IN_CLUSTER = HEALTH + " +cluster|nodes"
EXPORTER_IN_CLUSTER = EXPORTER + " +cluster|info"

REPLICATION_IN_CLUSTER = REPLICATION + " +cluster|failover +cluster|syncslots"
"""A server that stops asks a replica to take over; one that hands slots over sends them as this user."""

KEEPER = (
    "-@all +ping +info +dbsize +cluster|nodes +cluster|info +cluster|meet +cluster|addslotsrange +cluster|replicate "
    "+cluster|forget +cluster|failover +cluster|migrateslots +cluster|getslotmigrations"
)
"""Reads and writes no key."""

_APP_IN_CLUSTER = " +cluster|slots +cluster|shards +cluster|nodes +cluster|info +cluster|keyslot +cluster|myid +readonly +readwrite +asking"
"""Where a key is, and nothing that changes it."""

SENTINEL_ON_SERVERS = (
    "-@all allchannels +multi +exec +slaveof +replicaof +ping +info +role +subscribe +publish +failover "
    "+config|rewrite +client|setname +client|kill +client|pause +script|kill"
)
"""https://valkey.io/topics/sentinel/#access-control-list-authentication"""

PROXY = "-@all +ping +info"

SENTINEL_ON_SENTINELS = "-@all allchannels +ping +publish +client|setname +sentinel"

SERVER_ON_SENTINELS = (
    "-@all +ping +sentinel|get-master-addr-by-name +sentinel|master +sentinel|replicas +sentinel|failover"
)
"""A server that starts asks for its role; one that stops hands its role over."""

_APP_ON_SENTINELS = (
    "-@all +@connection -@admin -@dangerous resetchannels &+* &-* +subscribe +psubscribe +unsubscribe +punsubscribe +role "
    "+sentinel|get-master-addr-by-name +sentinel|master +sentinel|masters +sentinel|replicas +sentinel|slaves +sentinel|sentinels"
)

_VALKEY_ONLY = " +sentinel|get-primary-addr-by-name +sentinel|primary +sentinel|primaries"

_READ = (
    "-@all +@read +@connection +@transaction +subscribe +psubscribe +ssubscribe +unsubscribe +punsubscribe +sunsubscribe "
    "+eval_ro +evalsha_ro +script|exists"
)
_WRITE = " +@write +publish +spublish +eval +evalsha +script|load"
_NEVER = " -@admin -@dangerous -function +info"
"""INFO shows the server, no data; client libraries ask it for the version before anything else."""

_BEYOND_ANY_SCOPE = " -scan -randomkey -dbsize"
"""They answer about all keys, whatever the scope."""


def rules(consumer: RedisConsumer, *, sharded: bool = False) -> str:
    """What one app may do on the servers."""
    commands = _READ + (_WRITE if consumer.access == "read-write" else "") + _NEVER
    if consumer.keys != "*":
        commands += _BEYOND_ANY_SCOPE
    if sharded:
        commands += _APP_IN_CLUSTER
    keys = f"~{consumer.keys}" if consumer.access == "read-write" else f"%R~{consumer.keys}"
    return f"resetkeys {keys} resetchannels &{consumer.keys} {commands}"


def on_servers(spec: RedisCacheSpec, consumers: Sequence[RedisConsumer]) -> dict[str, str]:
    """Rules by user."""
    apps = {consumer.app: rules(consumer, sharded=isinstance(spec, ClusterSpec)) for consumer in consumers}
    match spec:
        case ReplicatedSpec():
            replication = REPLICATION if spec.engine == "valkey" else REPLICATION_ON_REDIS
            own = {"proxy": PROXY, "replication": replication, "sentinel": SENTINEL_ON_SERVERS}
            return {"exporter": EXPORTER, "health": HEALTH, **own, **apps}
        case ClusterSpec():
            own = {"keeper": KEEPER, "replication": REPLICATION_IN_CLUSTER}
            return {"exporter": EXPORTER_IN_CLUSTER, "health": HEALTH_IN_CLUSTER, **own, **apps}
        case _:
            return {"exporter": EXPORTER, "health": HEALTH, **apps}


def on_sentinels(spec: ReplicatedSpec, consumers: Sequence[RedisConsumer]) -> dict[str, str]:
    """Rules by user; an app has the same name and password here as on the servers."""
    app = _APP_ON_SENTINELS + (_VALKEY_ONLY if spec.engine == "valkey" else "")
    own = {"health": HEALTH, "replication": SERVER_ON_SENTINELS, "sentinel": SENTINEL_ON_SENTINELS}
    return own | {consumer.app: app for consumer in consumers if not consumer.proxied}


def acl_file(users: Mapping[str, str], passwords: Mapping[str, str]) -> str:
    """The file that a server or a Sentinel loads."""
    lines = [
        f"user {user} on #{hashlib.sha256(passwords[user].encode()).hexdigest()} {rules}"
        for user, rules in sorted(users.items())
    ]
    return "\n".join(["user default off resetpass resetkeys resetchannels -@all", *lines]) + "\n"
