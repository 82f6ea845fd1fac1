"""Signals of an app: one name each, and where it comes from on each target.

What the platform sees: kube-state-metrics and the kubelet's cAdvisor by namespace and names of pods, cAdvisor alone on
Docker by the container's name. What the app says of itself: its own series, alike on both targets. An app's sources are its
own, since its limits, its histogram and its namespace are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.app_service import facts
from components.app_service.kinds import RollingSpec, StatefulSpec
from components.app_service.metrics import FigureSpec, LatencySpec
from components.app_service.requests import Requests
from components.app_service.spec import OWN_CONTAINER, AppServiceSpec
from components.telemetry import Signal, TargetKind, Unit
from components.telemetry_rules import number
from components.vocabulary import cpu_millis, milliseconds, size_bytes

HASH = "[bcdfghjklmnpqrstvwxz2456789]"
"""Letters of the names that controllers give: neither vowels nor what looks like one, so that no word comes out."""

QUANTILES = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
SEEN_SECONDS = 60
"""A container that cAdvisor has not seen for so long has ended."""

UNUSUAL = ("requests_per_second", "error_ratio", "latency_p95_seconds")
"""Signals that have a band of what is usual."""
DEVIATIONS = 3
MARGIN = 0.1
"""Of the mean, on top: what hardly strays has a band of no width."""
LEAST_HOURS = 20
"""Of the last day: a band over less says nothing."""


@dataclass(frozen=True)
class Place:
    """Where an app's containers are found among everybody's series."""

    name: str
    spec: AppServiceSpec
    prefix: str

    @property
    def namespace(self) -> str:
        return f'namespace="{facts.namespace(self.name, self.spec, self.prefix)}"'

    @property
    def pods(self) -> str:
        """Kubernetes: its replicas' containers, and nobody else's: a Deployment's pods end in two hashes."""
        tail = "[0-9]+" if isinstance(self.spec, StatefulSpec) else f"{HASH}{{1,10}}-{HASH}{{5}}"
        return f'{self.namespace},pod=~"{self.name}-{tail}",container="{OWN_CONTAINER}"'

    @property
    def container(self) -> str:
        """Docker: its one container."""
        return f'name="{self.prefix}-{self.name}"'


def series(name: str) -> str:
    """A signal's name as PromQL reads it."""
    return f"slipway:app_{name}"


def signals(name: str, spec: AppServiceSpec, prefix: str) -> Iterator[Signal]:
    """Everything that is known of one app."""
    maker = _Maker(name)
    place = Place(name, spec, prefix)
    yield from _replicas(maker, place)
    yield from _use(maker, place)
    yield from _runs(maker, place)
    metrics = spec.metrics
    if metrics is None:
        return
    if metrics.push:
        since = f'time() - push_time_seconds{{instance_name="{name}"}}'
        yield maker.own("push_age_seconds", "seconds", "Since a job's last push.", f"max by (job) ({since})")
    if metrics.requests is not None:
        yield from _requests(maker, metrics.requests)
        if spec.slo is not None and spec.slo.latency is not None:
            yield _measured(maker, metrics.requests, spec.slo.latency)
    for figure, declared in sorted(metrics.business.items()):
        yield _figure(maker, figure, declared)


@dataclass(frozen=True)
class _Maker:
    name: str

    def signal(self, name: str, unit: Unit, told: str, sources: Mapping[TargetKind, str]) -> Signal:
        return Signal(name=f"app_{name}", unit=unit, help=told, sources=sources, instance=self.name)

    def own(self, name: str, unit: Unit, told: str, source: str) -> Signal:
        """From the app's own series, which are the same everywhere."""
        return self.signal(name, unit, told, {"docker": source, "kubernetes": source})


def _replicas(m: _Maker, place: Place) -> Iterator[Signal]:
    is_stateful = isinstance(place.spec, StatefulSpec)
    own = f'{place.namespace},{"statefulset" if is_stateful else "deployment"}="{place.name}"'
    ready = "kube_statefulset_status_replicas_ready" if is_stateful else "kube_deployment_status_replicas_available"
    wanted = "kube_statefulset_replicas" if is_stateful else "kube_deployment_spec_replicas"
    # No container is no series; only while cAdvisor answers is that a zero.
    seen = f"count(time() - container_last_seen{{{place.container}}} < {SEEN_SECONDS})"
    running = f'{seen} or 0 * sum(up{{job="cadvisor"}} == 1)'
    yield m.signal(
        "ready_replicas",
        "count",
        "Replicas that may get requests; on Docker, whether the container runs.",
        {"kubernetes": f"sum({ready}{{{own}}})", "docker": running},
    )
    yield m.signal(
        "wanted_replicas",
        "count",
        "Replicas that should be there.",
        {"kubernetes": f"sum({wanted}{{{own}}})", "docker": "vector(1)"},
    )
    yield m.signal(
        "running_replicas",
        "count",
        "Replicas whose container runs, ready or not.",
        {"kubernetes": f"sum(kube_pod_container_status_running{{{place.pods}}})", "docker": running},
    )
    if _can_grow(place.spec):
        scaler = f'{place.namespace},horizontalpodautoscaler=~"(keda-hpa-)?{place.name}"'
        yield m.signal(
            "scale_ratio",
            "ratio",
            "Replicas as a share of the autoscaler's maximum.",
            {
                "kubernetes": f"max(kube_horizontalpodautoscaler_status_current_replicas{{{scaler}}})"
                f" / max(kube_horizontalpodautoscaler_spec_max_replicas{{{scaler}}})"
            },
        )


