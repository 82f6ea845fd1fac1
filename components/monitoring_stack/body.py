"""What both bodies of the monitoring are handed, and what they make alike: passwords and the receivers' secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_random as random

from components.connections import Edge
from components.monitoring_stack import facts
from components.monitoring_stack.spec import MonitoringSpec
from components.telemetry import Telemetry


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """Everything that comes from outside the spec."""

    telemetry: Sequence[Telemetry]
    edges: Mapping[str, tuple[Sequence[Edge], Sequence[Edge]]]
    """Inbound and outbound edges by program: `monitoring`, `monitoring-grafana`, ..."""
    namespaces: Mapping[str, pulumi.Output[str]]
    """Kubernetes: the stack's namespaces by their names; the Outputs wait until they are there."""
    secrets: pulumi.Output[Mapping[str, str]]

    @property
    def servers(self) -> list[str]:
        """Databases and caches: those whose loss other alerts can name."""
        lost = {"PostgresDown", "RedisDown"}
        return sorted({alert.instance for one in self.telemetry for alert in one.alerts if alert.name in lost})

    @property
    def is_pushed_to(self) -> bool:
        """Whether anybody may push series."""
        inbound, _ = self.edges.get(facts.PUSHGATEWAY.name, ((), ()))
        return bool(inbound)

    def secret(self, name: str) -> pulumi.Output[str]:
        """One of the stack file's secrets, encrypted to the end."""
        return self.secrets.apply(lambda known: known[name])

    def told(self, spec: MonitoringSpec) -> dict[str, pulumi.Output[str]]:
        """What Alertmanager reads from files: the receivers' secrets by their names."""
        return {name: self.secret(name) for name in sorted({name for _, name in spec.alerts.secrets()})}


def administrator(name: str, spec: MonitoringSpec, parent: pulumi.Resource) -> pulumi.Output[str]:
    """Password of Grafana's one administrator, made once."""
    return random.RandomPassword(
        f"{name}-admin",
        length=32,
        special=False,
        opts=pulumi.ResourceOptions(
            parent=parent, protect=spec.deletion_protection, retain_on_delete=spec.deletion_protection
        ),
    ).result
