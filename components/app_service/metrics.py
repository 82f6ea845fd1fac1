"""What a stack file can say about an app's own series: `metrics` and `slo`.

Owns: figures of the business, alerts that the stack file itself words, and promises. Leaves which series count requests to
`requests.py`, what becomes of them to `signals.py`, `alerts.py` and `telemetry.py`, and what holds between apps to the proofs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from components.app_service.requests import Requests, SeriesName
from components.promql import PromqlError, parse
from components.telemetry import Severity, Unit
from components.telemetry_rules import can_burn
from components.vocabulary import Duration, Listed, PortName, Problem, Spec, UrlPath, seconds

FigureName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", examples=["orders"])]
"""A figure of the business; part of a signal's name."""

AlertName = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]{4,63}$", examples=["BlockSightChainStale"])]
"""An alert that a stack file words, in CamelCase."""

PUSH_VARIABLE = "PUSHGATEWAY_URL"
"""What names the push gateway to whatever pushes."""


class FigureAlertSpec(Spec):
    """From when a figure is somebody's business at once."""

    below: float | None = Field(default=None, allow_inf_nan=False, examples=[1])
    """Least value."""
    above: float | None = Field(default=None, allow_inf_nan=False, examples=[100])
    """Greatest value."""
    hold: Duration = "1h"
    """Gauge: how long it must be so. Counter: over how long events are counted."""
    severity: Severity = "warning"
    """Who is told."""

    def problems(self) -> Iterable[Problem]:
        if (self.below is None) == (self.above is None):
            yield Problem(path=("below",), rule="give below or above, one of the two", example="{below: 1, hold: 1h}")
        if not 60 <= seconds(self.hold) <= 7 * 86_400:
            yield Problem(path=("hold",), rule="must be between 1m and 7d", example="1h")


class FigureSpec(Spec):
    """A figure of the business, as the app counts it: a signal, a panel, an alert if one is given."""

    series: SeriesName
    """As the app writes it."""
    kind: Literal["counter", "gauge"]
    """counter: events since the start, shown by the second. gauge: a value that rises and falls."""
    help: str = Field(min_length=1, max_length=200, examples=["Orders that were paid."])
    """One sentence for the panel."""
    unit: Unit = "count"
    """What a gauge counts in; a counter is shown per second."""
    across: Literal["sum", "max", "min"] = "sum"
    """What the replicas' values become: they add up, or each tells the same and the largest or smallest counts."""
    alert: FigureAlertSpec | None = Field(default=None, examples=["{below: 1, hold: 1h}"])
    """Absent: it is only shown."""

    def problems(self) -> Iterable[Problem]:
        if self.kind == "counter" and self.across != "sum":
            yield Problem(path=("across",), rule="must be sum for a counter: each replica counts its own events")
        if self.kind == "counter" and "unit" in self.model_fields_set and self.unit not in ("count", "per_second"):
            yield Problem(path=("unit",), rule="is for gauges: a counter is shown per second; remove it")


class OwnAlertSpec(Spec):
    """An alert that the stack file words, over series of its apps and over signals."""

    expr: str = Field(min_length=1, max_length=2000, examples=["'max(tip_age_seconds) > 3600'"])
    """PromQL; every series that it asks must be declared by an app of this stack, or be a signal."""
    hold: Duration = "5m"
    """How long it must be true; 0s for at once."""
    severity: Severity = "warning"
    """Who is told."""
    summary: str = Field(min_length=1, max_length=200, examples=["No new block for an hour"])
    """One line for a pager; may use {{ $labels.x }} and {{ $value }}."""
    description: str = Field(min_length=1, max_length=1000, examples=["What users see is old."])
    """What it means for users, and what happens if nobody acts."""
    runbook: str | None = Field(default=None, pattern=r"^https://\S+$", examples=["https://wiki.example.com/stale"])
    """Address of its runbook. Absent: <alert>.md in the folder of `monitoring.runbooks`."""

    def problems(self) -> Iterable[Problem]:
        try:
            read = parse(self.expr)
        except PromqlError as error:
            yield Problem(path=("expr",), rule=f"is no PromQL: {error}", example="'max(tip_age_seconds) > 3600'")
            return
        if read.kind != "vector":
            yield Problem(
                path=("expr",),
                rule="must yield a vector: an alert is about series",
                example="'max(tip_age_seconds) > 3600'",
            )

    @property
    def asked(self) -> frozenset[str]:
        """Series that it asks."""
        return parse(self.expr).series