def _can_grow(spec: AppServiceSpec) -> bool:
    return isinstance(spec, RollingSpec) and spec.autoscaling is not None


def _use(m: _Maker, place: Place) -> Iterator[Signal]:
    spec = place.spec
    memory = size_bytes(spec.resources.memory)
    yield m.signal(
        "memory_used_ratio",
        "ratio",
        "Memory of the fullest replica as a share of its limit.",
        {
            "kubernetes": f"max(container_memory_working_set_bytes{{{place.pods}}}) / {memory}",
            "docker": f"max(container_memory_working_set_bytes{{{place.container}}}) / {memory}",
        },
    )
    cores = {
        "kubernetes": cpu_millis(spec.resources.cpu if spec.most_cpu is None else spec.most_cpu) / 1000,
        "docker": cpu_millis(spec.resources.cpu) / 1000,
    }
    use = "rate(container_cpu_usage_seconds_total"
    yield m.signal(
        "cpu_used_ratio",
        "ratio",
        "Processor time of the busiest replica as a share of its limit, or of its request if it has none.",
        {
            "kubernetes": f"max(sum by (pod) ({use}{{{place.pods}}}[5m]))) / {number(cores['kubernetes'])}",
            "docker": f"sum({use}{{{place.container}}}[5m])) / {number(cores['docker'])}",
        },
    )
    held = (
        {"docker": place.container} if spec.most_cpu is None else {"docker": place.container, "kubernetes": place.pods}
    )
    yield m.signal(
        "throttled_ratio",
        "ratio",
        "Share of time slices in which it wanted more processor time than its limit.",
        {target: _throttled(where) for target, where in held.items()},  # pyright: ignore[reportArgumentType]  # keys of a literal type
    )
    if isinstance(spec, StatefulSpec):
        yield from _volumes(m, place)


def _throttled(where: str) -> str:
    held, all_of = (f"sum(rate(container_cpu_cfs_{w}periods_total{{{where}}}[5m]))" for w in ("throttled_", ""))
    return f"{held} / ({all_of} > 0)"


def _volumes(m: _Maker, place: Place) -> Iterator[Signal]:
    claims = f'{place.namespace},persistentvolumeclaim=~"data-{place.name}-[0-9]+"'
    free, size = (f"kubelet_volume_stats_{word}_bytes{{{claims}}}" for word in ("available", "capacity"))
    yield m.signal(
        "volume_used_ratio",
        "ratio",
        "How full a volume is.",
        {"kubernetes": f"max by (persistentvolumeclaim) (1 - {free} / {size})"},
    )
    later = f"predict_linear(kubelet_volume_stats_available_bytes{{{claims}}}[1d], 4 * 86400)"
    yield m.signal(
        "volume_free_in_four_days_bytes",
        "bytes",
        "What a volume has left in four days, if it goes on as it did today.",
        {"kubernetes": f"min by (persistentvolumeclaim) ({later})"},
    )


def _runs(m: _Maker, place: Place) -> Iterator[Signal]:
    restarts = f"increase(kube_pod_container_status_restarts_total{{{place.pods}}}[1h])"
    killed = f'kube_pod_container_status_last_terminated_reason{{{place.pods},reason="OOMKilled"}} == 1'
    yield m.signal(
        "restarts_per_hour",
        "count",
        "How often its containers were started anew within an hour.",
        {
            "kubernetes": f"sum({restarts})",
            "docker": f"sum(changes(container_start_time_seconds{{{place.container}}}[1h]))",
        },
    )
    yield m.signal(
        "memory_kills_per_hour",
        "count",
        "Containers that were killed within an hour for taking more memory than their limit.",
        {
            "kubernetes": f"count(({killed}) and on (namespace, pod, container) ({restarts} > 0)) or 0 * sum({restarts})",
            "docker": f"sum(increase(container_oom_events_total{{{place.container}}}[1h]))",
        },
    )
    spec = place.spec
    if spec.migrations is not None:
        job = f'{place.namespace},job_name=~"{place.name}-migrations-.+",condition="true"'
        yield m.signal(
            "failed_migrations",
            "count",
            "Migrations of the newest image that failed.",
            {"kubernetes": f"sum(kube_job_failed{{{job}}})"},
        )
    if spec.jobs:
        yield from _jobs(m, place, "|".join(sorted(spec.jobs)))


