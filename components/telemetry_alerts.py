"""Alerts of one instance: what all of them say alike, so that a component words only what is particular about each. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from components.telemetry import Alert, Severity


@dataclass(frozen=True, kw_only=True)
class AlertMaker:
    """Makes the alerts of one instance. Expressions stay the component's own; `of` helps to write them."""

    instance: str
    component: str | None
    """Label `component` of each; None for none."""
    family: str = ""
    """`Postgres`: alerts are then called `Postgres...`, signals `postgres_...`, and summaries begin with the instance."""

    def of(self, signal: str, **labels: str) -> str:
        """The instance's own part of a signal of the family."""
        told = ",".join(f'{key}="{value}"' for key, value in {"instance_name": self.instance, **labels}.items())
        return f"slipway:{self.family.lower()}_{signal}{{{told}}}"

    def alert(  # the fields of one record
        self, name: str, expr: str, hold: str, severity: Severity, summary: str, description: str, **labels: str
    ) -> Alert:
        common = {} if self.component is None else {"component": self.component}
        return Alert(
            name=f"{self.family}{name}",
            instance=self.instance,
            expr=expr,
            hold=hold,
            severity=severity,
            summary=f"{self.instance}: {summary}" if self.family else summary,
            description=description,
            labels={**common, **labels},
        )
