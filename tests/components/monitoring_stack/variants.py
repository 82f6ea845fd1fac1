"""A monitoring as stack files can have it, on both targets, each rendered by the real program from a shipped stack."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator
from typing import Any

import yaml

from components.monitoring_stack.alerting import AlertingSpec
from tests.kit.recorded import plain
from tests.kit.recording import Recording
from tests.stacks.shipped import PROJECT, SECRETS, run, values

PREFIX = {"docker": "blocksight-dev", "kubernetes": "blocksight-prod"}

RECEIVERS: dict[str, dict[str, Any]] = {
    "chat": {"kind": "slack", "url": {"secret": "slack_url"}, "channel": "#shop"},
    "desk": {"kind": "teams", "url": {"secret": "teams_url"}, "resolved": False},
    "hook": {"kind": "webhook", "url": {"secret": "hook_url"}},
    "incidents": {
        "kind": "incident_io",
        "url": "https://api.incident.io/v2/alert_events/alertmanager/01ABC",
        "token": {"secret": "incident_io_token"},
    },
    "mail": {
        "kind": "email",
        "to": ["oncall@example.com", "desk@example.com"],
        "sender": "alerts@example.com",
        "server": "smtp.example.com:587",
        "username": "alerts",
        "password": {"secret": "smtp_password"},
    },
    "pager": {"kind": "pagerduty", "routing_key": {"secret": "pagerduty_key"}},
}
"""One of each kind."""

ALERTS: dict[str, Any] = {
    "receivers": RECEIVERS,
    "routes": {"critical": ["pager", "incidents", "chat"], "warning": ["chat", "mail"]},
    "teams": {
        "data": {"owns": ["main", "cache"], "routes": {"critical": ["pager"], "warning": ["desk"], "info": ["hook"]}},
        "product": {"owns": ["api"], "routes": {"warning": ["hook"]}},
    },
    "working_hours": {"location": "Europe/Berlin"},
    "dead_mans_switch": {"url": {"secret": "heartbeat_url"}, "every": "1m"},
    "repeat": "2h",
}
"""Everything that can be said of who is told."""

TOLD = {
    name: f"https://{name.replace('_', '-')}.example.com/placeholder"
    for _, name in AlertingSpec.model_validate(ALERTS).secrets()
}
"""What the stack file's secrets hold, by name."""

OIDC = {
    "authorize_url": "https://id.example.com/authorize",
    "token_url": "https://id.example.com/token",
    "userinfo_url": "https://id.example.com/userinfo",
    "client_id": "grafana",
    "client_secret": {"secret": "grafana_client_secret"},
    "viewers": ["staff"],
}

BASE = {"docker": "dev", "kubernetes": "prod"}
VARIANTS: dict[str, dict[str, Any]] = {
    "as shipped": {},
    "everybody is told": {"alerts": ALERTS},
    "nobody is told": {"alerts": {}},
    "logged in elsewhere": {"dashboards": {"oidc": OIDC}},
    "without logs": {"logs": None},
    "unprotected": {"deletion_protection": False},
    "alone": {"metrics": {"replicas": 1}, "alertmanagers": 1},
}
"""Fields of `monitoring` that differ from what is shipped."""


@functools.cache
def rendered(variant: str, target: str) -> Recording:
    """What the program registers."""
    given = copy.deepcopy(values(BASE[target]))
    given[f"{PROJECT}:secrets"] = {**SECRETS, **TOLD}
    given[f"{PROJECT}:monitoring"] |= VARIANTS[variant]
    return run(BASE[target], given)


def alertmanager(variant: str, target: str) -> dict[str, Any]:
    """Alertmanager's configuration."""
    if target == "docker":
        return yaml.safe_load(files(variant, "alertmanager")["/run/config/alertmanager.yml"])
    secret = rendered(variant, target).one("Secret", "monitoring-alertmanager-config")
    return yaml.safe_load(plain(secret.inputs["stringData"])["alertmanager.yaml"])


def files(variant: str, program: str) -> dict[str, str]:
    """Docker: what a program is given, by path."""
    writer = rendered(variant, "docker").one("Container", f"monitoring-{program}-files")
    return {upload["file"]: upload["content"] for upload in plain(writer.inputs["uploads"])}


def container(variant: str, program: str) -> dict[str, Any]:
    """Docker: how a program is run."""
    return dict(rendered(variant, "docker").one("Container", f"monitoring-{program}-container").inputs)


def pods(variant: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kubernetes: pods of our own making, by their program."""
    for kind in ("Deployment", "StatefulSet"):
        for resource in rendered(variant, "kubernetes").of_type(kind):
            if resource.name.startswith("monitoring-"):
                template = resource.inputs["spec"]["template"]
                yield template["metadata"]["labels"]["app.kubernetes.io/name"], template["spec"]


def operated(variant: str, kind: str) -> dict[str, Any]:
    """Kubernetes: the spec of an object that the operator runs."""
    return rendered(variant, "kubernetes").one(kind, f"monitoring-{kind.lower()}").inputs["spec"]
