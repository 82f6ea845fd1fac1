"""MonitoringStack: metrics, alerts, dashboards and logs, from what the other components declare.

Owns: Prometheus, Alertmanager, Grafana, Loki, the prober, the push gateway, and every object and file that tells them what
to do. Leaves alone: what components say (`components/telemetry.py`), and the cluster layer's operators and node agents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

import pulumi

from components.connections import Edge
from components.monitoring_stack.body import Wiring
from components.monitoring_stack.spec import MonitoringSpec
from components.targets import DockerTarget, KubernetesTarget, Target
from components.telemetry import Telemetry


class MonitoringStack(pulumi.ComponentResource):
    """Watches a stack.

    Kubernetes: `Prometheus` and `Alertmanager` of the operator, a PodMonitor per endpoint, a Probe per question from
    outside, a PrometheusRule, Grafana with a ConfigMap per dashboard, Loki, the blackbox exporter, the push gateway; service
    accounts, volume claims, NetworkPolicies; all in a namespace of its own.
    Docker: a container for each of them, and for node-exporter, cAdvisor and the collector of logs; named volumes.
    Everything that holds samples, lines or credentials is protected, and kept if it is deleted by force.
    """

    address: str
    """Where Grafana is found: a URL from outside if it has a route or a published port, else its host inside."""

    def __init__(
        self,
        name: str,
        spec: MonitoringSpec,
        *,
        target: Target,
        telemetry: Sequence[Telemetry],
        edges: Mapping[str, tuple[Sequence[Edge], Sequence[Edge]]],
        namespaces: Mapping[str, pulumi.Output[str]] | None = None,
        secrets: pulumi.Output[Mapping[str, str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`edges` holds inbound and outbound edges by program; `namespaces` are the stack's own, by name, on Kubernetes."""
        super().__init__("slipway:index:MonitoringStack", name, spec.model_dump(mode="json", exclude_none=True), opts)
        wiring = Wiring(
            telemetry=telemetry, edges=edges, namespaces={} if namespaces is None else namespaces, secrets=secrets
        )
        match target:
            case KubernetesTarget():
                from components.monitoring_stack import kubernetes

                self.address = kubernetes.create(name, spec, wiring, target, parent=self)
            case DockerTarget():
                from components.monitoring_stack import docker

                self.address = docker.create(name, spec, wiring, target, parent=self)
            case _:
                assert_never(target)
        self.register_outputs({"address": self.address})
