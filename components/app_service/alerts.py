"""When somebody must know of an app: conditions over its signals, thresholds from its spec, and what the stack file adds.

A promise replaces the rule of thumb: an app with an `slo` of availability burns its budget, one without has a fixed share of
errors. What follows from load alone is info or a warning; a person is woken for what users feel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.app_service import facts
from components.app_service.connects_to import ToPostgres, ToRedis
from components.app_service.kinds import RollingSpec, StatefulSpec
from components.app_service.metrics import FigureSpec
from components.app_service.signals import UNUSUAL, smooth
from components.app_service.spec import AppServiceSpec
from components.telemetry import Alert, Severity, TargetKind
from components.telemetry_alerts import AlertMaker
from components.telemetry_rules import number
from components.vocabulary import seconds

FAILING = 0.05
"""Share of failed requests that is a warning where nothing is promised."""
LEAST_PER_SECOND = 0.1
"""Requests below which a share of them says nothing."""
RESTARTS = 3
"""Within an hour; one more is a circle. A container that crashes at once is started anew about ten times an hour."""
MEMORY_HIGH = 0.9
THROTTLED = 0.25
VOLUME_FULL = 0.9
VOLUME_USED = 0.6
"""Below, a volume that fills is new rather than in danger."""
EXPLAINED = frozenset({"Down", "Failing", "NotReady", "ReplicasMissing", "Restarting"})
"""What an app's alerts say when it has lost a server that it uses; Alertmanager mutes them while that one is told."""
JOB_LATE_SECONDS = 900
"""After a job's own patience: the controller looks every ten seconds, and kube-state-metrics counts from the schedule."""


@dataclass(frozen=True, kw_only=True)
class _OfApp(AlertMaker):
    about: Mapping[str, str]
    """Label of what the loss of a server explains."""

    def alert(  # the fields of one record
        self, name: str, expr: str, hold: str, severity: Severity, summary: str, description: str, **labels: str
    ) -> Alert:
        own = {**self.about, **labels} if name in EXPLAINED else labels
        return super().alert(name, expr, hold, severity, summary, description, **own)


def about(spec: AppServiceSpec) -> dict[str, str]:
    """Databases and caches that it uses, in one label: the loss of one explains that the app is away."""
    used = {
        c.postgres if isinstance(c, ToPostgres) else c.redis
        for c in spec.connects_to
        if isinstance(c, ToPostgres | ToRedis)
    }
    return {"about": " ".join(sorted(used))} if used else {}


def alerts(name: str, spec: AppServiceSpec, target: TargetKind, *, anomalies: bool) -> Iterator[Alert]:
    """Every alert that this app can raise, if the target knows all of its signals."""
    maker = _OfApp(instance=name, component=facts.COMPONENT, family="App", about=about(spec))
    yield from _presence(maker, spec, target)
    yield from _use(maker, spec)
    yield from _runs(maker, spec)
    metrics = spec.metrics
    if metrics is None:
        return
    if metrics.requests is not None:
        yield from _requests(maker, spec)
        if anomalies:
            yield from (_unusual(maker, signal) for signal in UNUSUAL)
    for figure, declared in sorted(metrics.business.items()):
        yield from _figure(maker, figure, declared)
    yield from _own(name, spec)


