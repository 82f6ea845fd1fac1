"""Loki's configuration: one process, files on one volume, retention by class. Pure.

A line's labels are `instance_name`, `level` and `class` (`audit` or `app`); request and trace ids are structured metadata,
since a label of many values makes a stream for each. https://grafana.com/docs/loki/latest/configure/
"""

from __future__ import annotations

from typing import Any

import yaml

from components.monitoring_stack import facts, sizing
from components.monitoring_stack.spec import LogsSpec

DATA_FOLDER = "/loki"
RULES_FOLDER = "/run/rules"
TENANT = "fake"
"""Loki's own name for the one tenant it has without authentication."""

FIRST_DAY = "2025-01-01"
"""From when the schema holds; before any line."""

MANY_ERRORS_PER_SECOND = 1


def configuration(spec: LogsSpec, *, alertmanager: str) -> str:
    """YAML text. `alertmanager` is the address that log-based alerts are sent to."""
    text: dict[str, Any] = {
        "auth_enabled": False,
        "server": {"http_listen_port": facts.LOKI.port, "log_level": "warn"},
        "common": {
            "path_prefix": DATA_FOLDER,
            "replication_factor": 1,
            "ring": {"kvstore": {"store": "inmemory"}, "instance_addr": "127.0.0.1"},
            "storage": {"filesystem": {"chunks_directory": f"{DATA_FOLDER}/chunks", "rules_directory": RULES_FOLDER}},
        },
        "schema_config": {
            "configs": [
                {
                    "from": FIRST_DAY,
                    "store": "tsdb",
                    "object_store": "filesystem",
                    "schema": "v13",
                    "index": {"prefix": "index_", "period": "24h"},
                }
            ]
        },
        "compactor": {
            "working_directory": f"{DATA_FOLDER}/compactor",
            "retention_enabled": True,  # off by default: lines would stay for ever
            "delete_request_store": "filesystem",
        },
        "limits_config": {
            "retention_period": _hours(spec.retention),
            "retention_stream": [
                {"selector": '{class="audit"}', "priority": 2, "period": _hours(spec.audit_retention)},
                {"selector": '{level="debug",class="app"}', "priority": 1, "period": _hours(spec.debug_retention)},
            ],
            "allow_structured_metadata": True,
            "max_label_names_per_series": 8,
            "reject_old_samples_max_age": "168h",
        },
        "ruler": {
            "storage": {"type": "local", "local": {"directory": RULES_FOLDER}},
            "rule_path": f"{DATA_FOLDER}/rules",
            "alertmanager_url": alertmanager,
            "enable_alertmanager_v2": True,
        },
        "analytics": {"reporting_enabled": False},
    }
    return yaml.safe_dump(text, sort_keys=False, width=1000)


def rules(runbooks: str, *, stack: str) -> str:
    """Alerts that only lines can tell. Prometheus puts its stack's name on what it sends; Loki must be told it here."""
    rule = {
        "alert": "LogsFullOfErrors",
        "expr": f'sum by (instance_name) (rate({{class="app",level="error"}}[10m])) > {MANY_ERRORS_PER_SECOND}',
        "for": "10m",
        "labels": {"severity": "warning", "component": facts.COMPONENT, "stack": stack},
        "annotations": {
            "summary": "{{ $labels.instance_name }} writes more than one error a second",
            "description": "Users may not feel it yet; what goes wrong is in the lines, by request id.",
            "runbook_url": f"{runbooks}/LogsFullOfErrors.md",
        },
    }
    return yaml.safe_dump({"groups": [{"name": "logs", "rules": [rule]}]}, sort_keys=False, width=1000)


def _hours(retention: str) -> str:
    """Whole days in hours: Loki drops by its daily index."""
    return f"{sizing.days(retention) * 24}h"
