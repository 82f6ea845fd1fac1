"""A store loses its primary in every way it can, under writes. `python -m tests.consumers.redis.drill` tells the figures."""

from __future__ import annotations

import time

import pytest

from tests.consumers.redis import drill
from tests.consumers.redis.apps import Writer, ask, missing
from tests.consumers.redis.instance import Instance

LONGEST_SECONDS = 25
"""Missed after 5 s, promoted within one more, followed by proxies and clients; the rest is for a busy machine."""


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_writes_go_on_after_the_primary_is_lost(store: Instance, writers: dict[str, Writer], attempt: int) -> None:
    times = drill.kill_primary(store, list(writers.values()))
    assert max(times) < LONGEST_SECONDS, f"attempt {attempt}"


def test_a_crashed_container_goes_on_with_what_it_has(store: Instance, writers: dict[str, Writer]) -> None:
    assert max(drill.crash_primary(store, list(writers.values()))) < LONGEST_SECONDS


def test_a_drained_primary_hands_over_first(store: Instance, writers: dict[str, Writer]) -> None:
    assert max(drill.delete_primary(store, list(writers.values()))) < drill.DOWN_AFTER_SECONDS


def test_all_come_back_with_their_data_when_all_were_lost(store: Instance, writers: dict[str, Writer]) -> None:
    before = store.keys(drill.the_primary(store))
    assert max(drill.restart_all(store, list(writers.values()))) < LONGEST_SECONDS
    assert store.keys(drill.the_primary(store)) >= before > 0


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "after a failover"])
def test_an_empty_primary_wipes_nobody(store: Instance, writers: dict[str, Writer], *, at_once: bool) -> None:
    drill.wipe_primary(store, list(writers.values()), at_once=at_once)


def test_a_primary_that_was_frozen_takes_no_write_when_it_goes_on(store: Instance, writers: dict[str, Writer]) -> None:
    times, accepted, _ = drill.freeze_primary(store, list(writers.values()), 15)
    assert max(times) < LONGEST_SECONDS
    assert accepted == 0


def test_a_server_alone_does_not_make_itself_the_primary(store: Instance, writers: dict[str, Writer]) -> None:
    """Without a majority of Sentinels it waits, whatever it has."""
    old = drill.the_primary(store)
    for sentinel in store.sentinels[:2]:
        sentinel.kill()
    old.kill()
    old.restart_container()
    time.sleep(8)
    assert store.primaries() == []
    assert "no majority" in old.log()
    for sentinel in store.sentinels[:2]:
        sentinel.start()
    store.wait("all back", store.all_ready)
    drill.first_acks(store, list(writers.values()), time.time())


def test_no_acknowledged_write_was_lost(store: Instance, writers: dict[str, Writer]) -> None:
    """After all of the above."""
    for app, writer in writers.items():
        writer.stop()
        assert len(writer.acked()) > 100
        assert missing(store, writer, app) == []


def test_there_is_one_primary_in_the_end(store: Instance) -> None:
    (primary,) = store.primaries()
    named = ask(
        *(store, store.sentinels[0].host, "worker", store.binding("worker")["password"]),
        *("SENTINEL", "GET-MASTER-ADDR-BY-NAME", store.name),
        port=26379,
    )
    assert named.splitlines()[0].strip('"') == primary.host
