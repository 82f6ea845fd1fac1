"""BlockSight's stacks with an app whose jobs and migrations push series, which no shipped stack has."""

from __future__ import annotations

import copy
import functools
from typing import Any

import topology
from tests.kit.recording import Recording
from tests.stacks import shipped


def values(stack: str) -> dict[str, Any]:
    """As shipped, and `api` pushes."""
    given = copy.deepcopy(shipped.values(stack))
    api = given["blocksight:app_services"]["api"]
    api.setdefault("metrics", {})["push"] = True
    if stack != "dev":
        api["jobs"] = {"prune": {"schedule": "15 3 * * *", "command": ["npm", "run", "prune"]}}
    return given


@functools.cache
def recorded(stack: str) -> Recording:
    """What such a stack registers."""
    return shipped.run(stack, values(stack))


@functools.cache
def topology_of(stack: str) -> topology.Topology:
    """Its topology."""
    return shipped.plan(stack, values(stack))
