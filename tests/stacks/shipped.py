"""Runs the real program with the real stack files, without an engine."""

from __future__ import annotations

import functools
import json
import runpy
from pathlib import Path
from typing import Any

import yaml

import config
import topology
from stack_file import PROJECT_FILE, StackFile
from tests.kit.recording import Recording, record

ROOT = Path(__file__).parents[2]
PROJECT = "blocksight"
STACKS = ("dev", "prod", "staging")
SECRETS = {
    "backup_access_key": "placeholder-of-backup-access-key",
    "backup_secret_key": "placeholder-of-backup-secret-key",
    "coin_api_key": "placeholder-of-coin-api-key",
    "grafana_client_secret": "placeholder-of-grafana-client-secret",
    "heartbeat_url": "placeholder-of-heartbeat-url",
    "pagerduty_key": "placeholder-of-pagerduty-key",
    "slack_url": "placeholder-of-slack-url",
}
"""What a person sets before `pulumi up`; the shipped files hold none."""


@functools.cache
def recorded(stack: str) -> Recording:
    """What a shipped stack registers."""
    return run(stack, values(stack))


@functools.cache
def topology_of(stack: str) -> topology.Topology:
    """The topology of a shipped stack."""
    return plan(stack, values(stack))


def plan(stack: str, given: dict[str, Any]) -> topology.Topology:
    """The topology of a stack with any values."""
    text = (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    file = StackFile(f"Pulumi.{stack}.yaml", text, PROJECT, (ROOT / PROJECT_FILE).read_text(encoding="utf-8"))
    return topology.plan(config.parse(PROJECT, stack, file, given))


def values(stack: str) -> dict[str, Any]:
    """A shipped stack file's values, with its secrets set."""
    shared = yaml.safe_load((ROOT / PROJECT_FILE).read_text(encoding="utf-8")).get("config", {})
    given = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]
    return {
        **{f"{PROJECT}:{key}": declared["value"] for key, declared in shared.items()},
        **given,
        f"{PROJECT}:secrets": SECRETS,
    }


def run(stack: str, given: dict[str, Any]) -> Recording:
    """The program with any values, handed over as the engine does."""
    text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()}
    return record(
        lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"),
        project=PROJECT,
        stack=stack,
        config=text,
        secret_keys=[f"{PROJECT}:secrets"],
        root=ROOT,
    )