def _presence(m: _OfApp, spec: AppServiceSpec, target: TargetKind) -> Iterator[Alert]:
    ready, running = m.of("ready_replicas"), m.of("running_replicas")
    wanted = f"{m.of('wanted_replicas')} > 0"
    if isinstance(spec, StatefulSpec):
        yield m.alert(
            "Down",
            f"{running} < 1 and {wanted}",
            "5m",
            "critical",
            "no replica runs",
            "Whoever uses it fails. Its data is on its volumes.",
        )
    else:
        yield m.alert(
            "Down",
            f"{ready} < 1 and {wanted}",
            "2m",
            "critical",
            "no replica is ready",
            "Every request to it fails, and work that it fetches lies.",
        )
    if target == "docker":
        return
    if isinstance(spec, StatefulSpec):
        yield m.alert(
            "NotReady",
            f"{ready} < 1 and {running} > 0",
            # What takes hours to start is not late before its budget is spent.
            f"{seconds(spec.probes.startup_budget) + 300}s",
            "critical",
            f"runs, but was not ready within {spec.probes.startup_budget}",
            "Whoever uses it fails, and waiting longer than the stack file planned for has not helped.",
        )
    if spec.most_replicas > 1:
        yield m.alert(
            "ReplicasMissing",
            f"{ready} < {m.of('wanted_replicas')}",
            "15m",
            "warning",
            "only {{ $value }} replicas are ready",
            "What is left carries more than it was made for; the next failure finds fewer. A rollout that hangs looks like this.",
        )
    if isinstance(spec, RollingSpec) and spec.autoscaling is not None:
        yield m.alert(
            "AtMaximum",
            f"{m.of('scale_ratio')} >= 1",
            "15m",
            "warning",
            f"runs its {spec.autoscaling.max} replicas, and the autoscaler may add none",
            "More load is answered more slowly from here on.",
        )


def _use(m: _OfApp, spec: AppServiceSpec) -> Iterator[Alert]:
    yield m.alert(
        "MemoryHigh",
        f"{m.of('memory_used_ratio')} > {MEMORY_HIGH}",
        "15m",
        "warning",
        f"uses {{{{ $value | humanizePercentage }}}} of its {spec.resources.memory} of memory",
        "At 100 % the kernel kills it in the middle of what it does.",
    )
    yield m.alert(
        "Throttled",
        f"{m.of('throttled_ratio')} > {THROTTLED}",
        "15m",
        "info",
        "is held back in {{ $value | humanizePercentage }} of its time slices",
        "Answers wait for processor time that the limit withholds.",
    )
    if isinstance(spec, StatefulSpec):
        yield m.alert(
            "VolumeFilling",
            f"{m.of('volume_free_in_four_days_bytes')} < 0 and {m.of('volume_used_ratio')} > {VOLUME_USED}",
            "1h",
            "warning",
            "{{ $labels.persistentvolumeclaim }} is full within four days if it goes on like today",
            "A full volume stops the app, and may leave what it was writing half done.",
        )
        yield m.alert(
            "VolumeFull",
            f"{m.of('volume_used_ratio')} > {VOLUME_FULL}",
            "5m",
            "critical",
            "{{ $labels.persistentvolumeclaim }} is {{ $value | humanizePercentage }} full",
            "The app stops when nothing is left.",
        )


def _runs(m: _OfApp, spec: AppServiceSpec) -> Iterator[Alert]:
    yield m.alert(
        "Restarting",
        f"{m.of('restarts_per_hour')} > {RESTARTS}",
        "0m",
        "warning",
        "was started anew {{ $value | humanize }} times within an hour",
        "It crashes, or is taken for dead. Requests in flight fail each time.",
    )
    yield m.alert(
        "OutOfMemory",
        f"{m.of('memory_kills_per_hour')} > 0",
        "0m",
        "warning",
        f"was killed for taking more than {spec.resources.memory} of memory",
        "What it was doing is lost; under the same load it will happen again.",
    )
    if spec.migrations is not None:
        yield m.alert(
            "MigrationFailed",
            f"{m.of('failed_migrations')} > 0",
            "0m",
            "warning",
            "the migration of its newest image failed",
            "The old version goes on, perhaps on tables that are half changed. Nothing is released until a person has looked.",
        )
    if spec.jobs:
        yield m.alert(
            "JobFailed",
            f"{m.of('job_failed_timestamp')} > 0",
            "0m",
            "warning",
            "{{ $labels.cronjob }} failed, and has not succeeded since",
            "What it does is not done.",
        )
        patience = max(seconds(job.late) for job in spec.jobs.values())
        if spec.pushes and (stale := " or ".join(_stale(m, spec))):
            yield m.alert(
                "PushStale",
                stale,
                "0m",
                "warning",
                "{{ $labels.job }} pushed nothing for {{ $value | humanizeDuration }}",
                "Series of its last push look well and are old, and so is what is judged by them.",
            )
        yield m.alert(
            "JobOverdue",
            f"{m.of('job_overdue_seconds')} > {patience + JOB_LATE_SECONDS}",
            "0m",
            "warning",
            "{{ $labels.cronjob }} should have started {{ $value | humanizeDuration }} ago",
            "What it does is not done, and no run fails that could say so.",
        )


