"""The blackbox exporter's questions: modules by what is asked, probes by where. Pure.

https://github.com/prometheus/blackbox_exporter/blob/v0.28.0/CONFIGURATION.md
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from components.telemetry import BlackboxProbe, TargetKind, Telemetry

TIMEOUT = "5s"

Module = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """A probe, and the module by which it is asked."""

    probe: BlackboxProbe
    module: str


def questions(telemetry: Iterable[Telemetry]) -> Iterator[Question]:
    """Every probe of a stack."""
    for one in telemetry:
        for probe in one.probes:
            host = re.sub(r"[^a-z0-9]", "_", probe.server_name)
            yield Question(probe, f"{probe.module}_{host}" if host else probe.module)


def configuration(telemetry: Iterable[Telemetry], target: TargetKind) -> str:
    """YAML text with a module for each way of asking."""
    modules = {asked.module: _module(asked.probe, target) for asked in questions(telemetry)}
    return yaml.safe_dump({"modules": dict(sorted(modules.items()))}, width=1000)


def _module(probe: BlackboxProbe, target: TargetKind) -> Module:
    # Local certificates come from an authority that only this machine's browsers were told of.
    tls: Module = {"insecure_skip_verify": True} if target == "docker" else {}
    if probe.server_name:
        tls["server_name"] = probe.server_name
    common: Module = {"preferred_ip_protocol": "ip4"}
    if tls:
        common["tls_config"] = tls
    match probe.module:
        case "http_2xx":
            headers = {"headers": {"Host": probe.server_name}} if probe.server_name else {}
            return {"prober": "http", "timeout": TIMEOUT, "http": {**common, **headers}}
        case "tls_connect":
            return {"prober": "tcp", "timeout": TIMEOUT, "tcp": {**common, "tls": True}}
        case "tls_dates":
            blind: Module = {**common, "tls_config": {"insecure_skip_verify": True}}
            return {"prober": "tcp", "timeout": TIMEOUT, "tcp": {**blind, "tls": True}}
        case "tcp_connect":
            return {"prober": "tcp", "timeout": TIMEOUT, "tcp": {"preferred_ip_protocol": "ip4"}}
