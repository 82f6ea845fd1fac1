"""The drill of a sharded instance, as a program that prints figures: `python -m tests.consumers.redis.shards [KILLS]`.

Tests use its parts. An app writes to every shard all the while, each time to keys of one shard's hash tag.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from redis.crc import key_slot

from tests.consumers.redis.apps import Writer, lines
from tests.consumers.redis.drill import PATIENCE, told
from tests.consumers.redis.instance import Instance
from tests.consumers.redis.pods import Pod
from tests.consumers.redis.stack import sharded
from toolchain.consumers.servers import ROOT, SERVERS

SLOTS = 16_384
APP = "worker"


def tag(shard: int, shards: int) -> str:
    """A hash tag whose slot is in a shard's part at the founding."""
    return next(t for t in map(str, itertools.count()) if key_slot(t.encode()) * shards // SLOTS == shard)


@contextmanager
def writing(instance: Instance, folder: Path) -> Generator[list[Writer]]:
    """A writer for each shard."""
    with ExitStack() as stack:
        shards = len(instance.shards)
        writers = [
            stack.enter_context(Writer(instance, APP, f"job:{{{tag(shard, shards)}}}:", folder / f"shard-{shard}"))
            for shard in range(shards)
        ]
        first_acks(instance, writers, time.time())
        yield writers


def first_acks(instance: Instance, writers: Sequence[Writer], moment: float) -> list[float]:
    """For each writer, the seconds to its first acknowledged write."""
    instance.wait("a write", lambda: all(w.first_after(moment) is not None for w in writers), seconds=PATIENCE)
    return [found for w in writers if (found := w.first_after(moment)) is not None]


def view(pod: Pod) -> list[list[str]]:
    """CLUSTER NODES, as a server tells the health user."""
    if not pod.running:
        return []
    line = "REDISCLI_AUTH=$(cat /run/secrets/health) timeout 2 valkey-cli --tls --cacert /run/tls/ca.crt --user health CLUSTER NODES"
    lines = [line.split() for line in pod.run("sh", "-c", line).stdout.splitlines()]
    return [words for words in lines if len(words) >= 8]


def owns(pod: Pod) -> int:
    """How many slots a server says it has."""
    return sum(last - first + 1 for first, last in _ranges(pod))


def has(pod: Pod, slot: int) -> bool:
    """Whether a server says that it has a slot."""
    return any(first <= slot <= last for first, last in _ranges(pod))


def _ranges(pod: Pod) -> list[tuple[int, int]]:
    words = [word for own in view(pod) if "myself" in own[2] for word in own[8:] if not word.startswith("[")]
    ends = [word.partition("-") for word in words]
    return [(int(first), int(last or first)) for first, _, last in ends]


def owner(instance: Instance, shard: int) -> Pod:
    """The server that has the shard's slots."""
    instance.wait(f"one owner of shard {shard}", lambda: len(_owners(instance, shard)) == 1, seconds=PATIENCE)
    return _owners(instance, shard)[0]


def _owners(instance: Instance, shard: int) -> list[Pod]:
    return [pod for pod in instance.shards[shard] if owns(pod)]


def settle(instance: Instance) -> None:
    """Everything is ready, and every server sees every other."""
    instance.wait("all back", lambda: instance.all_ready() and _agreed(instance), seconds=PATIENCE)


def _agreed(instance: Instance) -> bool:
    views = [view(pod) for pod in instance.servers]
    known = {frozenset(words[0] for words in each) for each in views}
    linked = all(words[7] == "connected" and "fail" not in words[2] for each in views for words in each)
    return len(known) == 1 and len(next(iter(known))) == len(instance.servers) and linked


def kill_owner(instance: Instance, writers: Sequence[Writer], shard: int) -> float:
    """A node is lost with the primary of a shard; a new pod comes once writes go on."""
    old = owner(instance, shard)
    moment = time.time()
    old.kill()
    (took,) = first_acks(instance, [writers[shard]], moment)
    old.start()
    settle(instance)
    return took


def crash_owner(instance: Instance, writers: Sequence[Writer], shard: int) -> float:
    """The process dies, and the kubelet starts the container anew at once."""
    old = owner(instance, shard)
    before = instance.keys(old)
    moment = time.time()
    old.kill()
    old.restart_container()
    (took,) = first_acks(instance, [writers[shard]], moment)
    settle(instance)
    assert all(instance.keys(pod) >= before for pod in instance.shards[shard]), "a shard was emptied"
    return took


def delete_owner(instance: Instance, writers: Sequence[Writer], shard: int) -> float:
    """A drain: the hook hands over first. The longest pause of the shard's writes."""
    old = owner(instance, shard)
    moment = time.time()
    old.stop(grace=60)
    first_acks(instance, [writers[shard]], time.time())
    pause = longest_pause(writers[shard], moment)
    old.start()
    settle(instance)
    return pause


def longest_pause(writer: Writer, moment: float) -> float:
    ends = [a.ended for a in writer.acked() if a.ended > moment - 1]
    return max((later - earlier for earlier, later in itertools.pairwise(ends)), default=0.0)


def restart_all(instance: Instance, writers: Sequence[Writer]) -> float:
    """Every pod is killed at the same moment, the keeper too, and each comes back under another address."""
    for pod in instance.pods:
        pod.kill()
    moment = time.time()
    instance.start()
    took = max(first_acks(instance, writers, moment))
    settle(instance)
    return took


def wipe_owner(instance: Instance, writers: Sequence[Writer], shard: int, *, at_once: bool) -> float:
    """The primary of a shard loses its volume: the pod is back at once, or after another was elected."""
    old = owner(instance, shard)
    before = instance.keys(old)
    moment = time.time()
    old.kill()
    old.wipe()
    if at_once:
        old.start()
    (took,) = first_acks(instance, [writers[shard]], moment)
    if not at_once:
        old.start()
    settle(instance)
    assert all(instance.keys(pod) >= before for pod in instance.shards[shard]), "a shard was emptied"
    return took


def take_over(instance: Instance, writers: Sequence[Writer]) -> float:
    """A majority of the primaries is lost for good, and a person says so. Seconds from there to writes in every shard."""
    lost = [owner(instance, shard) for shard in (0, 1)]
    for pod in lost:
        pod.kill()
    time.sleep(15)
    assert not any(_owners(instance, shard) for shard in (0, 1)), "elected without a majority"
    moment = time.time()
    done = instance.bystander.run("sh", "/run/config/take-over.sh")
    assert done.returncode == 0, done.stderr
    took = max(first_acks(instance, writers, moment))
    for pod in lost:
        pod.start()
    settle(instance)
    return took


def spread(instance: Instance) -> subprocess.CompletedProcess[str]:
    """What a person runs after shards were added."""
    return instance.bystander.run("sh", "/run/config/spread-slots.sh", timeout=180)


def missing(instance: Instance, writer: Writer) -> list[int]:
    """Numbers that were acknowledged and that the shard's primary does not hold."""
    password = instance.binding(APP)["password"]
    slot = key_slot(writer.prefix.encode())
    host = next(pod for pod in instance.servers if has(pod, slot)).host
    numbers = [answer.number for answer in writer.acked()]
    lost: list[int] = []
    for start in range(0, len(numbers), 500):
        part = numbers[start : start + 500]
        keys = [f"{writer.prefix}{n}" for n in part]
        values = lines(instance, host, APP, password, "MGET", *keys).splitlines()
        assert len(values) == len(part), (host, values[:3])
        lost += [n for n, value in zip(part, values, strict=True) if value.strip('"') != str(n)]
    return lost


def drill(name: str, kills: int, place: Path) -> None:
    with Instance(name, sharded(), SERVERS.need() / ROOT, place) as instance:
        instance.start()
        told(f"{name}: founding", [instance.wait("all ready", instance.all_ready)])
        with writing(instance, place) as writers:
            shards = itertools.cycle(range(len(instance.shards)))
            told("killed", [kill_owner(instance, writers, next(shards)) for _ in range(kills)])
            told("crashed, container back at once", [crash_owner(instance, writers, next(shards)) for _ in range(6)])
            told("deleted, longest pause", [delete_owner(instance, writers, next(shards)) for _ in range(6)])
            told(
                "volume lost, back later",
                [wipe_owner(instance, writers, next(shards), at_once=False) for _ in range(3)],
            )
            told(
                "volume lost, back at once",
                [wipe_owner(instance, writers, next(shards), at_once=True) for _ in range(3)],
            )
            for writer in writers:
                writer.stop()
            _count("before all are restarted", instance, writers)
        with writing(instance, place / "again") as writers:
            told("all restarted", [restart_all(instance, writers)])
            for writer in writers:
                writer.stop()
            if name == "sessions":  # a cache has nothing to come back with
                _count("over the restart of all", instance, writers)


def _count(when: str, instance: Instance, writers: Sequence[Writer]) -> None:
    acked = [len(writer.acked()) for writer in writers]
    lost = [len(missing(instance, writer)) for writer in writers]
    print(f"{when}: acked {acked}, lost {lost}", flush=True)  # noqa: T201  # figures are its purpose


def main(kills: int) -> None:
    for name in ("cache", "sessions"):
        with tempfile.TemporaryDirectory(prefix="redis-drill") as folder:
            drill(name, kills, Path(folder))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
