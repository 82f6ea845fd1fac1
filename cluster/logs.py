"""What the log collector does: whose lines it reads, what it leaves out, where it puts them. Values for its chart.

Owns: the pipeline. What is made of one line stands in `logs.lua`, which a floor-3 test runs. Lines of other namespaces
than those of the stacks that the file names are never read.
https://docs.fluentbit.io/manual/pipeline/outputs/loki
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cluster.spec import LogsSpec

SCRIPT = Path(__file__).with_suffix(".lua")

LABELS = ("namespace", "instance_name", "level", "class")
"""Labels of Loki's streams: few, each with few values, and those that the collector on Docker gives. Pods come and go, so
they are metadata of a line instead."""
METADATA = ("pod", "container", "request_id", "trace_id")

LEVELS = ("debug", "info", "warn", "error")
"""In their order. What tells no level is `warn` on standard error, and `info` else."""

FILES = "/var/log/containers"
"""Where the kubelet links the logs of containers, as POD_NAMESPACE_CONTAINER-ID.log."""


def values(stores: Mapping[str, LogsSpec]) -> dict[str, Any]:
    """For the chart: one input and one output per stack, so that a store that is away holds up no other."""
    return {
        "storage": {"enabled": True},  # lines and offsets outlive a restart of the collector
        "luaScripts": {SCRIPT.name: SCRIPT.read_text(encoding="utf-8")},
        "config": {
            "pipeline": {
                "inputs": [_input(prefix, stores[prefix]) for prefix in sorted(stores)],
                "filters": [
                    {
                        "name": "lua",
                        "match": "kube.*",
                        "script": f"/fluent-bit/scripts/{SCRIPT.name}",
                        "call": "shape",
                        "time_as_table": True,
                    },
                    *(rule for prefix in sorted(stores) for rule in _drops(prefix, stores[prefix])),
                ],
                "outputs": [_output(prefix, stores[prefix]) for prefix in sorted(stores)],
            }
        },
    }


def _input(prefix: str, spec: LogsSpec) -> dict[str, Any]:
    spaces = (prefix, f"{prefix}-monitoring", f"{prefix}-x-*")
    return {
        "name": "tail",
        "alias": prefix,
        "path": ",".join(f"{FILES}/*_{space}_*.log" for space in spaces),
        "exclude_path": _of_the_store(spec, prefix),
        "tag_regex": r"(?<pod_name>[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)_(?<namespace_name>[^_]+)_(?<container_name>.+)-",
        "tag": "kube.<namespace_name>.<pod_name>.<container_name>",
        "read_from_head": True,
        "multiline.parser": "cri",
        "buffer_max_size": "256k",
        "skip_long_lines": True,
        "skip_empty_lines": True,
        "storage.type": "${STORAGE_TYPE_PREFER_FS}",
        "db": f"${{STORAGE_PATH}}/{prefix}.db",
        "processors": {
            "logs": [
                {
                    "name": "kubernetes",
                    "kube_tag_prefix": "kube.",
                    "regex_parser": "kubernetes-tag",  # the chart's
                    "annotations": False,
                    "merge_log": True,
                    "merge_log_key": "fields",
                    # No pod chooses how it is read, or that it is not.
                    "k8s-logging.parser": False,
                    "k8s-logging.exclude": False,
                }
            ]
        },
    }


def _of_the_store(spec: LogsSpec, prefix: str) -> str:
    """Its own lines: one about each line that it takes would never end. Its pods start with the name of its Service."""
    service, *rest = str(urlsplit(spec.push).hostname).split(".")
    return f"{FILES}/{service}-*_{rest[0] if rest else prefix}_*.log"


def _of(prefix: str) -> str:
    """Tags of a stack's lines."""
    return rf"^kube\.{prefix}(-monitoring|-x-[^.]+)?\."


def _drops(prefix: str, spec: LogsSpec) -> Iterator[dict[str, Any]]:
    below = LEVELS[: LEVELS.index(spec.least)]
    levels = [f"level ^({'|'.join(below)})$"] if below else []
    rules = [*levels, *(f"line {pattern}" for pattern in spec.drop)]
    for rule in rules:
        yield {"name": "grep", "match_regex": _of(prefix), "exclude": rule}


def _output(prefix: str, spec: LogsSpec) -> dict[str, Any]:
    url = urlsplit(spec.push)
    tls = url.scheme == "https"
    return {
        "name": "loki",
        "alias": prefix,
        "match_regex": _of(prefix),
        "host": url.hostname,
        "port": url.port if url.port is not None else (443 if tls else 80),
        "uri": url.path,
        "tls": tls,
        "labels": ", ".join(f"{name}=${name}" for name in LABELS),
        "structured_metadata": ", ".join(f"{name}=${name}" for name in METADATA),
        "remove_keys": ",".join((*LABELS, *METADATA)),
        "drop_single_key": "raw",  # the line as it was written, but for what is redacted
        "compress": "gzip",
        "storage.total_limit_size": "1G",
        "retry_limit": "no_limits",  # the limit of size drops the oldest
    }
