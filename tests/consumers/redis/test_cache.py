"""A replicated cache has no file to come back with: an empty primary must not empty its replicas."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.consumers.redis import drill, stack
from tests.consumers.redis.apps import Writer
from tests.consumers.redis.conftest import running
from tests.consumers.redis.instance import Instance


@pytest.fixture(scope="module", params=stack.ENGINES)
def cache(root: Path, scratch: Path, request: pytest.FixtureRequest) -> Generator[Instance]:
    with running("cache", stack.recording(request.param), root, scratch / f"cache-{request.param}") as instance:
        yield instance


@pytest.fixture(scope="module")
def worker(cache: Instance, scratch: Path) -> Generator[Writer]:
    with Writer(cache, "worker", "job:", scratch / f"cache-worker-{cache.engine}") as writer:
        drill.first_acks(cache, [writer], time.time())
        yield writer


def test_a_crashed_primary_waits_until_another_is_named(cache: Instance, worker: Writer) -> None:
    old = drill.the_primary(cache)
    drill.wipe_primary(cache, [worker], at_once=True)
    assert "waiting until another is named" in old.log()


def test_when_all_are_lost_it_begins_anew(cache: Instance, worker: Writer) -> None:
    drill.restart_all(cache, [worker])
    assert len(cache.primaries()) == 1
