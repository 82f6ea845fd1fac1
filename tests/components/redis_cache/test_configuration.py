"""What servers, Sentinels and proxies are told. That they take it is floor 3's to show."""

from __future__ import annotations

import pytest

from components.redis_cache import configuration, facts
from components.redis_cache.spec import ClusterSpec, ReplicatedSpec, StandaloneSpec

CACHE = StandaloneSpec(mode="standalone", purpose="cache", memory="256Mi")
STORE = StandaloneSpec(mode="standalone", purpose="store", memory="256Mi", storage="1Gi")
SHARDED = ClusterSpec(mode="cluster", purpose="cache", memory="256Mi")
GROUP = ReplicatedSpec(mode="replicated", purpose="store", memory="256Mi", storage="1Gi")


def settings(text: str) -> dict[str, str]:
    return dict(line.split(" ", 1) for line in text.splitlines())


def test_a_cache_forgets_and_keeps_nothing() -> None:
    found = settings(configuration.server(CACHE, tls=False))
    assert (found["maxmemory-policy"], found["appendonly"], found["save"]) == ("allkeys-lru", "no", '""')
    assert "min-replicas-to-write" not in found


def test_a_store_forgets_nothing_and_keeps_everything() -> None:
    found = settings(configuration.server(STORE, tls=False))
    assert (found["maxmemory-policy"], found["appendonly"], found["appendfsync"]) == ("noeviction", "yes", "everysec")


def test_only_a_replicated_store_wants_a_replica_for_each_write() -> None:
    assert settings(configuration.server(GROUP, tls=True))["min-replicas-to-write"] == "1"
    assert "min-replicas-to-write" not in settings(configuration.server(STORE, tls=True))
    cache = GROUP.model_copy(update={"purpose": "cache", "storage": None})
    assert "min-replicas-to-write" not in settings(configuration.server(cache, tls=True))


@pytest.mark.parametrize("spec", [CACHE, STORE, GROUP], ids=["cache", "store", "group"])
def test_with_tls_there_is_no_other_port(spec: StandaloneSpec | ReplicatedSpec) -> None:
    found = settings(configuration.server(spec, tls=True))
    assert (found["port"], found["tls-port"], found["tls-replication"]) == ("0", "6379", "yes")


def test_shards_speak_tls_among_themselves_and_are_known_by_name() -> None:
    found = settings(configuration.server(SHARDED, tls=True))
    assert (found["cluster-enabled"], found["tls-cluster"], found["cluster-port"]) == ("yes", "yes", "16379")
    assert found["cluster-preferred-endpoint-type"] == "hostname"
    assert (found["cluster-require-full-coverage"], found["cluster-allow-replica-migration"]) == ("no", "no")
    assert not any(key.startswith("cluster-") for key in settings(configuration.server(GROUP, tls=True)))


def test_of_a_sharded_store_only_a_replica_in_touch_is_elected_of_a_cache_any() -> None:
    store = SHARDED.model_copy(update={"purpose": "store", "storage": "1Gi", "replicas": 2})
    assert settings(configuration.server(SHARDED, tls=True))["cluster-replica-validity-factor"] == "0"
    found = settings(configuration.server(store, tls=True))
    assert (found["cluster-replica-validity-factor"], found["min-replicas-to-write"]) == ("10", "1")


@pytest.mark.parametrize("mode", [SHARDED, GROUP], ids=["cluster", "replicated"])
def test_a_caches_replica_writes_no_file(mode: ClusterSpec | ReplicatedSpec) -> None:
    """Its volume has no room for one, and it would come back with it."""
    cache = mode.model_copy(update={"purpose": "cache", "storage": None})
    store = mode.model_copy(update={"purpose": "store", "storage": "1Gi"})
    assert settings(configuration.server(cache, tls=True))["repl-diskless-load"] == "flush-before-load"
    assert "repl-diskless-load" not in settings(configuration.server(store, tls=True))


def test_a_caches_replica_on_redis_has_room_for_the_file_that_it_throws_away() -> None:
    """Redis 8.0 refuses Valkey's word, and starts with none that it does not know."""
    redis = GROUP.model_copy(update={"purpose": "cache", "storage": None, "engine": "redis"})
    found = settings(configuration.server(redis, tls=True))
    assert (found["repl-diskless-load"], found["rdb-del-sync-files"]) == ("on-empty-db", "yes")
    assert facts.scratch_mebibytes(redis) == 16 + 192
    assert facts.scratch_mebibytes(redis.model_copy(update={"engine": "valkey"})) == 16
    assert facts.scratch_mebibytes(CACHE.model_copy(update={"engine": "redis"})) == 16


def test_no_role_and_no_password_stands_in_a_configuration() -> None:
    for text in (configuration.server(GROUP, tls=True), configuration.sentinel("sessions", GROUP)):
        assert not any(
            word in text for word in ("replicaof", "sentinel monitor", "auth-pass", "masterauth", "requirepass")
        )


def test_redis_has_no_renewal_while_it_runs() -> None:
    redis = GROUP.model_copy(update={"engine": "redis"})
    assert "tls-auto-reload-interval" in configuration.server(GROUP, tls=True)
    assert "tls-auto-reload-interval" not in configuration.server(redis, tls=True)


def test_proxies_take_the_server_that_leads_and_a_stores_only_when_it_is_followed() -> None:
    store = configuration.proxy(GROUP, ["s-0.x", "s-1.x"], "secret")
    cache = configuration.proxy(GROUP.model_copy(update={"purpose": "cache"}), ["s-0.x"], "secret")
    assert r"expect rstring role:master\r\nconnected_slaves:[1-9]" in store
    assert "connected_slaves" not in cache
    assert "server s-1 s-1.x:6379" in store


def test_scripts_are_what_the_folder_holds() -> None:
    names = {path.name for path in configuration.SCRIPTS.iterdir()}
    assert names == {
        "cluster-plan.awk",
        "health.sh",
        "keep-cluster.sh",
        "restore-check.sh",
        "start-sentinel.sh",
        "spread-slots.sh",
        "start-server.sh",
        "start-shard.sh",
        "step-down-shard.sh",
        "step-down.sh",
        "take-over.sh",
        "watch-closely.sh",
    }
    assert all(configuration.script(name).startswith("#!/bin/sh\n") for name in names if name.endswith(".sh"))
