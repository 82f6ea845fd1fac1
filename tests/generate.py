"""Writes what is generated and committed: `python -m tests.generate golden` and `python -m tests.generate docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from tests.cluster import shipped as cluster_layer
from tests.docs_tables import PAGES
from tests.kit.recording import Recording, Resource
from tests.stacks.shipped import STACKS, recorded

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden"
DOCS = ROOT / "docs"
CLUSTER_IDENTITIES = "cluster-identities.txt"


def identities() -> str:
    """Everything that must never change by accident: type, logical name, parent, and the physical name if there is one."""
    return _identities((stack, recorded(stack)) for stack in STACKS)


def _identities(recordings: Iterable[tuple[str, Recording]]) -> str:
    lines = [
        f"{stack} {resource.type} {resource.name} parent={(resource.parent or '-').rpartition('::')[2]} {physical(resource)}"
        for stack, recording in recordings
        for resource in recording.resources
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def cluster_identities() -> str:
    """Those of the cluster layer."""
    return _identities((stack, cluster_layer.recorded(stack)) for stack in cluster_layer.STACKS)


def physical(resource: Resource) -> str:
    """What the cluster or the daemon calls it; empty where the engine makes a name."""
    metadata = resource.inputs.get("metadata") or {}
    name = metadata.get("name") or (resource.inputs.get("name") if resource.type.startswith("docker:") else None)
    if name is None:
        return ""
    namespace = metadata.get("namespace")
    return f"name={namespace}/{name}" if namespace else f"name={name}"


def golden() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for stack in STACKS:
        (GOLDEN / f"{stack}.yaml").write_text(recorded(stack).as_yaml(), encoding="utf-8")
    (GOLDEN / "identities.txt").write_text(identities(), encoding="utf-8")
    (GOLDEN / CLUSTER_IDENTITIES).write_text(cluster_identities(), encoding="utf-8")


def docs() -> None:
    DOCS.mkdir(exist_ok=True)
    for name, text in PAGES.items():
        (DOCS / name).write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    {"golden": golden, "docs": docs}[sys.argv[1]]()
