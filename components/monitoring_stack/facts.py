"""What follows from the monitoring's spec alone: its programs, their names, ports, hosts, footprint. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from components.connections import MONITORING, Instance
from components.footprint import Footprint
from components.monitoring_stack import sizing
from components.monitoring_stack.spec import MonitoringSpec
from components.routes import Route
from components.telemetry import TargetKind
from components.vocabulary import cpu_millis, size_bytes

COMPONENT = "monitoring-stack"
"""Value of app.kubernetes.io/part-of-component; for ever."""

NAME = MONITORING
"""The one instance of a stack, and what its namespace ends in."""

Program = Literal[
    "alertmanager", "blackbox", "cadvisor", "collector", "grafana", "loki", "node", "prometheus", "pushgateway"
]


@dataclass(frozen=True, kw_only=True)
class Role:
    """One program of the monitoring."""

    program: Program
    port: int
    user: int
    """Numeric user that its image runs as."""
    cpu: str = "50m"
    memory: str = "128Mi"
    metrics: str = "/metrics"
    """Path of its own metrics."""

    @property
    def name(self) -> str:
        """Name of its controller or container, and its host name: Prometheus is the monitoring itself."""
        return NAME if self.program == "prometheus" else f"{NAME}-{self.program}"


PROMETHEUS = Role(program="prometheus", port=9090, user=65534)
ALERTMANAGER = Role(program="alertmanager", port=9093, user=65534, memory="96Mi")
GRAFANA = Role(program="grafana", port=3000, user=472, cpu="100m", memory="384Mi")
LOKI = Role(program="loki", port=3100, user=10001, cpu="100m", memory="768Mi")
BLACKBOX = Role(program="blackbox", port=9115, user=65534, memory="64Mi")
PUSHGATEWAY = Role(program="pushgateway", port=9091, user=65534, memory="64Mi")
NODE = Role(program="node", port=9100, user=65534, memory="64Mi")
"""Docker only; on Kubernetes the cluster layer has node agents."""
CADVISOR = Role(program="cadvisor", port=8080, user=0, memory="256Mi")
"""Docker only: containers' processor time, memory and restarts."""
COLLECTOR = Role(program="collector", port=2020, user=0, memory="192Mi", metrics="/api/v2/metrics/prometheus")
"""Docker only: reads containers' logs."""

ALERTMANAGER_PEERS = 9094
"""Where replicas of Alertmanager agree."""
RELOADER_CPU, RELOADER_MEMORY = "10m", "50Mi"
"""The operator's sidecar that reloads files, beside each Prometheus and Alertmanager."""

ALERTMANAGER_STORAGE = "1Gi"
GRAFANA_STORAGE = "1Gi"
PUSHGATEWAY_STORAGE = "1Gi"

SECTION = "monitoring"
"""Where the stack file says all this."""

PORT_NAMES = {"prometheus": "web", "alertmanager": "web"}
"""Names of ports where an operator chose them; `http` elsewhere."""

SUFFIXES = (
    "",
    *(f"-{role.program}" for role in (ALERTMANAGER, BLACKBOX, CADVISOR, COLLECTOR, GRAFANA, LOKI, NODE, PUSHGATEWAY)),
    "-admin",
    "-config",
    "-dashboards",
    "-data",
    "-egress",
    "-files",
    "-rules",
    "-secrets",
)
"""What is put behind the instance's name, on either target."""


def roles(spec: MonitoringSpec, *, pushed: bool) -> tuple[Role, ...]:
    """Programs that run on every target. `pushed`: whether anybody pushes series."""
    asked = ((PUSHGATEWAY, pushed), (LOKI, spec.logs is not None))
    return (PROMETHEUS, ALERTMANAGER, GRAFANA, BLACKBOX, *(role for role, is_there in asked if is_there))


def agents(spec: MonitoringSpec) -> tuple[Role, ...]:
    """Programs that run on Docker alone; on Kubernetes the cluster layer has its own."""
    return (NODE, CADVISOR, *(() if spec.logs is None else (COLLECTOR,)))


