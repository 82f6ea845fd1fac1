"""A sharded store loses its primaries in every way it can, under writes. `python -m tests.consumers.redis.shards` tells the figures."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.consumers.redis import shards
from tests.consumers.redis.apps import Writer
from tests.consumers.redis.drill import DOWN_AFTER_SECONDS
from tests.consumers.redis.instance import Instance

LONGEST_SECONDS = 25


@pytest.fixture(scope="module")
def store(shards_of_a_store: Instance) -> Instance:
    return shards_of_a_store


@pytest.fixture(scope="module")
def writers(store: Instance, scratch: Path) -> Generator[list[Writer]]:
    with shards.writing(store, scratch / f"shard-writers-{time.monotonic_ns()}") as found:
        yield found


@pytest.mark.parametrize("shard", range(3))
def test_writes_go_on_after_a_primary_is_lost(store: Instance, writers: list[Writer], shard: int) -> None:
    moment = time.time()
    assert shards.kill_owner(store, writers, shard) < LONGEST_SECONDS
    others = [shards.longest_pause(writer, moment) for number, writer in enumerate(writers) if number != shard]
    assert max(others) < DOWN_AFTER_SECONDS, "a shard stopped for another"


def test_a_drained_primary_hands_over_first(store: Instance, writers: list[Writer]) -> None:
    assert shards.delete_owner(store, writers, 0) < DOWN_AFTER_SECONDS


def test_an_empty_primary_wipes_nobody(store: Instance, writers: list[Writer]) -> None:
    assert shards.wipe_owner(store, writers, 1, at_once=True) < LONGEST_SECONDS


def test_all_come_back_with_their_data_under_new_addresses(store: Instance, writers: list[Writer]) -> None:
    before = sum(store.keys(shards.owner(store, number)) for number in range(3))
    assert shards.restart_all(store, writers) < LONGEST_SECONDS
    assert sum(store.keys(shards.owner(store, number)) for number in range(3)) >= before > 0


def test_no_acknowledged_write_was_lost(store: Instance, writers: list[Writer]) -> None:
    for writer in writers:
        writer.stop()
        assert len(writer.acked()) > 100
        assert shards.missing(store, writer) == []


def test_the_file_of_a_shard_can_be_loaded(store: Instance) -> None:
    check = store.check("alone", "check-2")
    check.start()
    store.wait("the check ends", lambda: not check.running, seconds=60)
    assert check.process is not None
    assert check.process.returncode == 0, check.log()
