"""The same store on Redis, under writes: each way of losing its primary once. The long form is Valkey's, next door."""

from __future__ import annotations

import pytest

from tests.consumers.redis import drill
from tests.consumers.redis.apps import Writer, missing
from tests.consumers.redis.instance import Instance
from tests.consumers.redis.test_failover import LONGEST_SECONDS

pytestmark = pytest.mark.parametrize("store", ["redis"], indirect=True, scope="module")


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_writes_go_on_after_the_primary_is_lost(store: Instance, writers: dict[str, Writer], attempt: int) -> None:
    assert max(drill.kill_primary(store, list(writers.values()))) < LONGEST_SECONDS, f"attempt {attempt}"


def test_a_drained_primary_hands_over_first(store: Instance, writers: dict[str, Writer]) -> None:
    assert max(drill.delete_primary(store, list(writers.values()))) < drill.DOWN_AFTER_SECONDS


def test_an_empty_primary_wipes_nobody(store: Instance, writers: dict[str, Writer]) -> None:
    drill.wipe_primary(store, list(writers.values()), at_once=True)


def test_all_come_back_with_their_data_when_all_were_lost(store: Instance, writers: dict[str, Writer]) -> None:
    before = store.keys(drill.the_primary(store))
    assert max(drill.restart_all(store, list(writers.values()))) < LONGEST_SECONDS
    assert store.keys(drill.the_primary(store)) >= before > 0


def test_no_acknowledged_write_was_lost(store: Instance, writers: dict[str, Writer]) -> None:
    """After all of the above."""
    for app, writer in writers.items():
        writer.stop()
        assert len(writer.acked()) > 100
        assert missing(store, writer, app) == []
