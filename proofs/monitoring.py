"""Monitoring: what it names is there, and the cluster has what it stands on."""

from __future__ import annotations

from collections.abc import Iterator

from components.environment.spec import ClusterSpec, KubernetesTargetSpec
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
    for path, name in spec.secrets():
        if name not in draft.secrets:
            yield Problem(
                path=("monitoring", *path),
                rule=f"names a secret that is not set; set it: pulumi config set --secret --path secrets.{name}",
            )
    config = draft.config
    there = {*config.postgres_clusters, *config.redis_caches, *config.app_services, *config.cdn_frontends}
    there |= {"edge"} if config.edge is not None else set()
    for name, team in spec.alerts.teams.items():
        for index, owned in enumerate(team.owns):
            if owned not in there | draft.broken:
                yield Problem(
                    path=("monitoring", "alerts", "teams", name, "owns", index),
                    rule=f"names nothing in this stack; there are: {', '.join(sorted(there)) or 'none'}",
                )


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
