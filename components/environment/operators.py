"""The operators that a stack leans on: how their pods are found, and what stops while one of them is away. Pure.

A stack asks of each only whether it answers. What an operator tells of all its work is the cluster's business, and every
stack would store it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from components.telemetry import Severity


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One row."""

    title: str
    """As people know it."""
    labels: Mapping[str, str]
    """Of its pods, as its own chart gives them."""
    stops: str
    """What no longer happens without it."""
    severity: Severity
    scheme: Literal["http", "https"] = "http"


OPERATORS: Mapping[str, Operator] = {
    "cert_manager": Operator(
        title="cert-manager",
        labels={"app.kubernetes.io/name": "cert-manager", "app.kubernetes.io/component": "controller"},
        stops="No certificate is made or renewed; those that are there last for days or weeks.",
        severity="warning",
    ),
    "cloudnative_pg": Operator(
        title="CloudNativePG",
        labels={"app.kubernetes.io/name": "cloudnative-pg"},
        stops="A primary that is lost is not replaced, no backup starts, and nothing that is changed takes effect.",
        severity="critical",
    ),
    "envoy_gateway": Operator(
        title="Envoy Gateway",
        labels={"control-plane": "envoy-gateway"},
        stops="Proxies go on with what they know: they do not learn where new pods are, so that the next rollout is an outage.",
        severity="critical",
    ),
    "keda": Operator(
        title="KEDA",
        labels={"app": "keda-operator"},
        stops="Apps that scale by a queue keep the replicas that they have, whatever waits.",
        severity="warning",
    ),
    "prometheus_operator": Operator(
        title="the Prometheus operator",
        labels={"app": "kube-prometheus-stack-operator"},  # its chart is part of that one
        stops="Prometheus and Alertmanager run on, but new rules, endpoints and receivers do not reach them.",
        severity="warning",
        scheme="https",  # the same port answers the API server's questions about rules
    ),
}
"""Those that can be asked. The plugin for barman has no endpoint unless it is told so, and what it fails to do is told by
the servers; a recommender of resources is missed by nobody."""


def labels_of(name: str, told: Mapping[str, str]) -> Mapping[str, str]:
    """Labels of an operator's pods: as the cluster's facts tell them, or its chart's own."""
    return told or OPERATORS[name].labels
