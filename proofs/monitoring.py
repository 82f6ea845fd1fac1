"""Monitoring: what it names is there, and the cluster has what it stands on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from components.app_service import facts as app_facts
from components.app_service.metrics import MetricsSpec, OwnAlertSpec
from components.environment.spec import ClusterSpec, KubernetesTargetSpec
from components.telemetry import Telemetry
from components.telemetry_rules import SLO_ALERTS
from components.vocabulary import Problem
from config import Draft

OPERATOR = "prometheus_operator"
OLDEST = (0, 93)
"""The first minor whose definitions the objects were checked against."""


def everywhere(draft: Draft) -> Iterator[Problem]:
    """What holds on every target."""
    spec = draft.config.monitoring
    if spec is None:
        return
    config = draft.config
    there = {*config.postgres_clusters, *config.redis_caches, *config.app_services, *config.cdn_frontends}
    there |= {"environment", "monitoring", *(("edge",) if config.edge is not None else ())}
    for name, team in spec.alerts.teams.items():
        for index, owned in enumerate(team.owns):
            if owned not in there | draft.broken:
                yield Problem(
                    path=("monitoring", "alerts", "teams", name, "owns", index),
                    rule=f"names nothing in this stack; there are: {', '.join(sorted(there))}",
                )


def pushes(draft: Draft) -> Iterator[Problem]:
    """What is pushed must be taken, and somebody must push."""
    stack = draft.config
    for app in app_facts.pushers(stack.app_services):
        path = ("app_services", app, "metrics", "push")
        if stack.monitoring is None and "monitoring" not in draft.broken:
            yield Problem(
                path=path,
                rule="has nobody who takes it: this stack has no section `monitoring`; add it, or remove this",
                example="monitoring: {runbooks: 'https://...'}",
            )
        if stack.environment.target.kind == "kubernetes" and not app_facts.has_batch(stack.app_services[app]):
            yield Problem(
                path=path,
                rule="is for jobs and migrations, and this app has neither: its replicas are scraped; remove it",
            )


def published(draft: Draft) -> list[tuple[tuple[str, ...], int]]:
    """Ports of the machine that Grafana and Prometheus take on Docker, and where they are said."""
    spec = draft.config.monitoring
    if spec is None or spec.docker is None or draft.config.environment.target.kind != "docker":
        return []
    wanted = (("publish", spec.docker.publish), ("publish_metrics", spec.docker.publish_metrics))
    return [(("monitoring", "docker", field), number) for field, number in wanted if number is not None]


def on_the_target(draft: Draft) -> Iterator[Problem]:
    """What the cluster must have."""
    target = draft.config.environment.target
    if draft.config.monitoring is None or not isinstance(target, KubernetesTargetSpec):
        return
    path = ("environment", "target", "cluster")
    operator = target.cluster.operators.get(OPERATOR)
    if operator is None:
        yield Problem(
            path=(*path, "operators", OPERATOR),
            rule="is missing: it runs Prometheus and Alertmanager; install it with the cluster layer and paste the block that it prints",
            example='{version: "0.93", namespace: monitoring-system}',
        )
    elif tuple(map(int, operator.version.split("."))) < OLDEST:
        yield Problem(
            path=(*path, "operators", OPERATOR, "version"),
            rule="must be 0.93 or later: the objects are checked against its definitions",
            example='"0.93"',
        )
    yield from _agents(target.cluster, logs=draft.config.monitoring.logs is not None)


def _agents(cluster: ClusterSpec, *, logs: bool) -> Iterator[Problem]:
    path = ("environment", "target", "cluster")
    agents = cluster.agents
    if agents is None or agents.kube_state_metrics is None or agents.node_exporter is None:
        yield Problem(
            path=(*path, "agents"),
            rule="must name kube_state_metrics and node_exporter: without them nobody sees restarts, full volumes and lost nodes; "
            "switch them on in the cluster layer and paste the block that it prints",
        )
    elif logs and agents.log_collector is None:
        yield Problem(
            path=(*path, "agents", "log_collector"),
            rule="is missing: nobody brings lines to Loki; switch it on in the cluster layer, or say `logs: null`",
        )
    if not cluster.nodes:
        yield Problem(
            path=(*path, "nodes"),
            rule="is missing: kubelets and node agents answer on the nodes' own addresses, which no pod selector matches",
            example="[10.0.0.0/16]",
        )


def own_alerts(draft: Draft, told: Sequence[Telemetry]) -> Iterator[Problem]:
    """Alerts that a stack file words: each by a name of its own, about series that somebody tells."""
    if draft.broken or draft.config.monitoring is None:
        return
    stack = draft.config
    own = {name: spec.metrics for name, spec in sorted(stack.app_services.items()) if spec.metrics is not None}
    known = {"up", *(signal.series for one in told for signal in one.signals)}
    known |= {series for metrics in own.values() for series in metrics.emitted}
    ours = set(_built_in(told, own))
    first: dict[str, tuple[str, OwnAlertSpec]] = {}
    for app, metrics in own.items():
        for alert, worded in sorted(metrics.alerts.items()):
            path = ("app_services", app, "metrics", "alerts", alert)
            if alert in ours:
                yield Problem(path=path, rule="is the name of an alert of the product already; rename it")
            # The same twice is an app that is being renamed, and both are told apart by their app.
            elif (other := first.setdefault(alert, (app, worded)))[1] != worded:
                yield Problem(path=path, rule=f"is the name of another alert, of {other[0]}; rename it")
            if unknown := sorted(worded.asked - known):
                yield Problem(
                    path=(*path, "expr"),
                    rule=f"asks {', '.join(unknown)}, which no app of this stack declares; "
                    "the app that has it says so in metrics.series, or the name is mistyped",
                    example="series: [electrs_index_height]",
                )


def _built_in(told: Iterable[Telemetry], own: Mapping[str, MetricsSpec]) -> Iterator[str]:
    """Names of alerts that no stack file worded."""
    yield from SLO_ALERTS
    found = Counter((alert.instance, alert.name) for one in told for alert in one.alerts)
    found.subtract((app, alert) for app, metrics in own.items() for alert in metrics.alerts)
    yield from (name for (_, name), count in found.items() if count > 0)
