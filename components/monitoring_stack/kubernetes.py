"""MonitoringStack on Kubernetes: which program goes where, and in which order."""

from __future__ import annotations

import pulumi

from components.monitoring_stack import discovery, facts, monitors, operated, programs, workload
from components.monitoring_stack.body import Wiring
from components.monitoring_stack.facts import ALERTMANAGER, BLACKBOX, GRAFANA, LOKI, PROMETHEUS, PUSHGATEWAY, Role
from components.monitoring_stack.spec import MonitoringSpec
from components.monitoring_stack.workload import Place
from components.targets import KubernetesTarget


def create(
    name: str, spec: MonitoringSpec, wiring: Wiring, target: KubernetesTarget, *, parent: pulumi.Resource
) -> str:
    """Where Grafana is found. `target` is the monitoring's own namespace."""
    assert name == facts.NAME, "there is one in a stack, and its programs are called after it"

    def place(role: Role) -> Place:
        return Place(role=role, spec=spec, wiring=wiring, target=target, parent=parent)

    collector = place(PROMETHEUS)
    account = workload.ground(collector, token=True, sticky=True)
    scrapes = [scrape for one in wiring.telemetry for scrape in one.scrapes]
    operated.collect(collector, account, discovery.grant(collector, scrapes))
    monitors.create(collector)
    teller = place(ALERTMANAGER)
    operated.tell(teller, workload.ground(teller))
    programs.show(place(GRAFANA))
    programs.probe(place(BLACKBOX))
    if wiring.is_pushed_to:
        programs.take_pushes(place(PUSHGATEWAY))
    if spec.logs is not None:
        programs.keep_lines(place(LOKI), spec.logs)
    route = spec.dashboards.route
    return f"{GRAFANA.name}.{facts.namespace(target.prefix)}" if route is None else f"https://{route.host}"
