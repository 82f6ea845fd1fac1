"""What a component tells the monitoring: where to scrape, signals, alerts, objectives, panels, probes.

Owns: the records. Components fill them by a pure function of name and spec (`<component>/telemetry.py`) and know no
Prometheus object; MonitoringStack alone turns records into scrape configurations, rules and dashboards.

A **signal** is a neutral series such as `slipway:postgres_replication_lag_seconds`, recorded from one PromQL source per
target. Alerts, objectives and panels are written over signals only, so they are the same on Docker and on Kubernetes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

TargetKind = Literal["docker", "kubernetes"]

Severity = Literal["critical", "warning", "info"]
"""critical: a person is woken. warning: somebody looks within a day. info: context beside other alerts."""

Unit = Literal["seconds", "bytes", "ratio", "count", "per_second", "timestamp", "celsius", "bool"]
"""What a series counts; dashboards derive their axis from it."""


@dataclass(frozen=True, kw_only=True)
class Scrape:
    """An endpoint that serves metrics."""

    instance: str
    """Component instance it belongs to; becomes the label `instance_name` of every series."""
    job: str
    """Exporter or app, as its series are known: `cloudnative-pg`, `valkey`, `api`."""
    labels: Mapping[str, str]
    """Kubernetes: labels of the pods. Docker: empty."""
    host: str
    """Docker: alias of the container on the instance's network. Kubernetes: empty."""
    port: int
    port_name: str
    """Kubernetes: name of the container's port; empty where only its number is known."""
    path: str = "/metrics"
    scheme: Literal["http", "https"] = "http"
    role: str = ""
    """What stands behind the instance's name where several of its programs are scraped: `-proxy`."""
    namespace: str | None = None
    """Kubernetes: where the pods are, if that is not the stack's own namespace."""
    on_node: bool = False
    """Kubernetes: whether the pods share their node's address, which no label selects."""
    only_up: bool = False
    """Kubernetes: whether its series are dropped, as it is only of interest that it answers."""
    own_labels: bool = False
    """Whether labels of its series (`namespace`, `pod`, ...) go before those of the scrape: they tell of other objects."""


@dataclass(frozen=True, kw_only=True)
class Signal:
    """A neutral series. Its sources keep the label `instance_name`."""

    name: str
    """Without the `slipway:` that the recording rule puts before it: `postgres_replication_lag_seconds`."""
    unit: Unit
    help: str
    """One sentence."""
    sources: Mapping[TargetKind, str]
    """PromQL by target; a target that can't know it is absent, and so are alerts and panels over it there."""
    instance: str = ""
    """The instance whose own sources these are, if others of that name have others: recorded with its `instance_name`."""

    @property
    def series(self) -> str:
        """The name as PromQL reads it."""
        return f"slipway:{self.name}"


@dataclass(frozen=True, kw_only=True)
class Alert:
    """A condition that somebody must know of. Its runbook is docs/runbooks/<name>.md."""

    name: str
    """CamelCase, one meaning in the product: `PostgresReplicationLagging`. An instance that has it twice tells the two
    apart by a label."""
    instance: str
    expr: str
    """PromQL over signals only; a stack file's own alerts ask their app's series."""
    hold: str
    """How long it must be true, as a Prometheus duration; `0m` for at once."""
    severity: Severity
    summary: str
    """One line for a pager; may use `{{ $labels.x }}` and `{{ $value | humanize... }}`."""
    description: str
    """What it means for users, and what happens if nobody acts."""
    labels: Mapping[str, str]
    """For routing and inhibition, beside severity and instance_name."""
    runbook: str | None = None
    """Address of its runbook, if that is not among ours."""


@dataclass(frozen=True, kw_only=True)
class Slo:
    """A promise about the share of good events over a window."""

    name: str
    instance: str
    objective: float
    """Percent of events that must be good, below 100."""
    window_days: Literal[7, 28, 30]
    total: str
    """PromQL rate of all events over `$window`, from signals or the app's own series."""
    bad: str
    """PromQL rate of bad events over `$window`."""
    least_events: int
    """Events in the long window below which a burn alert stays silent: one failed request at night is no outage."""
    labels: Mapping[str, str]
    """Of its alerts, beside `slo`, severity and instance_name."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One graph."""

    title: str
    unit: Unit
    description: str
    """What a reader should look for."""
    queries: Mapping[str, str]
    """PromQL over signals by legend."""
    threshold: float | None = None
    """Drawn as a line: where an alert begins."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Panels that answer one question."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """The page of one component instance."""

    title: str
    instance: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class BlackboxProbe:
    """A question asked from outside the component."""

    instance: str
    module: Literal["http_2xx", "tcp_connect", "tls_connect", "tls_dates"]
    """tls_connect trusts whom everybody trusts. tls_dates trusts anybody: only when a certificate ends is of interest."""
    target: str
    """URL or host:port. From inside, the host is a name of the stack's own network or namespace."""
    vantage: Literal["inside", "outside"]
    """From the stack's own network, or as a user comes."""
    server_name: str = ""
    """Host that is asked for, where `target` names another: on one machine public names lead nowhere."""


@dataclass(frozen=True, kw_only=True)
class Telemetry:
    """Everything that one component instance tells."""

    scrapes: tuple[Scrape, ...] = ()
    signals: tuple[Signal, ...] = ()
    alerts: tuple[Alert, ...] = ()
    slos: tuple[Slo, ...] = ()
    dashboard: Dashboard | None = None
    probes: tuple[BlackboxProbe, ...] = ()
