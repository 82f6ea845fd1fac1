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
    for job, agent in (("kube-state-metrics", agents.kube_state_metrics), ("node-exporter", agents.node_exporter)):
        if agent is not None:
            yield Scrape(
                instance=INSTANCE,
                job=job,
                labels=agent.labels,
                host="",
                port=agent.port,
                port_name="",
                path=agent.path,
                namespace=agents.namespace if agent.namespace is None else agent.namespace,
                on_node=agent.host_network,
            )
