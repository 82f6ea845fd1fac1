"""What a stack file can say about its monitoring: `monitoring:`. What is watched follows from the other sections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import Field

from components.monitoring_stack import sizing
from components.monitoring_stack.alerting import AlertingSpec
from components.routes import RouteSpec
from components.vocabulary import (
    Cidr,
    Cpu,
    Duration,
    Listed,
    NamedSecret,
    OnlyOn,
    Port,
    Problem,
    Retention,
    Size,
    Spec,
    seconds,
    size_bytes,
)

ONE_MACHINE = "one machine runs one container of each program"


class MetricsSpec(Spec):
    """Prometheus."""

    retention: Retention = "15d"
    """How long samples are kept."""
    scrape_interval: Duration = "30s"
    """Time between two samples of a series."""
    expected_series: int = Field(default=50_000, ge=1_000, le=20_000_000, examples=[50_000])
    """Series at once. Memory and storage are computed from it; an alert says when there are more."""
    storage: Size | None = Field(default=None, examples=["20Gi"])
    """Volume of each replica. Absent: what series, interval and retention need."""
    replicas: Annotated[int, OnlyOn("kubernetes", ONE_MACHINE, (1,))] = Field(default=1, ge=1, le=2, examples=[2])
    """Two scrape and judge the same, so that one may go."""

    @property
    def interval_seconds(self) -> int:
        return seconds(self.scrape_interval)

    @property
    def needed_storage(self) -> int:
        """Bytes that the samples need."""
        return sizing.storage(self.expected_series, self.interval_seconds, sizing.days(self.retention))

    @property
    def volume(self) -> int:
        """Bytes of one replica's volume."""
        return self.needed_storage if self.storage is None else size_bytes(self.storage)

    def problems(self) -> Iterable[Problem]:
        if not 5 <= self.interval_seconds <= 120:
            yield Problem(
                path=("scrape_interval",),
                rule="must be between 5s and 2m: after five minutes without a sample a series counts as gone",
                example="30s",
            )
        if self.storage is not None and self.volume < self.needed_storage:
            need = sizing.written(self.needed_storage)
            yield Problem(
                path=("storage",),
                rule=f"is less than {self.expected_series} series every {self.interval_seconds} s for {self.retention} need: "
                f"{need} ({sizing.FORMULA}); give more, or keep less",
                example=need,
            )


class LogsSpec(Spec):
    """Loki. https://grafana.com/docs/loki/latest/operations/storage/retention/"""

    retention: Retention = "30d"
    """How long lines are kept."""
    audit_retention: Retention = "365d"
    """How long lines are kept that say `"audit": true`."""
    debug_retention: Retention = "3d"
    """How long lines of level debug are kept."""
    daily: Size = "1Gi"
    """Text that all apps write in a day, before compression."""
    storage: Size | None = Field(default=None, examples=["20Gi"])
    """Volume. Absent: what daily text and retention need."""

    @property
    def needed_storage(self) -> int:
        """Bytes that the lines need, with the longest of the retentions for a tenth of them."""
        longest = max(sizing.days(self.retention), sizing.days(self.debug_retention))
        return sizing.logs(size_bytes(self.daily), longest, sizing.days(self.audit_retention))

    @property
    def volume(self) -> int:
        """Bytes of the volume."""
        return self.needed_storage if self.storage is None else size_bytes(self.storage)

    def problems(self) -> Iterable[Problem]:
        if self.storage is not None and self.volume < self.needed_storage:
            need = sizing.written(self.needed_storage)
            yield Problem(
                path=("storage",),
                rule=f"is less than {self.daily} a day for {self.retention} need: {need} ({sizing.LOGS_FORMULA}); give more, or keep less",
                example=need,
            )


