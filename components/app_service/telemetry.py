"""What an app tells the monitoring: its endpoint, signals, alerts, promises, and its page. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from components.app_service import facts
from components.app_service.alerts import MEMORY_HIGH, THROTTLED, VOLUME_FULL, about, alerts
from components.app_service.kinds import RollingSpec, StatefulSpec
from components.app_service.metrics import MetricsSpec
from components.app_service.signals import QUANTILES, UNUSUAL, bands, bound, counted, failed, series, signals, smooth
from components.app_service.spec import AppServiceSpec
from components.telemetry import Dashboard, Panel, Row, Scrape, Slo, TargetKind, Telemetry, Unit
from components.telemetry_rules import SERIES
from components.vocabulary import milliseconds

METRICS = "metrics"
"""Name of the port that is scraped, where an app has one and says no other."""

LEAST_EVENTS = 200
"""Requests in the long window below which a burn alert stays silent: one in a hundred is then two people's bad luck."""


def telemetry(
    name: str, spec: AppServiceSpec, target: TargetKind, *, prefix: str, anomalies: bool = False
) -> Telemetry:
    """Everything one app tells. `prefix` starts the names of its containers and namespaces."""
    own = tuple(signals(name, spec, prefix))
    usual = tuple(bands()) if anomalies and spec.metrics is not None and spec.metrics.requests is not None else ()
    # Another app may know on this target what this one can't: then the name alone would not keep its alert out.
    unknown = {signal.name for signal in own if target not in signal.sources}
    return Telemetry(
        scrapes=tuple(_scrapes(name, spec, target)),
        signals=(*own, *usual),
        alerts=tuple(
            alert
            for alert in alerts(name, spec, target, anomalies=anomalies)
            if not unknown.intersection(SERIES.findall(alert.expr))
        ),
        slos=tuple(_slos(name, spec)),
        dashboard=Dashboard(
            title=f"App: {name}", instance=name, rows=tuple(_rows(name, spec, unknown, usual=bool(usual)))
        ),
    )


def _scrapes(name: str, spec: AppServiceSpec, target: TargetKind) -> Iterator[Scrape]:
    said = MetricsSpec() if spec.metrics is None else spec.metrics
    if said.port not in spec.ports:
        return
    yield Scrape(
        instance=name,
        job=name,
        labels={} if target == "docker" else facts.selector(name),
        host=name if target == "docker" else "",
        port=spec.ports[said.port],
        port_name=said.port,
        path=said.path,
    )


def _slos(name: str, spec: AppServiceSpec) -> Iterator[Slo]:
    slo, requests = spec.slo, None if spec.metrics is None else spec.metrics.requests
    if slo is None or requests is None:
        return
    labels = {"component": facts.COMPONENT, **about(spec)}

    def rate(part: str, *labels: str) -> str:
        return f"sum(rate({counted(name, requests, part, *labels)}[$window]))"

    if slo.availability is not None:
        yield Slo(
            name="availability",
            instance=name,
            objective=slo.availability,
            window_days=slo.days,
            total=rate("count"),
            bad=rate("count", failed(requests)),
            least_events=LEAST_EVENTS,
            labels=labels,
        )
    if slo.latency is not None:
        yield Slo(
            name="latency",
            instance=name,
            objective=slo.latency.percent,
            window_days=slo.days,
            total=rate("count"),
            bad=f"{rate('count')} - {rate('bucket', bound(slo.latency))}",
            least_events=LEAST_EVENTS,
            labels=labels,
        )


def _rows(name: str, spec: AppServiceSpec, unknown: set[str], *, usual: bool) -> Iterator[Row]:
    for title, panels in (
        ("Do users get answers?", _requests(name, spec)),
        ("Is it there?", _presence(name, spec)),
        ("Does it have room?", _use(name, spec)),
        ("What the business sees", _business(name, spec)),
        ("Is it as usual?", _usual(name) if usual else ()),
    ):
        shown = tuple(p for p in panels if not unknown.intersection(SERIES.findall(" ".join(p.queries.values()))))
        if shown:
            yield Row(title=title, panels=shown)


def _of(name: str, signal: str) -> str:
    return f'{series(signal)}{{instance_name="{name}"}}'


