"""What the log collector does: whose lines it reads, what it leaves out, where it puts them. Values for its chart.

Owns: the pipeline. What is made of one line stands in `components/lines.lua`. Lines of other namespaces than those of the
stacks that the file names are never read.
https://docs.fluentbit.io/manual/pipeline/outputs/loki
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from cluster.spec import LogsSpec
from components.lines import LEVELS, SCRIPT, streams

LABELS, METADATA = ("namespace",), ("pod", "container")
"""Beside those of every target. Pods come and go, so they are metadata of a line."""

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
                        "call": "of_kubernetes",
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
                    "merge_log": False,  # the script reads what it needs of a line
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
        **streams(LABELS, METADATA),
        "compress": "gzip",
        "storage.total_limit_size": "1G",
        "retry_limit": "no_limits",  # the limit of size drops the oldest
    }