def _stale(m: _OfApp, spec: AppServiceSpec) -> Iterator[str]:
    """A run that should have pushed by now, for each job that pushes under its own name."""
    for name, job in sorted(spec.jobs.items()):
        if not job.suspended:
            longest = job.most_apart + seconds(job.late) + seconds(job.timeout) + JOB_LATE_SECONDS
            yield f"{m.of('push_age_seconds', job=name)} > {longest}"


def _requests(m: _OfApp, spec: AppServiceSpec) -> Iterator[Alert]:
    if spec.slo is None or spec.slo.availability is None:
        yield m.alert(
            "Failing",
            f"{m.of('error_ratio')} > {FAILING} and on (instance_name) "
            f"sum by (instance_name) ({m.of('requests_per_second')}) > {LEAST_PER_SECOND}",
            "5m",
            "warning",
            "{{ $value | humanizePercentage }} of its requests fail",
            "Users see errors. Nothing is promised of this app, so nobody is woken.",
        )
    if spec.slo is not None and spec.slo.latency is not None:
        yield m.alert(
            "LatencyUnmeasured",
            f"{m.of('latency_measured')} < 1",
            "15m",
            "warning",
            f"has no bucket for its promise of {spec.slo.latency.below}",
            "The objective counts every request as fast: it can't burn, however slow the app is.",
        )


def _unusual(m: _OfApp, signal: str) -> Alert:
    now = smooth(signal, m.instance)
    # Fewer requests than usual are news; fewer errors and faster answers are not.
    sides = (("high", ">"), ("low", "<")) if signal == "requests_per_second" else (("high", ">"),)
    outside = " or ".join(f"{now} {sign} {m.of(f'{signal}_usual_{side}')}" for side, sign in sides)
    word = signal.replace("_per_second", "").replace("_seconds", "").replace("_", " ")
    return m.alert(
        "Unusual",
        outside,
        "30m",
        "info",
        f"its {word} is not what it was during the last day",
        "Context beside other alerts: by itself nothing has to be done.",
        signal=signal,
    )


def _figure(m: _OfApp, figure: str, declared: FigureSpec) -> Iterator[Alert]:
    limit = declared.alert
    if limit is None:
        return
    is_low = limit.below is not None
    bound = limit.below if limit.below is not None else limit.above
    assert bound is not None
    value, hold = m.of(f"business_{figure}"), f"{seconds(limit.hold)}s"
    if declared.kind == "counter":
        value, hold = f"avg_over_time({value}[{hold}]) * {seconds(limit.hold)}", "5m"
    yield m.alert(
        f"Business{'Low' if is_low else 'High'}",
        f"{value} {'<' if is_low else '>'} {number(bound)}",
        hold,
        limit.severity,
        f"{figure} is {{{{ $value | humanize }}}}, {'below' if is_low else 'above'} {number(bound)}",
        f"{declared.help} Within {limit.hold} it is not what the business expects, whatever the machines say.",
        business=figure,
    )
    yield m.alert(
        "BusinessMissing",
        f"absent({m.of(f'business_{figure}')})",
        "1h",
        "warning",
        f"nobody counts {figure}",
        f"{declared.series} is not there, so nobody would be told of what happens to it.",
        business=figure,
    )


def _own(name: str, spec: AppServiceSpec) -> Iterator[Alert]:
    for alert, worded in sorted(spec.metrics.alerts.items() if spec.metrics is not None else ()):
        yield Alert(
            name=alert,
            instance=name,
            expr=worded.expr,
            hold=f"{seconds(worded.hold)}s",
            severity=worded.severity,
            summary=worded.summary,
            description=worded.description,
            labels={"component": facts.COMPONENT},
            runbook=worded.runbook,
        )
