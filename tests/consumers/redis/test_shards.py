"""Six servers of a sharded cache become one cluster and stay one; nothing is said twice. The store's losses are next door."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from components.redis_cache.spec import ClusterSpec
from components.redis_cache.telemetry import telemetry
from tests.consumers.redis import series, shards
from tests.consumers.redis.apps import Writer, ask, every_slot
from tests.consumers.redis.instance import Instance

LONGEST_SECONDS = 25
"""Missed after 5 s, elected within two more; the rest is for a busy machine."""

NO = "NOPERM"


@pytest.fixture(scope="module")
def cache(shards_of_a_cache: Instance) -> Instance:
    return shards_of_a_cache


@pytest.fixture(scope="module")
def writers(cache: Instance, scratch: Path) -> Generator[list[Writer]]:
    with shards.writing(cache, scratch / f"shard-writers-{time.monotonic_ns()}") as found:
        yield found


def said(cache: Instance, app: str, *command: str) -> str:
    """Asked of the server that has the keys of slot 0, or none."""
    host = shards.owner(cache, 0).host
    return ask(cache, host, app, cache.binding(app)["password"], *command)


def test_every_slot_has_a_server_and_the_first_of_each_shard_leads(cache: Instance) -> None:
    assert sum(shards.owns(pod) for pod in cache.servers) == shards.SLOTS
    assert [shards.owner(cache, number) for number in range(3)] == [shard[0] for shard in cache.shards]


def test_an_app_writes_and_reads_in_every_slot(cache: Instance, scratch: Path) -> None:
    assert every_slot(cache, "worker", "job:", scratch / f"every-slot-{time.monotonic_ns()}") == shards.SLOTS


TAG = shards.tag(0, 3)


@pytest.mark.parametrize(
    ("app", "command", "answer"),
    [
        ("api", ("SET", f"cache:{{{TAG}}}1", "a"), "OK"),
        ("api", ("MSET", f"cache:{{{TAG}}}1", "a", f"cache:{{{TAG}}}2", "b"), "OK"),
        ("api", ("MGET", "cache:1", "cache:2"), "CROSSSLOT"),
        ("api", ("SET", f"job:{{{TAG}}}", "a"), NO),
        ("api", ("CLUSTER", "KEYSLOT", "x"), "16287"),
        ("api", ("CLUSTER", "SHARDS"), "cache-shard-2-1"),
        ("api", ("CLUSTER", "SLOTS"), "cache-shard-2-1"),
        ("api", ("CLUSTER", "INFO"), "cluster_state:ok"),
        ("api", ("READONLY",), "OK"),
        ("api", ("INFO", "server"), "# Server"),
        *(
            ("api", command, NO)
            for command in (
                ("KEYS", "*"),
                ("FLUSHALL",),
                ("CONFIG", "GET", "*"),
                ("CLUSTER", "MEET", "10.0.0.1", "6379"),
                ("CLUSTER", "FORGET", "0" * 40),
                ("CLUSTER", "RESET", "HARD"),
                ("CLUSTER", "FAILOVER", "TAKEOVER"),
                ("CLUSTER", "DELSLOTS", "1"),
                ("CLUSTER", "SETSLOT", "1", "STABLE"),
                ("CLUSTER", "REPLICATE", "0" * 40),
                ("CLUSTER", "GETKEYSINSLOT", "1", "10"),
                ("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", "0", "1", "NODE", "0" * 40),
                ("CLUSTER", "SYNCSLOTS", "FINISH"),
                ("MIGRATE", "10.0.0.1", "6379", f"cache:{{{TAG}}}1", "0", "100"),
                ("SHUTDOWN",),
                ("PSYNC", "?", "-1"),
            )
        ),
        ("report", ("GET", f"cache:{{{TAG}}}1"), "a"),
        ("report", ("SET", f"cache:{{{TAG}}}1", "c"), NO),
        ("report", ("GET", f"job:{{{TAG}}}"), NO),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_an_app_can_do_what_it_should(cache: Instance, app: str, command: tuple[str, ...], answer: str) -> None:
    assert answer in said(cache, app, *command)


@pytest.mark.parametrize(
    ("user", "command"),
    [
        *(
            ("keeper", command)
            for command in (
                ("GET", "x"),
                ("SET", "x", "1"),
                ("FLUSHALL",),
                ("CLUSTER", "RESET", "HARD"),
                ("CLUSTER", "DELSLOTS", "1"),
                ("CLUSTER", "FLUSHSLOTS"),
                ("CLUSTER", "SETSLOT", "1", "STABLE"),
                ("CONFIG", "GET", "*"),
                ("ACL", "LIST"),
                ("SHUTDOWN",),
            )
        ),
        ("health", ("GET", "x")),
        ("health", ("CLUSTER", "FAILOVER")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_nobody_of_ours_can_do_more_than_it_needs(cache: Instance, user: str, command: tuple[str, ...]) -> None:
    pod, host = (cache.keepers[0] if user == "keeper" else cache.servers[0]), cache.servers[0].host
    password = pod.run("cat", f"/run/secrets/{user}").stdout
    assert NO in ask(cache, host, user, password, *command)


def test_nobody_gets_in_without_a_name_or_without_tls(cache: Instance) -> None:
    words = f"timeout 3 valkey-cli -h {cache.servers[0].host}"
    inside = cache.bystander
    assert "NOAUTH" in inside.run("sh", "-c", f"{words} --tls --cacert /run/tls/ca.crt PING 2>&1").stdout
    assert "PONG" not in inside.run("sh", "-c", f"{words} PING 2>&1").stdout


@pytest.mark.parametrize("with_certificate", [True, False], ids=["with a certificate", "without"])
def test_the_bus_takes_nobody_without_a_certificate_of_the_instance(cache: Instance, *, with_certificate: bool) -> None:
    """It has no users: who speaks there can change the cluster.

    A server refuses after the client's handshake is over, so the client stays (`-ign_eof`) until it is told.
    """
    address = f"{cache.network.addresses[cache.servers[0].host]}:16379"
    own = ["-cert", "tls.crt", "-key", "tls.key"] if with_certificate else []
    done = subprocess.run(
        [
            *("ip", "netns", "exec", cache.bystander.namespace),
            *("timeout", "3", "openssl", "s_client", "-connect", address, "-CAfile", "ca.crt", "-ign_eof", *own),
        ],
        cwd=cache.tls,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ("certificate required" in done.stderr) != with_certificate, done.stderr


def test_the_exporters_give_every_series_that_signals_read(cache: Instance) -> None:
    found = series.beside(cache.servers)
    spec = ClusterSpec(mode="cluster", purpose="cache", memory="256Mi")
    assert series.lacking(telemetry("cache", spec, "kubernetes"), "kubernetes", found) == []
    assert series.unlisted(found) == {}


def test_a_new_keeper_finds_nothing_to_say(cache: Instance, writers: list[Writer]) -> None:
    del writers
    (keeper,) = cache.keepers
    before = [_lasting(cache, number) for number in range(3)]
    keeper.kill()
    keeper.start()
    cache.wait("whole", lambda: keeper.probe("readinessProbe"))
    time.sleep(6)
    assert keeper.log().strip() == ""
    assert [_lasting(cache, number) for number in range(3)] == before


def _lasting(cache: Instance, shard: int) -> list[list[str]]:
    """What a server says of the others, without times: numbers, roles, epochs, slots."""
    lines = shards.view(cache.shards[shard][0])
    return sorted([[words[0], words[2], words[3], words[6], *words[8:]] for words in lines])


@pytest.mark.parametrize("shard", range(3))
def test_a_crashed_primary_of_a_cache_waits_until_another_is_elected(
    cache: Instance, writers: list[Writer], shard: int
) -> None:
    """It has nothing, and the replica has everything; the third one has been a replica before."""
    assert shards.crash_owner(cache, writers, shard % 2) < LONGEST_SECONDS


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "after an election"])
def test_who_comes_back_without_a_volume_is_taken_in_again(
    cache: Instance, writers: list[Writer], *, at_once: bool
) -> None:
    assert shards.wipe_owner(cache, writers, 2, at_once=at_once) < LONGEST_SECONDS


def test_a_person_can_go_on_without_a_majority(cache: Instance, writers: list[Writer]) -> None:
    assert shards.take_over(cache, writers) < LONGEST_SECONDS


def test_no_acknowledged_write_was_lost_though_a_cache_has_no_file(cache: Instance, writers: list[Writer]) -> None:
    for writer in writers:
        assert len(writer.acked()) > 100
        assert shards.missing(cache, writer) == []


def test_primaries_go_home_by_themselves(cache: Instance, writers: list[Writer]) -> None:
    moment = time.time()
    cache.wait("at home", lambda: all(shards.owns(shard[0]) for shard in cache.shards), seconds=180)
    shards.settle(cache)
    assert max(shards.longest_pause(writer, moment) for writer in writers) < 5