def _panel(  # the fields of one record
    name: str, title: str, unit: Unit, signal: str, description: str, threshold: float | None = None, legend: str = ""
) -> Panel:
    queries = {legend or title.lower(): _of(name, signal)}
    return Panel(title=title, unit=unit, description=description, queries=queries, threshold=threshold)


def _requests(name: str, spec: AppServiceSpec) -> Iterator[Panel]:
    if spec.metrics is None or spec.metrics.requests is None:
        return
    yield _panel(
        name,
        "Requests",
        "per_second",
        "requests_per_second",
        "How much is asked, and how it ends.",
        legend="{{code_class}}",
    )
    slo = spec.slo
    promised = None if slo is None or slo.availability is None else round((100 - slo.availability) / 100, 6)
    yield _panel(
        name,
        "Failed requests",
        "ratio",
        "error_ratio",
        "The line is what the promise allows in the long run.",
        promised,
    )
    yield Panel(
        title="Latency",
        unit="seconds",
        description="Half, most and nearly all of the requests. The line is the promise.",
        queries={word: _of(name, f"latency_{word}_seconds") for _, word in QUANTILES},
        threshold=None if slo is None or slo.latency is None else milliseconds(slo.latency.below) / 1000,
    )


def _presence(name: str, spec: AppServiceSpec) -> Iterator[Panel]:
    yield Panel(
        title="Replicas",
        unit="count",
        description="Running but not ready for long: it starts, or waits for what it uses.",
        queries={word: _of(name, f"{word}_replicas") for word in ("wanted", "running", "ready")},
    )
    yield _panel(
        name, "Starts within an hour", "count", "restarts_per_hour", "Nothing but a release starts it anew.", 3
    )
    yield _panel(name, "Killed for memory", "count", "memory_kills_per_hour", "Any is one too many.", 0)
    if isinstance(spec, RollingSpec) and spec.autoscaling is not None:
        yield _panel(name, "Share of the most replicas", "ratio", "scale_ratio", "At the line no more are added.", 1)
    if spec.jobs:
        yield _panel(
            name, "Jobs overdue", "seconds", "job_overdue_seconds", "Below zero until one is due.", 0, "{{cronjob}}"
        )
    if spec.pushes:
        yield _panel(
            name,
            "Since the last push",
            "seconds",
            "push_age_seconds",
            "A saw that falls with each run.",
            None,
            "{{job}}",
        )


def _use(name: str, spec: AppServiceSpec) -> Iterator[Panel]:
    yield _panel(
        name, "Memory", "ratio", "memory_used_ratio", "Of the fullest replica. A saw that rises leaks.", MEMORY_HIGH
    )
    yield _panel(
        name, "Processor time", "ratio", "cpu_used_ratio", "Of the busiest replica; above 1 it uses what others leave."
    )
    yield _panel(name, "Held back", "ratio", "throttled_ratio", "Its limit costs latency above the line.", THROTTLED)
    if isinstance(spec, StatefulSpec):
        legend = "{{persistentvolumeclaim}}"
        yield _panel(name, "Volumes", "ratio", "volume_used_ratio", "They grow without downtime.", VOLUME_FULL, legend)
        yield _panel(
            name,
            "Left in four days",
            "bytes",
            "volume_free_in_four_days_bytes",
            "If it goes on like today; below zero it is full by then.",
            0,
            legend,
        )


def _business(name: str, spec: AppServiceSpec) -> Iterator[Panel]:
    for figure, declared in sorted({} if spec.metrics is None else spec.metrics.business.items()):
        is_counter = declared.kind == "counter"
        limit = declared.alert
        yield _panel(
            name,
            figure.replace("_", " ").capitalize(),
            "per_second" if is_counter else declared.unit,
            f"business_{figure}",
            declared.help,
            # A counter's limit is a count over hours, and this is a rate.
            None if limit is None or is_counter else (limit.above if limit.below is None else limit.below),
        )


def _usual(name: str) -> Iterator[Panel]:
    units: tuple[Unit, ...] = ("per_second", "ratio", "seconds")
    for signal, unit in zip(UNUSUAL, units, strict=True):
        yield Panel(
            title=signal.replace("_", " ").capitalize(),
            unit=unit,
            description="Between the ends: as during the last day. Outside is a hint, not an alarm.",
            queries={
                "now": smooth(signal, name),
                **{side: _of(name, f"{signal}_usual_{side}") for side in ("high", "low")},
            },
        )
