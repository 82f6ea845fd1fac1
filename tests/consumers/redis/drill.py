"""The failover drill, as a program that prints figures: `python -m tests.consumers.redis.drill [KILLS [ENGINE]]`. Tests use its parts."""

from __future__ import annotations

import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from components.redis_cache import configuration
from tests.consumers.redis.apps import Writer, ask, missing
from tests.consumers.redis.instance import Instance
from tests.consumers.redis.pods import Pod
from tests.consumers.redis.stack import Engine, recording
from toolchain.consumers.servers import ROOT, SERVERS

DOWN_AFTER_SECONDS = configuration.DOWN_AFTER_MS / 1000
"""Writes that pause for less did not wait until the primary was missed."""

PATIENCE = 60
"""Seconds for a failover on a machine that is busy with other things."""


def first_acks(instance: Instance, writers: Sequence[Writer], moment: float) -> list[float]:
    """For each writer, the seconds to its first acknowledged write."""
    instance.wait("a write", lambda: all(w.first_after(moment) is not None for w in writers), seconds=PATIENCE)
    return [found for w in writers if (found := w.first_after(moment)) is not None]


def the_primary(instance: Instance) -> Pod:
    instance.wait("one primary", lambda: len(instance.primaries()) == 1, seconds=PATIENCE)
    return instance.primaries()[0]


def kill_primary(instance: Instance, writers: Sequence[Writer]) -> list[float]:
    """A node is lost; a new pod comes once writes go on."""
    old = the_primary(instance)
    moment = time.time()
    old.kill()
    times = first_acks(instance, writers, moment)
    old.start()
    instance.wait("all back", instance.all_ready, seconds=PATIENCE)
    assert the_primary(instance) is not old
    return times


def crash_primary(instance: Instance, writers: Sequence[Writer]) -> list[float]:
    """The process dies, and the kubelet starts the container anew at once."""
    old = the_primary(instance)
    moment = time.time()
    old.kill()
    old.restart_container()
    times = first_acks(instance, writers, moment)
    instance.wait("all back", instance.all_ready, seconds=PATIENCE)
    return times


def delete_primary(instance: Instance, writers: Sequence[Writer]) -> list[float]:
    """A drain: the hook hands over first."""
    old = the_primary(instance)
    moment = time.time()
    old.stop(grace=60)
    times = first_acks(instance, writers, moment)
    old.start()
    instance.wait("all back", instance.all_ready, seconds=PATIENCE)
    assert the_primary(instance) is not old
    return [max((gap for gap in _gaps(w, moment)), default=0.0) for w in writers] or times


def _gaps(writer: Writer, moment: float) -> list[float]:
    """Pauses between acknowledged writes around a moment and after it."""
    ends = [a.ended for a in writer.acked() if a.ended > moment - 1]
    return [later - earlier for earlier, later in itertools.pairwise(ends)]


def restart_all(instance: Instance, writers: Sequence[Writer]) -> list[float]:
    """Every node loses its power at the same moment."""
    the_primary(instance)
    for pod in instance.pods:
        pod.kill()
    moment = time.time()
    instance.start()
    times = first_acks(instance, writers, moment)
    instance.wait("all back", instance.all_ready, seconds=PATIENCE)
    return times


def wipe_primary(instance: Instance, writers: Sequence[Writer], *, at_once: bool) -> list[float]:
    """The primary comes back without its data: at once, or after another has taken over."""
    old = the_primary(instance)
    before = instance.keys(old)
    assert before > 0
    moment = time.time()
    old.kill()
    if old.claim.exists():
        old.wipe()
    if at_once:
        old.restart_container()
    times = first_acks(instance, writers, moment)
    if not at_once:
        old.start()
    instance.wait("all back", instance.all_ready, seconds=PATIENCE)
    assert the_primary(instance) is not old
    assert all(instance.keys(pod) >= before for pod in instance.servers)
    return times


def freeze_primary(instance: Instance, writers: Sequence[Writer], seconds: float) -> tuple[list[float], int, float]:
    """The primary stops for a while and goes on. First acks, writes that the old one then accepted, seconds it led on."""
    old = the_primary(instance)
    user = instance.binding("api")
    moment = time.time()
    old.pause()
    times = first_acks(instance, writers, moment)
    time.sleep(max(0.0, seconds - (time.time() - moment)))
    old.resume()
    resumed, accepted, led = time.time(), 0, 0.0
    while time.time() - resumed < 15:
        answer = ask(instance, old.host, "api", user["password"], "SET", "session:stray", "1")
        accepted += answer == "OK"
        if "READONLY" in answer:
            break
        led = time.time() - resumed
    instance.wait("all back", instance.all_ready, seconds=PATIENCE)
    assert the_primary(instance) is not old
    return times, accepted, led


def told(title: str, times: Sequence[float]) -> None:
    print(  # noqa: T201  # figures are its purpose
        f"{title}: median {statistics.median(times):.2f} s, worst {max(times):.2f} s, n={len(times)}", flush=True
    )


def lost(instance: Instance, writers: dict[str, Writer]) -> dict[str, int]:
    return {app: len(missing(instance, writer, app)) for app, writer in writers.items()}


def main(kills: int, engine: Engine) -> None:
    with tempfile.TemporaryDirectory(prefix="redis-drill") as folder:
        place = Path(folder)
        with Instance("sessions", recording(engine), SERVERS.need() / ROOT, place) as instance:
            instance.start()
            told("founding", [instance.wait("all ready", instance.all_ready)])
            with (
                Writer(instance, "api", "session:", place / "api") as api,
                Writer(instance, "worker", "job:", place / "worker") as worker,
            ):
                writers = [api, worker]
                first_acks(instance, writers, time.time())
                runs = [kill_primary(instance, writers) for _ in range(kills)]
                told("killed, through the proxies", [times[0] for times in runs])
                told("killed, with Sentinel", [times[1] for times in runs])
                runs = [crash_primary(instance, writers) for _ in range(5)]
                told("crashed, container back at once", [t for times in runs for t in times])
                runs = [delete_primary(instance, writers) for _ in range(5)]
                told("deleted, longest pause", [t for times in runs for t in times])
                told("all restarted", restart_all(instance, writers))
                told("came back empty, later", wipe_primary(instance, writers, at_once=False))
                told("came back empty, at once", wipe_primary(instance, writers, at_once=True))
                times, accepted, led = freeze_primary(instance, writers, 20)
                told("frozen", times)
                print(f"resumed: {accepted} writes accepted by the old one, which led on for {led:.1f} s")  # noqa: T201  # figures are its purpose
                api.stop()
                worker.stop()
                acked = {"api": len(api.acked()), "worker": len(worker.acked())}
                print("acked", acked, "lost", lost(instance, {"api": api, "worker": worker}))  # noqa: T201  # figures are its purpose


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, "redis" if "redis" in sys.argv else "valkey")
