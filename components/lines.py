"""Lines of logs: what a collector makes of one before it is stored, the same on every target. Pure.

Owns: the script that both collectors run (`lines.lua`: levels, ids, redaction), and how its records become streams of Loki.
Leaves where lines are read, and where they go, to the cluster layer on Kubernetes and to MonitoringStack on Docker.
https://docs.fluentbit.io/manual/pipeline/outputs/loki
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_suffix(".lua")

LEVELS = ("debug", "info", "warn", "error")
"""In their order. What tells no level is `warn` on standard error, and `info` else."""

LABELS = ("instance_name", "level", "class")
"""Labels of Loki's streams: few, each with few values. What tells more values is metadata of a line instead."""
METADATA = ("request_id", "trace_id")


def streams(labels: Sequence[str] = (), metadata: Sequence[str] = ()) -> dict[str, Any]:
    """Options of Fluent Bit's output. `labels` and `metadata` are the target's own, before the common ones."""
    labels, metadata = (*labels, *LABELS), (*metadata, *METADATA)
    return {
        "labels": ", ".join(f"{name}=${name}" for name in labels),
        "structured_metadata": ", ".join(f"{name}=${name}" for name in metadata),
        "remove_keys": ",".join((*labels, *metadata)),
        "drop_single_key": "raw",  # the line as it was written, but for what is redacted
    }
