"""Caches and stores: what contradicts itself, what an app mixes up, and what a target does not have."""

from __future__ import annotations

from typing import Any

from tests.stacks.refusals.case import API, APP, CLUSTER, Case

CERT_MANAGER = {f"{CLUSTER}.operators.cert_manager": {"version": "1.21", "namespace": "cert-manager"}}
CACHE: dict[str, Any] = {"mode": "standalone", "purpose": "cache", "memory": "256Mi"}
STORE: dict[str, Any] = {"mode": "replicated", "purpose": "store", "memory": "256Mi", "storage": "1Gi"}
SHARDED: dict[str, Any] = {"mode": "cluster", "purpose": "cache", "memory": "256Mi"}
JOBS: dict[str, Any] = {**APP, "connects_to": [{"redis": "cache"}]}


def _case(title: str, instance: dict[str, Any], line: str, **others: Any) -> Case:
    return Case(title, {**CERT_MANAGER, "redis_caches.cache": instance, **others}, (line,))


CASES: tuple[Case, ...] = (
    _case(
        "A mode that there is not",
        {"mode": "sharded", "purpose": "cache", "memory": "1Gi"},
        "redis_caches.cache: must be a mapping whose `mode` is standalone, replicated or cluster; e.g. {mode: standalone, purpose: cache, memory: 256Mi}",
    ),
    _case(
        "Two shards",
        {**SHARDED, "shards": 2},
        "redis_caches.cache.shards: must be 3 or more: a majority of the primaries elects the one that is missing, and of two none is left; e.g. 3",
    ),
    _case(
        "More shards than a keeper keeps",
        {**SHARDED, "shards": 17},
        "redis_caches.cache.shards: must be 16 or less; e.g. 3",
    ),
    _case(
        "Shards without replicas",
        {**SHARDED, "replicas": 0},
        "redis_caches.cache.replicas: must be 1 or more: a shard without a replica is gone with its server, and its part of the keys with it; e.g. 1",
    ),
    _case(
        "A sharded store with one replica in each shard",
        {**SHARDED, "purpose": "store", "storage": "1Gi"},
        "redis_caches.cache.replicas: must be 2 or more for a store: a primary takes writes only while a replica follows, and a failover uses one up; e.g. 2",
    ),
    _case(
        "Shards of Redis",
        {**SHARDED, "engine": "redis"},
        "redis_caches.cache.engine: must be valkey for a sharded instance: it hands a slot over with all its keys at once, and hands over before it stops; e.g. valkey",
    ),
    _case(
        "Shards with too little memory",
        {**SHARDED, "memory": "32Mi"},
        "redis_caches.cache.memory: must be 64Mi or more for a server to work; e.g. 256Mi",
    ),
    _case(
        "A cache with too little memory",
        {**CACHE, "memory": "16Mi"},
        "redis_caches.cache.memory: must be 64Mi or more for a server to work; e.g. 256Mi",
    ),
    _case(
        "`maxmemory` that leaves nothing for buffers",
        {**CACHE, "maxmemory": "300Mi"},
        "redis_caches.cache.maxmemory: must be 90 % of memory or less: buffers of clients and replicas come on top of it, and a server over its limit is killed; e.g. 192Mi",
    ),
    _case(
        "A cache on a Bitnami image",
        {**CACHE, "image": "docker.io/bitnami/valkey@sha256:" + "1" * 64},
        "redis_caches.cache.image: is a Bitnami image: they are frozen since August 2025, and are laid out differently; e.g. docker.io/valkey/valkey@sha256:<64 hex digits>",
    ),
    _case(
        "A cache with a volume",
        {**CACHE, "storage": "1Gi"},
        "redis_caches.cache.storage: is for stores: a cache keeps nothing on disk; remove it, or say purpose: store",
    ),
    _case(
        "A store without a volume",
        {**CACHE, "purpose": "store"},
        "redis_caches.cache.storage: is missing: a store keeps its data on a volume; give it one, or say purpose: cache; e.g. 4Gi",
    ),
    _case(
        "A volume too small for the file to be written anew",
        {**STORE, "storage": "300Mi"},
        "redis_caches.cache.storage: must be twice the memory or more: while the file is written anew the old one stays; e.g. 1Gi",
    ),
    _case(
        "A store whose failover leaves no replica",
        {**STORE, "replicas": 1},
        "redis_caches.cache.replicas: must be 2 or more for a store: its primary takes writes only while a replica follows, and a failover uses one up; e.g. 2",
    ),
    _case(
        "A quorum that can't be reached",
        {**STORE, "quorum": 4},
        "redis_caches.cache.quorum: can't be reached: there are 3 sentinels; e.g. 2",
    ),
    _case(
        "An even number of Sentinels",
        {**STORE, "sentinels": 2},
        "redis_caches.cache.sentinels: must be one of: 3 or 5; e.g. 3",
    ),
    Case(
        "Two mistakes of one cache at once",
        {**CERT_MANAGER, "redis_caches.cache": {**CACHE, "memory": "16Mi", "storage": "1Gi"}},
        (
            "redis_caches.cache.memory: must be 64Mi or more for a server to work; e.g. 256Mi",
            "redis_caches.cache.storage: is for stores: a cache keeps nothing on disk; remove it, or say purpose: store",
        ),
    ),
    # What an app says about it
    _case(
        "Keys that are no prefix",
        CACHE,
        f'{API}.connects_to[0].keys: must be `*`, a key, or how keys begin followed by `*`: letters, digits and `_ . : -`; e.g. "session:*"',
        **{f"{API}.connects_to": [{"redis": "cache", "keys": "user:[0-9]*"}]},
    ),
    _case(
        "A connection to a cache that is not there",
        CACHE,
        f"{API}.connects_to[0].redis: names nothing in this stack; there are: cache",
        **{f"{API}.connects_to": [{"redis": "sessions"}]},
    ),
    _case(
        "A user that two apps would share",
        CACHE,
        f"{API}.connects_to[0].user: is not a known key; *",
        **{f"{API}.connects_to": [{"redis": "cache", "user": "shared"}]},
    ),
    Case(
        "Two apps with all keys of one cache",
        {
            **CERT_MANAGER,
            "redis_caches.cache": CACHE,
            f"{API}.connects_to": [{"redis": "cache"}],
            "app_services.jobs": JOBS,
        },
        (
            f"{API}.connects_to[0].redis: says nothing about keys, and 2 apps use 'cache': each says which are its own; e.g. {{redis: cache, keys: \"api:*\"}}",
            "app_services.jobs.connects_to[0].redis: says nothing about keys, and 2 apps use 'cache': each says which are its own; e.g. {redis: cache, keys: \"jobs:*\"}",
        ),
    ),
    _case(
        "A queue in a cache",
        CACHE,
        f"{API}.connects_to[0].purpose: is store, but 'cache' is a cache, which forgets what is used least: what must not be lost goes to an instance of its own; e.g. {{redis: ..., purpose: cache}}",
        **{f"{API}.connects_to": [{"redis": "cache", "purpose": "store"}]},
    ),
    _case(
        "A cache and a queue in one instance",
        CACHE,
        f"{API}.connects_to[1].redis: is connected twice; an app has one user on an instance, and a cache and a queue are two instances: one forgets, the other must not; e.g. {{redis: sessions, as: SESSIONS}}",
        **{
            f"{API}.connects_to": [
                {"redis": "cache", "keys": "page:*"},
                {"redis": "cache", "as": "QUEUE", "keys": "job:*"},
            ]
        },
    ),
    _case(
        "Proxies before a single server",
        CACHE,
        f"{API}.connects_to[0].via: is for replicated instances; 'cache' is one server with one address; remove it",
        **{f"{API}.connects_to": [{"redis": "cache", "via": "proxy"}]},
    ),
    _case(
        "Proxies before shards",
        SHARDED,
        f"{API}.connects_to[0].via: is for replicated instances; 'cache' is sharded: its servers send a client on to whoever has a key; remove it",
        **{f"{API}.connects_to": [{"redis": "cache", "via": "proxy", "multi_key": False}]},
    ),
    _case(
        "An app that says nothing about several keys, on shards",
        SHARDED,
        f"{API}.connects_to[0].multi_key: must be false for 'cache', which is sharded: a command, transaction or script on several keys works only if they share a hash tag, as in {{user:1}}:a and {{user:1}}:b; an app that needs others goes to a replicated instance; e.g. {{redis: cache, multi_key: false}}",
        **{f"{API}.connects_to": [{"redis": "cache"}]},
    ),
    _case(
        "An app that needs several keys at once, on shards",
        SHARDED,
        f"{API}.connects_to[0].multi_key: must be false for 'cache', which is sharded: a command, transaction or script on several keys works only if they share a hash tag, as in {{user:1}}:a and {{user:1}}:b; an app that needs others goes to a replicated instance; e.g. {{redis: cache, multi_key: false}}",
        **{f"{API}.connects_to": [{"redis": "cache", "multi_key": True}]},
    ),
    _case(
        "An app that is called like a user of every server",
        CACHE,
        "app_services.replication.connects_to[0].redis: would make a user of the app's name, which every server has already; rename the app",
        **{"app_services.replication": JOBS},
    ),
    _case(
        "More clients than the server takes",
        {**CACHE, "max_clients": 50},
        "redis_caches.cache.max_clients: is 50, but apps may open 90: api (2 replicas + 1 surge) x 20 = 60, kept free 30; raise it, or lower clients or a maximum; e.g. 100",
        **{f"{API}.connects_to": [{"redis": "cache"}]},
    ),
    _case(
        "A cache's name too long for its suffixes",
        CACHE,
        f"redis_caches.{'r' * 39}: has 39 characters, allowed are 38: suffixes are put behind it",
        **{f"redis_caches.{'r' * 39}": CACHE},
    ),
    _case(
        "A name that a cache's Sentinels have",
        STORE,
        "app_services.cache-sentinel: takes a name that 'cache' takes too: names with a suffix (`-rw`, `-secrets`, ...) must differ as well; rename one",
        **{"app_services.cache-sentinel": APP},
    ),
    # What the target does not have
    Case(
        "A cache without cert-manager",
        {"redis_caches.cache": CACHE},
        (
            f"{CLUSTER}.operators.cert_manager: is missing: redis_caches speak TLS alone, with certificates of cert-manager; install it with the cluster layer and paste the block that it prints; e.g. {{version: '1.21', namespace: cert-manager}}",
        ),
    ),
    Case(
        "Replicas on one machine",
        {"redis_caches.cache": {"mode": "replicated", "purpose": "cache", "memory": "256Mi"}},
        (
            "redis_caches.cache.mode: is for kubernetes only: Sentinel hands out addresses that hold inside the servers' own network alone, and on one machine there is nothing to fail over to; say mode: standalone",
        ),
        "docker",
    ),
    Case(
        "Shards on one machine",
        {"redis_caches.cache": SHARDED},
        (
            "redis_caches.cache.mode: is for kubernetes only: sharded servers send a client on to each other's addresses, which hold inside their own network alone, and on one machine shards share what each should have for itself; say mode: standalone",
        ),
        "docker",
    ),
    Case(
        "A cache on a port of the machine that is taken",
        {
            "redis_caches.cache": {**CACHE, "docker": {"publish": 5432}},
            "postgres_clusters.main.docker": {"publish": 5432},
        },
        (
            "redis_caches.cache.docker.publish: publishes a port of this machine that postgres_clusters.main publishes too; choose another one",
        ),
        "docker",
    ),
)
