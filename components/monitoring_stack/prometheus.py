"""Prometheus' own files on Docker, and the rules on every target. Pure.

https://prometheus.io/docs/prometheus/latest/configuration/configuration/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from components import telemetry_rules
from components.monitoring_stack import blackbox
from components.monitoring_stack.facts import ALERTMANAGER, BLACKBOX
from components.monitoring_stack.spec import MonitoringSpec
from components.telemetry import Scrape, TargetKind, Telemetry
from components.telemetry_rules import Group

CONFIG_FOLDER = "/run/config"
TARGETS_FILE = f"{CONFIG_FOLDER}/targets.json"
PROBES_FILE = f"{CONFIG_FOLDER}/probes.json"
RULES_FILE = f"{CONFIG_FOLDER}/rules.yml"


def groups(spec: MonitoringSpec, telemetry: Sequence[Telemetry], target: TargetKind) -> list[Group]:
    """Every rule of a stack."""
    return telemetry_rules.groups(telemetry, target, runbooks=spec.runbooks)


def files(spec: MonitoringSpec, telemetry: Sequence[Telemetry], *, stack: str) -> dict[str, str]:
    """Docker: configuration, rules and what is scraped, by file name. `stack` is a label of everything that leaves."""
    scrapes = [scrape for one in telemetry for scrape in one.scrapes]
    return {
        "prometheus.yml": _dump(_configuration(spec, stack)),
        "rules.yml": _dump({"groups": groups(spec, telemetry, "docker")}),
        "targets.json": _json([_target(scrape) for scrape in scrapes]),
        "probes.json": _json(list(_probes(telemetry))),
    }


def _configuration(spec: MonitoringSpec, stack: str) -> dict[str, Any]:
    interval = spec.metrics.scrape_interval
    return {
        "global": {
            "scrape_interval": interval,
            "evaluation_interval": interval,
            "scrape_timeout": f"{min(10, spec.metrics.interval_seconds)}s",
            "external_labels": {"stack": stack},
        },
        "rule_files": [RULES_FILE],
        "alerting": {
            "alertmanagers": [{"static_configs": [{"targets": [f"{ALERTMANAGER.name}:{ALERTMANAGER.port}"]}]}]
        },
        "scrape_configs": [
            # Labels that an endpoint sets itself give way to ours, but for the push gateway, whose jobs have gone.
            {
                "job_name": "components",
                "file_sd_configs": [{"files": [TARGETS_FILE]}],
                "relabel_configs": [{"source_labels": ["job"], "regex": "pushgateway", "action": "drop"}],
            },
            {
                "job_name": "pushed",
                "honor_labels": True,
                "file_sd_configs": [{"files": [TARGETS_FILE]}],
                "relabel_configs": [{"source_labels": ["job"], "regex": "pushgateway", "action": "keep"}],
            },
            {
                "job_name": "probes",
                "metrics_path": "/probe",
                "file_sd_configs": [{"files": [PROBES_FILE]}],
                "relabel_configs": [
                    {"source_labels": ["__address__"], "target_label": "__param_target"},
                    {"target_label": "__address__", "replacement": f"{BLACKBOX.name}:{BLACKBOX.port}"},
                ],
            },
        ],
    }


def _target(scrape: Scrape) -> dict[str, Any]:
    labels = {"job": scrape.job, "instance_name": scrape.instance, "__metrics_path__": scrape.path}
    return {"targets": [f"{scrape.host}:{scrape.port}"], "labels": {**labels, "__scheme__": scrape.scheme}}


def _probes(telemetry: Sequence[Telemetry]) -> Iterator[dict[str, Any]]:
    for asked in blackbox.questions(telemetry):
        probe = asked.probe
        labels = {
            "__param_module": asked.module,
            "instance_name": probe.instance,
            "instance": probe.server_name or probe.target,
            "vantage": probe.vantage,
        }
        yield {"targets": [probe.target], "labels": labels}


def _dump(text: Any) -> str:
    return yaml.safe_dump(text, sort_keys=False, width=10_000)


def _json(text: Any) -> str:
    return json.dumps(text, indent=2) + "\n"
