"""Rules of users. Whether servers hold to them is floor 3's to show."""

from __future__ import annotations

import hashlib

from components.connections import RedisConsumer
from components.redis_cache import users
from components.redis_cache.spec import ReplicatedSpec, StandaloneSpec

ALONE = StandaloneSpec(mode="standalone", purpose="cache", memory="256Mi")
GROUP = ReplicatedSpec(mode="replicated", purpose="cache", memory="256Mi")


def consumer(app: str, *, keys: str = "*", proxied: bool = False) -> RedisConsumer:
    return RedisConsumer(app=app, keys=keys, access="read-write", proxied=proxied, deletion_protection=True)


def test_nobody_is_default_and_every_password_is_a_hash() -> None:
    text = users.acl_file({"api": "-@all"}, {"api": "open sesame"})
    first, second = text.splitlines()
    assert first == "user default off resetpass resetkeys resetchannels -@all"
    assert second == f"user api on #{hashlib.sha256(b'open sesame').hexdigest()} -@all"


def test_each_mode_has_the_users_that_it_needs() -> None:
    assert set(users.on_servers(ALONE, [consumer("api")])) == {"api", "exporter", "health"}
    assert set(users.on_servers(GROUP, [])) == {"exporter", "health", "proxy", "replication", "sentinel"}


def test_only_who_asks_sentinels_is_known_there() -> None:
    found = users.on_sentinels(GROUP, [consumer("api", proxied=True), consumer("worker")])
    assert set(found) == {"health", "replication", "sentinel", "worker"}


def test_words_that_only_valkey_knows_are_not_said_to_redis() -> None:
    redis = GROUP.model_copy(update={"engine": "redis"})
    assert "primary" in users.on_sentinels(GROUP, [consumer("api")])["api"]
    assert "primary" not in users.on_sentinels(redis, [consumer("api")])["api"]


def test_a_primary_on_redis_may_hold_writes_back_while_it_hands_over() -> None:
    redis = GROUP.model_copy(update={"engine": "redis"})
    assert "+client|pause" in users.on_servers(redis, [])["replication"]
    assert "+client|pause" not in users.on_servers(GROUP, [])["replication"]


def test_a_scope_takes_away_what_looks_beyond_it() -> None:
    assert "-scan" in users.rules(consumer("api", keys="session:*"))
    assert "-scan" not in users.rules(consumer("api"))
