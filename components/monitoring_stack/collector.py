"""The collector of logs on Docker: Fluent Bit reads containers' files, cleans each line and hands it to Loki. Pure.

On Kubernetes the cluster layer's agent does so. https://docs.fluentbit.io/manual/pipeline/outputs/loki
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from components.monitoring_stack.facts import COLLECTOR, LOKI

CONFIG_FOLDER = "/run/config"
CONTAINERS_FOLDER = "/var/lib/docker/containers"
POSITIONS_FOLDER = "/positions"
SCRIPT = Path(__file__).parent / "scripts" / "lines.lua"

PARSERS = """\
[PARSER]
    Name docker
    Format json
    Time_Key time
    Time_Format %Y-%m-%dT%H:%M:%S.%L%z
[PARSER]
    Name fields
    Format json
"""


def files(prefix: str) -> dict[str, str]:
    """Configuration by file name. `prefix` is what the names of the stack's containers begin with."""
    script = SCRIPT.read_text(encoding="utf-8")
    return {
        "fluent-bit.yaml": yaml.safe_dump(_configuration(), sort_keys=False, width=1000),
        "parsers.conf": PARSERS,
        "lines.lua": f'PREFIX = "{prefix}"\n{script}',
    }


def _configuration() -> dict[str, Any]:
    return {
        "service": {
            "flush": 2,
            "log_level": "warn",
            "parsers_file": f"{CONFIG_FOLDER}/parsers.conf",
            "http_server": "on",
            "http_listen": "0.0.0.0",  # noqa: S104  # its own container's
            "http_port": COLLECTOR.port,
        },
        "pipeline": {
            "inputs": [
                {
                    "name": "tail",
                    "tag": "docker",
                    "path": f"{CONTAINERS_FOLDER}/*/*-json.log",
                    "parser": "docker",
                    "db": f"{POSITIONS_FOLDER}/tail.db",
                    "mem_buf_limit": "16M",
                    "skip_long_lines": "on",
                    "refresh_interval": 5,
                }
            ],
            "filters": [
                {
                    "name": "parser",
                    "match": "docker",
                    "key_name": "log",
                    "parser": "fields",
                    "reserve_data": "on",
                    "preserve_key": "on",
                },
                {"name": "lua", "match": "docker", "script": f"{CONFIG_FOLDER}/lines.lua", "call": "line"},
            ],
            "outputs": [
                {
                    "name": "loki",
                    "match": "docker",
                    "host": LOKI.name,
                    "port": LOKI.port,
                    # Few and bounded: each further value of a label is a stream of its own.
                    "labels": "instance_name=$instance_name, level=$level, class=$class",
                    "structured_metadata": "request_id=$request_id, trace_id=$trace_id",
                    "remove_keys": "instance_name, class",
                    "line_format": "json",
                    "auto_kubernetes_labels": "off",
                    "retry_limit": 20,
                }
            ],
        },
    }
