"""Instances that run, each once for a module's tests."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.consumers.redis import stack
from tests.consumers.redis.apps import Writer
from tests.consumers.redis.drill import first_acks
from tests.consumers.redis.instance import Instance
from tests.consumers.servers import installed
from tests.kit.recording import Recording
from toolchain.consumers import machine


@pytest.fixture(scope="session")
def root() -> Path:
    """The root folder that has Valkey, Sentinel, HAProxy and the exporter."""
    if machine.kind() != "root":
        pytest.skip("servers: a pod needs namespaces of its own, and root")
    return installed()


@contextmanager
def running(name: str, recording: Recording, root: Path, folder: Path) -> Generator[Instance]:
    with Instance(name, recording, root, folder) as instance:
        instance.start()
        instance.wait("all ready", instance.all_ready)
        yield instance


@pytest.fixture(scope="module")
def store(root: Path, scratch: Path, request: pytest.FixtureRequest) -> Generator[Instance]:
    """The replicated store of production. Its parameter is the engine; absent: the one that is shipped."""
    with running(
        "sessions", stack.recording(getattr(request, "param", "valkey")), root, scratch / f"store-{time.monotonic_ns()}"
    ) as instance:
        yield instance


@pytest.fixture(scope="module")
def shards_of_a_store(root: Path, scratch: Path) -> Generator[Instance]:
    """Nine servers."""
    with running("sessions", stack.sharded(), root, scratch / f"shards-{time.monotonic_ns()}") as instance:
        yield instance


@pytest.fixture(scope="module")
def shards_of_a_cache(root: Path, scratch: Path) -> Generator[Instance]:
    """Six servers."""
    with running("cache", stack.sharded(), root, scratch / f"shards-{time.monotonic_ns()}") as instance:
        yield instance


@pytest.fixture(scope="module")
def writers(store: Instance, scratch: Path) -> Generator[dict[str, Writer]]:
    """Apps that write all the while: `api` through the proxies, `worker` by asking the Sentinels."""
    place = scratch / f"writers-{time.monotonic_ns()}"
    with (
        Writer(store, "api", "session:", place / "api") as api,
        Writer(store, "worker", "job:", place / "worker") as worker,
    ):
        first_acks(store, [api, worker], time.time())
        yield {"api": api, "worker": worker}