class MetricsSpec(Spec):
    """What an app tells the monitoring."""

    port: PortName = "metrics"
    """Name of the port that is scraped."""
    path: UrlPath = "/metrics"
    """Where the series are."""
    requests: Requests | None = None
    """Series that count its requests. Absent: only what the platform sees of its containers is known."""
    business: Mapping[FigureName, FigureSpec] = Field(
        default={}, examples=["{orders: {series: shop_orders_total, kind: counter, help: Orders that were paid.}}"]
    )
    """Figures of the business, by name."""
    series: Annotated[tuple[SeriesName, ...], Listed] = Field(default=(), examples=["[electrs_index_height]"])
    """Further series of its own that alerts of this stack ask."""
    alerts: Mapping[AlertName, OwnAlertSpec] = Field(
        default={}, examples=["{ChainStale: {expr: 'max(tip_age_seconds) > 3600', summary: ..., description: ...}}"]
    )
    """Alerts beside those that every app has, by name."""

    push: bool = False
    """Whether its jobs and migrations push series of their own, since they are gone before anybody could scrape them."""

    @property
    def is_scraped(self) -> bool:
        """Whether it must have a port: series that only jobs push need none."""
        return not self.push or self.requests is not None or "port" in self.model_fields_set

    @property
    def emitted(self) -> frozenset[str]:
        """Every series that is declared here."""
        counted = (
            () if self.requests is None else (f"{self.requests.histogram}_{e}" for e in ("bucket", "count", "sum"))
        )
        return frozenset((*counted, *(figure.series for figure in self.business.values()), *self.series))


class LatencySpec(Spec):
    """How fast most requests must be answered."""

    below: Duration = Field(examples=["200ms"])
    """Time that counts as fast; an upper bound of one of the buckets."""
    percent: float = Field(gt=0, examples=[99])
    """Share of requests that must be fast, below 100."""


class SloSpec(Spec):
    """What is promised of the app's requests."""

    availability: float | None = Field(default=None, gt=0, examples=[99.9])
    """Percent of requests that must not be answered with 5xx, below 100."""
    latency: LatencySpec | None = Field(default=None, examples=["{below: 200ms, percent: 99}"])
    """How fast, for how many."""
    window: Literal["7d", "28d", "30d"] = "30d"
    """Time over which it must hold. 28d has as many weekends each time."""

    @property
    def days(self) -> Literal[7, 28, 30]:
        return {"7d": 7, "28d": 28, "30d": 30}[self.window]  # pyright: ignore[reportReturnType]  # the window's own literals

    def problems(self) -> Iterable[Problem]:
        if self.availability is None and self.latency is None:
            yield Problem(path=("availability",), rule="is missing: nothing is promised", example="99.9")
        if self.availability is not None:
            yield from self._objective(("availability",), self.availability)
        if self.latency is not None:
            yield from self._objective(("latency", "percent"), self.latency.percent)

    def _objective(self, path: tuple[str, ...], percent: float) -> Iterator[Problem]:
        if percent >= 100:
            yield Problem(
                path=path, rule="leaves nothing to spend: no release, no failed node; must be below 100", example="99.9"
            )
        elif not can_burn(percent, self.days):
            yield Problem(
                path=path,
                rule=f"is so low that no error rate burns its budget fast enough for an alert within {self.window}",
                example="99",
            )


def disagreements(metrics: MetricsSpec | None, slo: SloSpec | None, ports: Iterable[str]) -> Iterator[Problem]:
    """What is wrong between an app's metrics, promises and ports; paths start at the app."""
    has = sorted(ports)
    if metrics is not None and metrics.is_scraped and metrics.port not in has:
        yield Problem(path=("metrics", "port"), rule=f"is no port of this app; it has: {', '.join(has) or 'none'}")
    if slo is None:
        return
    requests = None if metrics is None else metrics.requests
    if requests is None:
        yield Problem(
            path=("slo",),
            rule="promises what nobody counts: say which series count requests",
            example="metrics: {requests: {style: prom_client}}",
        )
    elif slo.latency is not None and not requests.has_bound(slo.latency.below):
        bounds = ", ".join(f"{bound:g}" for bound in requests.bounds)
        yield Problem(
            path=("slo", "latency", "below"),
            rule=f"is no upper bound of a bucket, so nobody can count what is faster; metrics.requests.buckets has: {bounds}",
            example=f"{round(1000 * requests.bounds[0])}ms",
        )
