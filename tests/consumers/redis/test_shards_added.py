"""A sharded cache grows under writes, on servers that nothing else has happened to."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.consumers.redis import shards, stack
from tests.consumers.redis.apps import Writer
from tests.consumers.redis.instance import Instance


@pytest.fixture(scope="module")
def cache(shards_of_a_cache: Instance) -> Instance:
    return shards_of_a_cache


@pytest.fixture(scope="module")
def writers(cache: Instance, scratch: Path) -> Generator[list[Writer]]:
    with shards.writing(cache, scratch / f"shard-writers-{time.monotonic_ns()}") as found:
        yield found


def test_shards_can_be_added_under_writes(cache: Instance, writers: list[Writer]) -> None:
    cache.grow(stack.sharded(4))
    cache.wait("the new shard is taken in", lambda: len(shards.view(cache.servers[0])) == 8)
    shards.settle(cache)
    assert shards.owns(cache.shards[3][0]) == 0
    moment = time.time()
    shards.spread(cache)
    share = shards.SLOTS // 4

    def even() -> bool:
        return all(abs(shards.owns(shards.owner(cache, number)) - share) <= share // 50 for number in range(4))

    cache.wait("every server knows of the even shares", even)
    shards.first_acks(cache, writers, time.time())
    assert max(shards.longest_pause(writer, moment) for writer in writers) < 5
    for writer in writers:
        writer.stop()
        assert shards.missing(cache, writer) == []