def leaving(spec: MonitoringSpec) -> tuple[Role, ...]:
    """Docker: programs that must leave the internal networks, to tell people or to be published."""
    local = spec.docker
    tells = spec.alerts.receivers or spec.alerts.dead_mans_switch is not None
    shown = spec.dashboards.oidc is not None or (local is not None and local.publish is not None)
    published = local is not None and local.publish_metrics is not None
    wanted = ((ALERTMANAGER, tells), (GRAFANA, shown), (PROMETHEUS, published))
    return tuple(role for role, wants in wanted if wants)


def probers(spec: MonitoringSpec) -> int:
    """Kubernetes: replicas of the prober, which must not go blind where Prometheus does not."""
    return spec.metrics.replicas


def route(spec: MonitoringSpec | None) -> Route | None:
    """How Grafana is reached from outside, if it is."""
    if spec is None or spec.dashboards.route is None:
        return None
    return Route(
        backend=GRAFANA.name,
        port=GRAFANA.port,
        section=SECTION,
        place=(SECTION, "dashboards", "route"),
        replicated=False,
        spec=spec.dashboards.route,
    )


def selector(role: Role) -> dict[str, str]:
    """Labels of a program's pods. Those of Prometheus and Alertmanager are the operator's own."""
    return {"app.kubernetes.io/name": role.program, "app.kubernetes.io/instance": NAME}


def instance(role: Role) -> Instance:
    """One end of a conversation with a program."""
    return Instance(name=role.name, labels=selector(role))


def claims() -> Iterator[str]:
    """Names that no other instance may take."""
    return (f"{NAME}{suffix}" for suffix in SUFFIXES)


def pushed_to(target: TargetKind, prefix: str) -> str:
    """URL of the push gateway, as apps of the stack reach it."""
    host = PUSHGATEWAY.name if target == "docker" else f"{PUSHGATEWAY.name}.{namespace(prefix)}"
    return f"http://{host}:{PUSHGATEWAY.port}"


def namespace(prefix: str) -> str:
    """Kubernetes: the monitoring has a namespace of its own, so that a broken app can't take it along."""
    return f"{prefix}-{NAME}"


def peak(spec: MonitoringSpec, *, pushed: bool) -> Footprint:
    """The most the monitoring can ask of its namespace: every replica, one more prober while these roll, and the others once
    more without their volumes: a controller makes the new pod before the quota has counted the old one out.
    """
    metrics = spec.metrics
    prometheus = Footprint(
        cpu=sizing.cpu(metrics.expected_series, metrics.interval_seconds) + cpu_millis(RELOADER_CPU),
        memory=sizing.memory(metrics.expected_series) + size_bytes(RELOADER_MEMORY),
        pods=1,
        storage=metrics.volume,
        volume_claims=1,
    )
    alertmanager = _pod(ALERTMANAGER, ALERTMANAGER_STORAGE) + Footprint(
        cpu=cpu_millis(RELOADER_CPU), memory=size_bytes(RELOADER_MEMORY)
    )
    total = Footprint()
    for _ in range(metrics.replicas):
        total += prometheus
    for _ in range(spec.alertmanagers):
        total += alertmanager
    total += _pod(GRAFANA, GRAFANA_STORAGE) + _pod(GRAFANA) + _pod(ALERTMANAGER)
    if pushed:
        total += _pod(PUSHGATEWAY, PUSHGATEWAY_STORAGE) + _pod(PUSHGATEWAY)
    for _ in range(probers(spec) + 1):
        total += _pod(BLACKBOX)
    if spec.logs is not None:
        total += _pod(LOKI) + _pod(LOKI) + Footprint(storage=spec.logs.volume, volume_claims=1)
    return total


def _pod(role: Role, storage: str | None = None) -> Footprint:
    return Footprint(
        cpu=cpu_millis(role.cpu),
        memory=size_bytes(role.memory),
        pods=1,
        storage=0 if storage is None else size_bytes(storage),
        volume_claims=0 if storage is None else 1,
    )
