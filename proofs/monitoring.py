"""Monitoring: what it names is there, and the cluster has what it stands on."""

from __future__ import annotations

from collections.abc import Iterator

from components.environment.spec import KubernetesTargetSpec
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
    if target.cluster.agents is None:
        yield Problem(
            path=(*path, "agents"),
            rule="is missing: without kube-state-metrics and node-exporter nobody sees restarts, full volumes and lost nodes",
            example="{namespace: slipway-agents, node_networks: [10.0.0.0/16]}",
        )