class OidcSpec(Spec):
    """Who people are is somebody else's word: OpenID Connect."""

    authorize_url: str = Field(pattern=r"^https://\S+$", examples=["https://id.example.com/authorize"])
    """Where people log in."""
    token_url: str = Field(pattern=r"^https://\S+$", examples=["https://id.example.com/token"])
    """Where Grafana turns their code into a token."""
    userinfo_url: str = Field(pattern=r"^https://\S+$", examples=["https://id.example.com/userinfo"])
    """Where it asks who they are."""
    client_id: str = Field(min_length=1, examples=["grafana"])
    """How the provider knows Grafana."""
    client_secret: NamedSecret = Field(examples=["{secret: grafana_client_secret}"])
    """What proves it."""
    groups_claim: str = Field(default="groups", pattern=r"^[A-Za-z_][A-Za-z0-9_.]*$", examples=["groups"])
    """Claim that lists a person's groups."""
    admins: Annotated[tuple[str, ...], Listed] = Field(default=(), examples=["[platform]"])
    """Groups whose people may change everything."""
    editors: Annotated[tuple[str, ...], Listed] = Field(default=(), examples=["[developers]"])
    """Groups whose people may explore and make dashboards of their own."""
    viewers: Annotated[tuple[str, ...], Listed] = Field(min_length=1, examples=["[staff]"])
    """Groups whose people may look. Others are not let in."""
    cidrs: Annotated[tuple[Cidr, ...], Listed] = Field(
        default=("0.0.0.0/0",), min_length=1, examples=["[203.0.113.0/24]"]
    )
    """Networks the provider lives in. The default is every public address."""

    def problems(self) -> Iterable[Problem]:
        for field in ("admins", "editors", "viewers"):
            for index, group in enumerate(getattr(self, field)):
                if not group or "'" in group or "\\" in group:
                    yield Problem(path=(field, index), rule="must be a name without quotes and backslashes")


class DashboardsSpec(Spec):
    """Grafana. Without a route nobody reaches it but by `kubectl port-forward`, or a published port."""

    route: Annotated[
        RouteSpec | None, OnlyOn("kubernetes", "a developer reaches it on this machine", remedy="say docker.publish")
    ] = Field(default=None, examples=["{host: grafana.blocksight.live}"])
    """How it is reached from outside; needs `oidc`."""
    oidc: OidcSpec | None = None
    """How people log in. Absent: one administrator, whose password the stack makes."""

    def problems(self) -> Iterable[Problem]:
        if self.route is not None and self.oidc is None:
            yield Problem(
                path=("route",),
                rule="lets the world knock at a password; say who people are with oidc",
                example="oidc: {client_id: grafana, ...}",
            )
        if self.route is not None and self.route.port != "http":
            yield Problem(path=("route", "port"), rule="must be http: Grafana has no other", example="http")


class DockerMonitoringSpec(Spec):
    """Only for stacks on Docker."""

    publish: Port | None = Field(default=None, examples=[3001])
    """Port of 127.0.0.1 that reaches Grafana."""
    publish_metrics: Port | None = Field(default=None, examples=[9090])
    """Port of 127.0.0.1 that reaches Prometheus."""
    memory: Size = "1Gi"
    """Greatest memory of Prometheus; the other programs have fixed ones."""
    cpu: Cpu = "500m"
    """Greatest processor time of each program."""


class MonitoringSpec(Spec):
    """Metrics, alerts, dashboards and logs of everything in the stack."""

    runbooks: str = Field(
        pattern=r"^https://\S+[^/]$", examples=["https://github.com/blocksight/platform/blob/main/docs/runbooks"]
    )
    """Address of the folder with the runbooks, as people who are woken can reach it."""
    metrics: MetricsSpec = MetricsSpec()
    """Prometheus."""
    alerts: AlertingSpec = AlertingSpec()
    """Alertmanager."""
    alertmanagers: Annotated[int, OnlyOn("kubernetes", ONE_MACHINE, (1,))] = Field(default=1, examples=[3])
    """Replicas of Alertmanager: 1, or 3 that agree on what was told already."""
    dashboards: DashboardsSpec = DashboardsSpec()
    """Grafana."""
    logs: LogsSpec | None = LogsSpec()
    """Loki; null: logs stay where the platform puts them."""
    anomalies: bool = False
    """Bands around what is usual for rate, errors and latency of each app. Shown, never paged; needs a day of samples."""
    deletion_protection: bool = True
    """Keeps samples, lines, silences and the administrator's password when the section is taken out of the file."""
    docker: Annotated[DockerMonitoringSpec | None, OnlyOn("docker", "the block is named after its target")] = None
    """What only Docker can honour."""

    def problems(self) -> Iterable[Problem]:
        if self.alertmanagers not in (1, 3):
            yield Problem(path=("alertmanagers",), rule="must be 1 or 3: two can't outvote each other", example="3")
        if self.metrics.replicas > 1 and self.alertmanagers == 1:
            yield Problem(
                path=("alertmanagers",),
                rule="must be 3 beside two Prometheus: alerts would survive a node, and nobody would be told",
                example="3",
            )

    def secrets(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Secrets that the stack file must hold: path, and name in `secrets`."""
        yield from ((("alerts", *path), name) for path, name in self.alerts.secrets())
        if self.dashboards.oidc is not None:
            yield ("dashboards", "oidc", "client_secret", "secret"), self.dashboards.oidc.client_secret.secret
