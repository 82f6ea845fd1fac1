"""The collector of logs on Docker: Fluent Bit reads containers' files, cleans each line and hands it to Loki. Pure.

What is made of one line stands in `components/lines.lua`. On Kubernetes the cluster layer's agent runs it. https://docs.fluentbit.io/manual/pipeline/outputs/loki
"""

from __future__ import annotations

from typing import Any

import yaml

from components.folders import CONFIG_FOLDER
from components.lines import SCRIPT, streams
from components.monitoring_stack.facts import COLLECTOR, LOKI

CONTAINERS_FOLDER = "/var/lib/docker/containers"
POSITIONS_FOLDER = "/positions"

PARSERS = """\
[PARSER]
    Name docker
    Format json
    Time_Key time
    Time_Format %Y-%m-%dT%H:%M:%S.%L%z
"""


def files(prefix: str) -> dict[str, str]:
    """Configuration by file name. `prefix` is what the names of the stack's containers begin with."""
    return {
        "fluent-bit.yaml": yaml.safe_dump(_configuration(), sort_keys=False, width=1000),
        "parsers.conf": PARSERS,
        "lines.lua": f'PREFIX = "{prefix}"\n{SCRIPT.read_text(encoding="utf-8")}',
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
                {"name": "lua", "match": "docker", "script": f"{CONFIG_FOLDER}/lines.lua", "call": "of_docker"},
            ],
            "outputs": [
                {
                    "name": "loki",
                    "match": "docker",
                    "host": LOKI.name,
                    "port": LOKI.port,
                    **streams(),
                    "auto_kubernetes_labels": "off",
                    "retry_limit": 20,
                }
            ],
        },
    }
