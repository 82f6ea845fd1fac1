"""What the ground of a stack tells the monitoring: nodes, and what the cluster knows of the stack's objects. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from components.environment.spec import AgentsSpec, EnvironmentSpec, KubernetesTargetSpec
from components.telemetry import Scrape, Telemetry

INSTANCE = "environment"


def telemetry(spec: EnvironmentSpec) -> Telemetry:
    """Kubernetes: the cluster layer's agents. Docker: nothing, since the agents there are the monitoring's own."""
    target = spec.target
    if not isinstance(target, KubernetesTargetSpec) or target.cluster.agents is None:
        return Telemetry()
    return Telemetry(scrapes=tuple(_agents(target.cluster.agents)))


def _agents(agents: AgentsSpec) -> Iterator[Scrape]:
    for job, port, on_node in (("kube-state-metrics", 8080, False), ("node-exporter", 9100, True)):
        yield Scrape(
            instance=INSTANCE,
            job=job,
            labels={"app.kubernetes.io/name": job},
            host="",
            port=port,
            port_name="metrics" if on_node else "http",
            namespace=agents.namespace,
            on_node=on_node,
        )
