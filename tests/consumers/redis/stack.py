"""The stack of the drill: the shipped production stack, and two more apps on its store."""

from __future__ import annotations

import copy
import functools
from typing import Any, Literal

from tests.kit.recording import Recording
from tests.stacks.shipped import run, values

APPS = "blocksight:app_services"
CACHES = "blocksight:redis_caches"
SMALL: dict[str, Any] = {
    "image": "example.com/app@sha256:" + "0" * 64,
    "ports": {"http": 8080},
    "probes": {"readiness": {"http": "/healthz"}},
    "replicas": 1,
}

Engine = Literal["valkey", "redis"]
ENGINES: tuple[Engine, ...] = ("valkey", "redis")


def _shipped(name: str, engine: Engine) -> dict[str, Any]:
    given: dict[str, Any] = copy.deepcopy(values(name))
    for cache in given[CACHES].values():
        cache["engine"] = engine
    return given


@functools.cache
def recording(engine: Engine = "valkey") -> Recording:
    """`api` comes through the proxies, `worker` asks the Sentinels, `report` may read what api writes."""
    given = _shipped("prod", engine)
    given[APPS]["worker"] = {
        **SMALL,
        "connects_to": [
            {"redis": "sessions", "keys": "job:*", "clients": 5},
            {"redis": "cache", "as": "CACHE", "keys": "job:*"},
        ],
    }
    given[APPS]["report"] = {
        **SMALL,
        "connects_to": [{"redis": "sessions", "keys": "session:*", "access": "read", "clients": 5}],
    }
    given["blocksight:environment"]["target"]["quota"] |= {"pods": 80, "cpu": "40", "memory": "96Gi"}
    return run("prod", given)


@functools.cache
def standalone(engine: Engine = "valkey") -> Recording:
    """Production with one server for its store."""
    given = _shipped("prod", engine)
    given[CACHES]["sessions"]["mode"] = "standalone"
    for connection in given[APPS]["api"]["connects_to"]:
        if connection.get("redis") == "sessions":
            del connection["via"]
    return run("prod", given)


@functools.cache
def on_docker(engine: Engine = "valkey") -> Recording:
    """The shipped development stack."""
    return run("dev", _shipped("dev", engine))


@functools.cache
def sharded(shards: int = 3) -> Recording:
    """Production with a sharded cache of six servers, and a sharded store of nine; `worker` and `api` write to both."""
    given: dict[str, Any] = copy.deepcopy(values("prod"))
    given[CACHES] = {
        "cache": {"mode": "cluster", "purpose": "cache", "memory": "256Mi", "shards": shards},
        "sessions": {"mode": "cluster", "purpose": "store", "memory": "256Mi", "storage": "1Gi", "replicas": 2},
    }
    for connection in given[APPS]["api"]["connects_to"]:
        if "redis" in connection:
            connection["multi_key"] = False
            connection.pop("via", None)
    given[APPS]["worker"] = {
        **SMALL,
        "connects_to": [
            {"redis": "sessions", "keys": "job:*", "clients": 5, "multi_key": False},
            {"redis": "cache", "as": "CACHE", "keys": "job:*", "multi_key": False},
        ],
    }
    given[APPS]["report"] = {
        **SMALL,
        "connects_to": [{"redis": "cache", "keys": "cache:*", "access": "read", "clients": 5, "multi_key": False}],
    }
    given["blocksight:environment"]["target"]["quota"] |= {
        "pods": 120,
        "cpu": "60",
        "memory": "128Gi",
        "volume_claims": 60,
    }
    return run("prod", given)
