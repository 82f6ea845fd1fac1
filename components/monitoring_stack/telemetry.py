"""What the monitoring tells about itself: its programs are watched like any other. Pure."""

from __future__ import annotations

from components.monitoring_stack import facts
from components.monitoring_stack.spec import MonitoringSpec
from components.telemetry import Scrape, TargetKind, Telemetry


def telemetry(spec: MonitoringSpec, target: TargetKind) -> Telemetry:
    """Each program's own endpoint."""
    roles = [*facts.roles(spec), *(facts.agents(spec) if target == "docker" else ())]
    return Telemetry(scrapes=tuple(_scrape(role, target) for role in roles))


def _scrape(role: facts.Role, target: TargetKind) -> Scrape:
    return Scrape(
        instance=facts.NAME,
        role="" if role.program == "prometheus" else f"-{role.program}",
        job=role.program,
        labels={} if target == "docker" else facts.selector(role),
        host=role.name if target == "docker" else "",
        port=role.port,
        path=role.metrics,
        port_name=facts.PORT_NAMES.get(role.program, "http"),
    )
