"""What an app tells the monitoring. Pure."""

from __future__ import annotations

from components.app_service import facts
from components.app_service.spec import AppServiceSpec
from components.telemetry import Scrape, TargetKind, Telemetry

METRICS = "metrics"
"""Name of the port that is scraped, where an app has one."""


def telemetry(name: str, spec: AppServiceSpec, target: TargetKind) -> Telemetry:
    """Its metrics port."""
    if METRICS not in spec.ports:
        return Telemetry()
    scrape = Scrape(
        instance=name,
        job=name,
        labels={} if target == "docker" else facts.selector(name),
        host=name if target == "docker" else "",
        port=spec.ports[METRICS],
        port_name=METRICS,
    )
    return Telemetry(scrapes=(scrape,))
