"""A sharded cache grows under writes, and only when it may."""

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


def test_nothing_is_spread_while_the_cluster_is_not_whole(cache: Instance, writers: list[Writer]) -> None:
    """The seconds in which a shard has no primary."""
    (keeper,) = cache.keepers
    lost = shards.owner(cache, 0)
    moment = time.time()
    lost.kill()
    cache.wait("the keeper misses it", lambda: not keeper.probe("readinessProbe"))
    _refused(cache, "the cluster is not whole")
    shards.first_acks(cache, writers, moment)
    lost.start()
    shards.settle(cache)


def test_nothing_is_spread_to_a_shard_that_is_not_there(cache: Instance, writers: list[Writer]) -> None:
    """Every slot is served, so that the cluster is whole; but where a fourth of them should go, nobody answers."""
    cache.grow(stack.sharded(4))
    _taken_in(cache)
    for pod in cache.shards[3]:
        pod.kill()
    cache.wait("its loss is known", lambda: _lost(cache) == 2)
    cache.wait("whole", lambda: cache.keepers[0].probe("readinessProbe"))
    _refused(cache, "sees 3 primaries for 4 shards")
    for pod in cache.shards[3]:
        pod.start()
    shards.first_acks(cache, writers, time.time())


def _taken_in(cache: Instance) -> None:
    cache.wait("the new shard is taken in", lambda: len(shards.view(cache.servers[0])) == 8)
    shards.settle(cache)


def _lost(cache: Instance) -> int:
    return sum("fail" in words[2].split(",") for words in shards.view(cache.servers[0]))


def _refused(cache: Instance, why: str) -> None:
    before = [shards.owns(pod) for pod in cache.servers]
    done = shards.spread(cache)
    assert done.returncode == 1
    assert why in done.stderr
    assert [shards.owns(pod) for pod in cache.servers] == before


def test_shards_can_be_added_under_writes(cache: Instance, writers: list[Writer]) -> None:
    _taken_in(cache)
    cache.wait("whole", lambda: cache.keepers[0].probe("readinessProbe"))
    assert shards.owns(cache.shards[3][0]) == 0
    moment = time.time()
    done = shards.spread(cache)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    share = shards.SLOTS // 4

    def even() -> bool:
        return all(abs(shards.owns(shards.owner(cache, number)) - share) <= share // 50 for number in range(4))

    cache.wait("every server knows of the even shares", even)
    shards.first_acks(cache, writers, time.time())
    assert max(shards.longest_pause(writer, moment) for writer in writers) < 5
    for writer in writers:
        writer.stop()
        assert shards.missing(cache, writer) == []
