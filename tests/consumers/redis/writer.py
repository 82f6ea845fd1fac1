"""An app that writes numbered keys one after another, and notes each answer: `python writer.py SETTINGS.json`.

A program of its own, as its host names must be answered by the instance's network. It ends when it is told to.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisClusterException, RedisError
from redis.retry import Retry
from redis.sentinel import Sentinel

PAUSE_SECONDS = 0.004
"""A few hundred writes a second, and time left for the servers on a machine of two cores."""


def client(settings: dict[str, Any]) -> Redis | RedisCluster:
    """As an app makes it from its variables; without retries, so that each failure is seen."""
    common: dict[str, Any] = {
        "username": settings["username"],
        "password": settings["password"],
        "ssl": True,
        "ssl_ca_certs": settings["ca"],
        "socket_timeout": 1.0,
        "socket_connect_timeout": 1.0,
        "retry": Retry(NoBackoff(), 0),
    }
    if "cluster-nodes" in settings:
        nodes = [ClusterNode(host, port) for host, port in _addresses(settings["cluster-nodes"])]
        return RedisCluster(startup_nodes=nodes, **common)
    if "sentinel-hosts" in settings:
        addresses = _addresses(settings["sentinel-hosts"])
        return Sentinel(addresses, sentinel_kwargs=common, **common).master_for(settings["master-name"])
    return Redis(host=settings["host"], port=int(settings["port"]), **common)


def _addresses(listed: str) -> list[tuple[str, int]]:
    return [(host, int(port)) for host, _, port in (each.rpartition(":") for each in listed.split(","))]


def main(settings: dict[str, Any]) -> None:
    server = client(settings)
    number = 0
    with Path(settings["notes"]).open("w", encoding="utf-8", buffering=1) as notes:
        while not Path(settings["stop"]).exists():
            began = time.time()
            try:
                server.set(f"{settings['prefix']}{number}", number)
            except (RedisError, RedisClusterException, OSError) as error:
                notes.write(f"failed {number} {began} {time.time()} {type(error).__name__} {str(error)[:80]!r}\n")
                time.sleep(0.05)
            else:
                notes.write(f"acked {number} {began} {time.time()}\n")
                number += 1
            time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
