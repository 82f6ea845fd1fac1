"""The stack of the drill: the shipped production stack, and two more apps on its store."""

from __future__ import annotations

import copy
import functools
from typing import Any

from tests.kit.recording import Recording
from tests.stacks.shipped import run, values

APPS = "blocksight:app_services"
SMALL: dict[str, Any] = {
    "image": "example.com/app@sha256:" + "0" * 64,
    "ports": {"http": 8080},
    "probes": {"readiness": {"http": "/healthz"}},
    "replicas": 1,
}


@functools.cache
def recording() -> Recording:
    """`api` comes through the proxies, `worker` asks the Sentinels, `report` may read what api writes."""
    given: dict[str, Any] = copy.deepcopy(values("prod"))
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
def standalone() -> Recording:
    """Production with one server for its store."""
    given: dict[str, Any] = copy.deepcopy(values("prod"))
    given["blocksight:redis_caches"]["sessions"]["mode"] = "standalone"
    for connection in given[APPS]["api"]["connects_to"]:
        if connection.get("redis") == "sessions":
            del connection["via"]
    return run("prod", given)


@functools.cache
def sharded(shards: int = 3) -> Recording:
    """Production with a sharded cache of six servers, and a sharded store of nine; `worker` and `api` write to both."""
    given: dict[str, Any] = copy.deepcopy(values("prod"))
    given["blocksight:redis_caches"] = {
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
