"""What the keeper says to the servers of a sharded instance, from what they say of themselves. Real servers are floor 3's."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from components.redis_cache import configuration

SHARDS = (("a0", "a1"), ("b0", "b1"), ("c0", "c1"))
THIRDS = {"a0": "0-5460", "b0": "5461-10921", "c0": "10922-16383"}
CALM = 15


@dataclass(frozen=True, kw_only=True)
class Server:
    host: str
    number: str = ""
    """By which the others know it; absent: after its host."""
    primary: str = ""
    """Whom it follows."""
    slots: str = ""
    epoch: int = 1
    keys: int = 0
    answers: bool = True
    flags: str = ""
    knows: frozenset[str] | None = None
    """Hosts that it knows; None: all."""
    unlinked: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        return self.number or f"id-{self.host}"


@dataclass(frozen=True)
class Group:
    servers: Mapping[str, Server]
    gone: Sequence[Server] = field(default=())
    """Numbers that nobody answers to any more."""

    def with_(self, host: str, **changes: object) -> Group:
        return replace(self, servers={**self.servers, host: replace(self.servers[host], **changes)})  # type: ignore[arg-type]

    def lines(self) -> Iterator[str]:
        for viewer in self.servers.values():
            if not viewer.answers:
                continue
            yield f"{viewer.host} {viewer.keys}"
            for other in [*self.servers.values(), *self.gone]:
                if other == viewer or viewer.knows is None or other.host in viewer.knows:
                    yield f"{viewer.host} {_line(viewer, other)}"


def _line(viewer: Server, other: Server) -> str:
    role = "slave" if other.primary else "master"
    dead = "" if other.answers else "fail"
    flags = ",".join(filter(None, ["myself" if other == viewer else "", role, dead, other.flags]))
    link = "disconnected" if other.host in viewer.unlinked or not other.answers else "connected"
    address = f"10.0.0.1:6379@16379,{other.host}"
    return f"{other.id} {address} {flags} {other.primary or '-'} 0 0 {other.epoch} {link} {other.slots}".rstrip()


FOUNDED = Group(
    {
        host: Server(host=host, slots=THIRDS.get(host, ""), primary="" if host in THIRDS else f"id-{host[0]}0", keys=5)
        for shard in SHARDS
        for host in shard
    }
)
STRANGERS = Group({h: Server(host=h, knows=frozenset()) for h in FOUNDED.servers})
MET = Group({h: Server(host=h) for h in FOUNDED.servers})


def plan(group: Group, *, calm: int = 0, shards: Sequence[Sequence[str]] = SHARDS) -> list[str]:
    layout = " ".join(",".join(shard) for shard in shards)
    script = str(configuration.SCRIPTS / "cluster-plan.awk")
    command = ["awk", "-v", f"LAYOUT={layout}", "-v", f"CALM={calm}", "-f", script]
    text = "".join(f"{line}\n" for line in group.lines())
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout.splitlines()


def test_strangers_are_introduced_by_one() -> None:
    assert plan(STRANGERS) == [f"a0 MEET {host}" for host in ("a1", "b0", "b1", "c0", "c1")]


def test_those_who_know_each_other_get_slots_and_primaries() -> None:
    assert plan(MET) == [
        "a0 ADDSLOTSRANGE 0 5460",
        "b0 ADDSLOTSRANGE 5461 10921",
        "c0 ADDSLOTSRANGE 10922 16383",
        "a1 REPLICATE id-a0",
        "b1 REPLICATE id-b0",
        "c1 REPLICATE id-c0",
    ]


def test_a_founding_that_was_interrupted_goes_on() -> None:
    begun = MET.with_("b0", slots=THIRDS["b0"]).with_("b1", primary="id-b0")
    assert plan(begun) == [
        "a0 ADDSLOTSRANGE 0 5460",
        "c0 ADDSLOTSRANGE 10922 16383",
        "a1 REPLICATE id-a0",
        "c1 REPLICATE id-c0",
    ]


@pytest.mark.parametrize("shards", range(3, 17))
def test_the_parts_of_all_shards_are_all_slots(shards: int) -> None:
    hosts = [[f"s{n}p", f"s{n}r"] for n in range(shards)]
    group = Group({h: Server(host=h) for shard in hosts for h in shard})
    given = [line.split()[2:] for line in plan(group, shards=hosts) if "ADDSLOTSRANGE" in line]
    ends = [(int(first), int(last)) for first, last in given]
    assert [first for first, _ in ends] == [0, *(last + 1 for _, last in ends[:-1])]
    assert ends[-1][1] == 16383
    assert {last - first + 1 for first, last in ends} <= {16384 // shards, 16384 // shards + 1}


def test_nothing_is_founded_before_all_answer() -> None:
    assert not any("ADDSLOTSRANGE" in line for line in plan(MET.with_("c1", answers=False)))


def test_a_server_that_has_keys_and_no_slots_is_given_none() -> None:
    assert not any(line.startswith("a0 ADDSLOTSRANGE") for line in plan(MET.with_("a0", keys=1)))


def test_a_whole_cluster_is_told_nothing() -> None:
    assert plan(FOUNDED, calm=1000) == ["whole"]
    assert plan(FOUNDED.with_("a1", answers=False)) == ["whole"]


def test_while_an_owner_is_away_its_shard_is_told_nothing() -> None:
    assert plan(FOUNDED.with_("a0", answers=False), calm=1000) == []


def test_a_dead_owner_is_not_forgotten_even_if_all_its_shard_came_back_empty() -> None:
    lost = Server(host="a0", number="old", slots=THIRDS["a0"], answers=False)
    empty = FOUNDED.with_("a0", slots="", keys=0).with_("a1", primary="", keys=0)
    assert plan(Group(empty.servers, [lost]), calm=1000) == []


def test_what_came_back_empty_follows_who_was_elected_and_its_old_number_is_forgotten() -> None:
    old = Server(host="a0", number="old", answers=False)
    elected = FOUNDED.with_("a0", slots="", keys=0).with_("a1", primary="", slots=THIRDS["a0"])
    back = Group(elected.servers, [old])
    assert plan(back) == ["a0 REPLICATE id-a1"]
    followed = Group(back.with_("a0", primary="id-a1").servers, [old])
    assert sorted(plan(followed)) == sorted(f"{host} FORGET old" for host in FOUNDED.servers)


def test_a_newcomer_is_introduced_before_it_follows() -> None:
    new = FOUNDED.with_("a1", primary="", keys=0, knows=frozenset())
    others = {h: replace(s, knows=frozenset(h for h in FOUNDED.servers if h != "a1")) for h, s in new.servers.items()}
    others["a1"] = new.servers["a1"]
    assert plan(Group(others)) == ["a0 MEET a1"]


def test_all_under_new_addresses_are_told_of_each_other() -> None:
    everybody = frozenset(FOUNDED.servers)
    lost = Group({h: replace(s, unlinked=everybody - {h}) for h, s in FOUNDED.servers.items()})
    assert len(plan(lost)) == 15
    assert all(line.split()[1] == "MEET" for line in plan(lost))


def test_a_primary_goes_home_after_a_while_one_at_a_time() -> None:
    away = FOUNDED
    for shard in "ab":
        away = away.with_(f"{shard}0", slots="", primary=f"id-{shard}1").with_(
            f"{shard}1", primary="", slots=THIRDS[f"{shard}0"]
        )
    assert plan(away, calm=CALM - 1) == ["whole"]
    assert plan(away, calm=CALM) == ["a0 FAILOVER"]
    assert plan(away.with_("c1", answers=False), calm=CALM) == ["whole"]


def test_a_shard_that_is_added_gets_its_replica_and_no_slot() -> None:
    grown = Group({**FOUNDED.servers, "d0": Server(host="d0"), "d1": Server(host="d1")})
    shards = (*SHARDS, ("d0", "d1"))
    assert plan(grown, shards=shards) == ["d1 REPLICATE id-d0"]
    assert plan(grown.with_("d1", primary="id-d0"), calm=CALM, shards=shards) == ["whole"]


def test_an_owner_of_yesterday_is_left_to_the_others() -> None:
    """It hears of the newer epoch by itself; until then it has slots and must not be told to follow."""
    back = FOUNDED.with_("a1", primary="", slots=THIRDS["a0"], epoch=7)
    assert plan(back) == ["whole"]


def test_who_has_only_just_knocked_is_no_member() -> None:
    knocking = Server(host="", number="temporary", flags="handshake", answers=False)
    assert plan(Group(FOUNDED.servers, [knocking])) == ["whole"]


def test_slots_that_are_on_their_way_belong_to_who_has_them() -> None:
    moving = FOUNDED.with_("a0", slots="0-5460 [77->-id-b0]").with_("b0", slots="5461-10921 [77-<-id-a0]")
    assert plan(moving) == ["whole"]