def _jobs(m: _Maker, place: Place, names: str) -> Iterator[Signal]:
    cron = f'{place.namespace},cronjob=~"{place.name}-({names})"'
    runs = f'{place.namespace},job_name=~"{place.name}-({names})-[0-9]+"'
    failed = f'(kube_job_failed{{{runs},condition="true"}} == 1) * on (namespace, job_name) kube_job_status_start_time'
    newest = f'max by (cronjob) (label_replace({failed}, "cronjob", "$1", "job_name", "(.+)-[0-9]+"))'
    good = f"max by (cronjob) (kube_cronjob_status_last_successful_time{{{cron}}})"
    yield m.signal(
        "job_failed_timestamp",
        "timestamp",
        "When a job's newest failed run began, if none has succeeded since.",
        {"kubernetes": f"{newest} unless on (cronjob) ({good} > on (cronjob) {newest})"},
    )
    on_time = "|".join(sorted(name for name, job in place.spec.jobs.items() if not job.suspended))
    if on_time:
        due = f'{place.namespace},cronjob=~"{place.name}-({on_time})"'
        yield m.signal(
            "job_overdue_seconds",
            "seconds",
            "Since a job should have been started; below zero until then.",
            {"kubernetes": f"max by (cronjob) (time() - kube_cronjob_next_schedule_time{{{due}}})"},
        )


def counted(name: str, requests: Requests, part: str, *labels: str) -> str:
    """One of the histogram's series, of one app."""
    told = ",".join((f'instance_name="{name}"', *labels))
    return f"{requests.histogram}_{part}{{{told}}}"


def failed(requests: Requests) -> str:
    """A matcher of requests that failed."""
    return f'{requests.status_label}=~"5.."'


def bound(latency: LatencySpec) -> str:
    """A matcher of the bucket that counts what is fast. Prometheus 3 writes whole bounds as 1.0, 2 wrote 1."""
    limit = milliseconds(latency.below) / 1000
    return f'le=~"{int(limit)}([.]0)?"' if limit == int(limit) else f'le="{number(limit)}"'


def _requests(m: _Maker, requests: Requests) -> Iterator[Signal]:
    def rate(part: str, *labels: str) -> str:
        return f"rate({counted(m.name, requests, part, *labels)}[5m])"

    classes = f'label_replace({rate("count")}, "code_class", "${{1}}xx", "{requests.status_label}", "(.)..")'
    yield m.own(
        "requests_per_second", "per_second", "Requests by class of their status.", f"sum by (code_class) ({classes})"
    )
    bad = f"(sum({rate('count', failed(requests))}) or 0 * sum({rate('count')}))"
    yield m.own(
        "error_ratio", "ratio", "Share of requests that were answered with 5xx.", f"{bad} / (sum({rate('count')}) > 0)"
    )
    for share, word in QUANTILES:
        quantile = f"histogram_quantile({number(share)}, sum by (le) ({rate('bucket')}))"
        yield m.own(
            f"latency_{word}_seconds",
            "seconds",
            f"Time within which {number(100 * share)} of 100 requests are answered.",
            # Without requests it is no number, which would make one of every average over it.
            f"{quantile} >= 0",
        )


def _measured(m: _Maker, requests: Requests, latency: LatencySpec) -> Signal:
    bucket = f"count({counted(m.name, requests, 'bucket', bound(latency))})"
    return m.own(
        "latency_measured",
        "bool",
        "1 if the bucket is there that its promise of latency is counted by.",
        f"({bucket} > bool 0) or 0 * count({counted(m.name, requests, 'count')})",
    )


def _figure(m: _Maker, figure: str, declared: FigureSpec) -> Signal:
    own = f'{declared.series}{{instance_name="{m.name}"}}'
    if declared.kind == "counter":
        return m.own(f"business_{figure}", "per_second", declared.help, f"sum(rate({own}[5m]))")
    return m.own(f"business_{figure}", declared.unit, declared.help, f"{declared.across}({own})")


def bands() -> Iterator[Signal]:
    """What is usual: a day's mean, and three times how far it strays, of the smoothed signal. One rule for all apps."""
    for name, unit in zip(UNUSUAL, ("per_second", "ratio", "seconds"), strict=True):
        day = f"{_smooth(name)}[1d:5m]"
        mean, stray = (f"{word}_over_time({day})" for word in ("avg", "stddev"))
        enough = f"and count_over_time({day}) >= {LEAST_HOURS * 12}"
        for side, sign in (("high", "+"), ("low", "-")):
            source = f"({1 + MARGIN if side == 'high' else 1 - MARGIN} * {mean} {sign} {DEVIATIONS} * {stray}) {enough}"
            yield Signal(
                name=f"app_{name}_usual_{side}",
                unit=unit,
                help=f"Where the {'upper' if side == 'high' else 'lower'} end of what is usual lies.",
                sources={"docker": source, "kubernetes": source},
            )


def _smooth(name: str) -> str:
    """Requests come by class of status; what is usual is usual of their sum."""
    return f"sum by (instance_name) ({series(name)})"


def smooth(name: str, app: str) -> str:
    """A signal's mean over half an hour, as its band is over a day."""
    own = f'sum by (instance_name) ({series(name)}{{instance_name="{app}"}})'
    return f"avg_over_time({own}[30m:1m])"
