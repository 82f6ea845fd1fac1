"""Runs the real program of the cluster layer with its real stack files, without an engine."""

from __future__ import annotations

import functools
import json
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.kit.recording import Recording, record

ROOT = Path(__file__).parents[2]
PROJECT = "slipway-cluster"
STACKS = ("prod", "staging")


@functools.cache
def recorded(stack: str) -> Recording:
    """What a shipped stack registers."""
    text = (ROOT / "cluster" / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    return run(stack, yaml.safe_load(text)["config"])


def run(stack: str, given: Mapping[str, Any]) -> Recording:
    """The program with any values, handed over as the engine does."""
    return record(
        lambda: runpy.run_path(str(ROOT / "cluster" / "__main__.py"), run_name="__main__"),
        project=PROJECT,
        stack=stack,
        config={key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()},
        root=ROOT / "cluster",
    )
