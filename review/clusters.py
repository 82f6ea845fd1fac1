"""Whether a context still leads to the cluster that a stack is for.

Owns: the question. The uid of the namespace kube-system names a cluster, whatever its address.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from review.values import text

PROVIDER = "pulumi:providers:kubernetes"


def others(resources: Iterable[tuple[str, str, Mapping[str, Any]]], folder: Path) -> Iterator[str]:
    """Of type, name and inputs: a line for every provider that leads elsewhere, or can't be asked."""
    for kind, name, inputs in resources:
        if kind != PROVIDER or name.startswith("default_"):
            continue
        wanted = text(inputs.get("clusterIdentifier"))
        command = ["kubectl", "--context", text(inputs.get("context"))]
        command += ["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"]
        found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if found.returncode != 0:
            yield f"the cluster of {name} can't be asked who it is: {found.stderr.strip()[:200]}"
        elif wanted and found.stdout.strip() != wanted:
            yield f"{name} leads to the cluster {found.stdout.strip()}, the stack is for {wanted}"
