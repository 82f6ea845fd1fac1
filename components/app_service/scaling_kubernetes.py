"""Scaling on Kubernetes: an autoscaler by CPU, KEDA by a queue, and advice about sizes where the cluster gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import Deployment, StatefulSet
from pulumi_kubernetes.autoscaling.v2 import (
    ContainerResourceMetricSourceArgs,
    CrossVersionObjectReferenceArgs,
    HorizontalPodAutoscaler,
    HorizontalPodAutoscalerBehaviorArgs,
    HorizontalPodAutoscalerSpecArgs,
    HPAScalingPolicyArgs,
    HPAScalingRulesArgs,
    MetricSpecArgs,
    MetricTargetArgs,
)

from components import versions
from components.app_service import pod
from components.app_service.body import Wiring
from components.app_service.scaling import AutoscalingSpec, ListQueueSpec, TableQueueSpec
from components.connections import PostgresConnection, RedisConnection
from components.targets import KubernetesTarget
from components.targets.kubernetes import metadata


def create(
    name: str,
    labels: dict[str, str],
    scaling: AutoscalingSpec,
    wiring: Wiring,
    target: KubernetesTarget,
    opts: pulumi.ResourceOptions,
) -> None:
    """One of the two: KEDA makes an autoscaler of its own, and two over one workload fight."""
    if scaling.queue is None:
        by_load(name, labels, scaling, pod.CONTAINER, target, opts)
    else:
        _by_queue(name, labels, scaling, scaling.queue, wiring, target, opts)


def advice(
    name: str,
    labels: dict[str, str],
    workload: Deployment | StatefulSet,
    target: KubernetesTarget,
    opts: pulumi.ResourceOptions,
) -> None:
    """What the app really needs, for a person to read: it changes nothing by itself, so it quarrels with no autoscaler."""
    if "vertical_pod_autoscaler" not in target.operators:
        return
    CustomResource(
        f"{name}-advice",
        api_version=versions.VERTICAL_POD_AUTOSCALER_API,
        kind="VerticalPodAutoscaler",
        metadata=metadata(target, labels, name),
        spec={
            "targetRef": {"apiVersion": "apps/v1", "kind": workload.kind, "name": name},
            "updatePolicy": {"updateMode": "Off"},
        },
        opts=opts,
    )


def _by_queue(
    name: str,
    labels: dict[str, str],
    scaling: AutoscalingSpec,
    queue: TableQueueSpec | ListQueueSpec,
    wiring: Wiring,
    target: KubernetesTarget,
    opts: pulumi.ResourceOptions,
) -> None:
    """KEDA's pods stand in another namespace: they need whole host names."""
    asked = _table(queue, wiring, target) if isinstance(queue, TableQueueSpec) else _list(queue, wiring, target)
    login = CustomResource(
        f"{name}-queue-login",
        api_version=versions.KEDA_API,
        kind="TriggerAuthentication",
        metadata=metadata(target, labels, name),
        spec={"secretTargetRef": [dict(each) for each in asked.secrets]},
        opts=opts,
    )
    cpu = {"type": "cpu", "metricType": "Utilization"}
    CustomResource(
        f"{name}-autoscaler",
        api_version=versions.KEDA_API,
        kind="ScaledObject",
        metadata=metadata(target, labels, name),
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicaCount": scaling.min,
            "maxReplicaCount": scaling.max,
            "pollingInterval": 30,
            "cooldownPeriod": 300,
            "triggers": [
                {**cpu, "metadata": {"value": str(scaling.cpu_percent), "containerName": pod.CONTAINER}},
                {"type": asked.type, "metadata": asked.metadata, "authenticationRef": {"name": name}},
            ],
        },
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[login])),
    )


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What KEDA is told about a queue."""

    type: str
    metadata: dict[str, str]
    secrets: Sequence[Mapping[str, pulumi.Input[str]]]
    """What it reads from Secrets, by its own words for them."""


def _table(queue: TableQueueSpec, wiring: Wiring, target: KubernetesTarget) -> _Asked:
    """https://keda.sh/docs/2.21/scalers/postgresql/"""
    database = next(c for c in wiring.connections if isinstance(c, PostgresConnection) and c.server == queue.postgres)
    waiting = {
        "host": _whole(database.host, target),
        "port": str(database.port),
        "userName": database.username,
        "dbName": database.database,
        # KEDA has no place for the server's own authority; what it sends over this is one query.
        "sslmode": "require",
        "query": queue.query,
        "targetQueryValue": str(queue.each),
    }
    return _Asked(type="postgresql", metadata=waiting, secrets=[_password("password", database.binding)])


def _list(queue: ListQueueSpec, wiring: Wiring, target: KubernetesTarget) -> _Asked:
    """https://keda.sh/docs/2.21/scalers/redis-lists/, and its pages for Sentinels and for a cluster. KEDA checks the servers'
    certificates: it is given their authority.
    """
    cache = next(c for c in wiring.connections if isinstance(c, RedisConnection) and c.group == queue.redis)
    assert cache.ca is not None, "on Kubernetes every connection is encrypted"
    counted = {
        "username": cache.username,
        "listName": queue.key,
        "listLength": str(queue.each),
        "enableTLS": "true",
    }
    secrets: list[Mapping[str, pulumi.Input[str]]] = [
        _password("password", cache.binding),
        {"parameter": "ca", "name": cache.ca.secret, "key": cache.ca.key},
    ]
    if cache.sentinels:
        asks = {"sentinelMaster": cache.group, "sentinelUsername": cache.username}
        return _Asked(
            type="redis-sentinel",
            metadata={**counted, **asks, "addresses": ",".join(cache.sentinels)},
            secrets=[*secrets, _password("sentinelPassword", cache.binding)],
        )
    if cache.host is None:
        return _Asked(type="redis-cluster", metadata={**counted, "addresses": ",".join(cache.nodes)}, secrets=secrets)
    address = f"{_whole(cache.host, target)}:{cache.port}"
    return _Asked(type="redis", metadata={**counted, "address": address}, secrets=secrets)


def _password(parameter: str, binding: str | None) -> dict[str, str]:
    assert binding is not None, "on Kubernetes every user has a binding Secret"
    return {"parameter": parameter, "name": binding, "key": "password"}


def _whole(host: str, target: KubernetesTarget) -> str:
    return host if "." in host else f"{host}.{target.domain}"


def by_load(
    name: str,
    labels: dict[str, str],
    scaling: AutoscalingSpec,
    container: str,
    target: KubernetesTarget,
    opts: pulumi.ResourceOptions,
) -> None:
    """Up at once, down slowly: a peak that returns within five minutes finds its replicas still there. Only one container's
    processor time counts.
    """
    HorizontalPodAutoscaler(
        f"{name}-autoscaler",
        metadata=metadata(target, labels, name),
        spec=HorizontalPodAutoscalerSpecArgs(
            scale_target_ref=CrossVersionObjectReferenceArgs(api_version="apps/v1", kind="Deployment", name=name),
            min_replicas=scaling.min,
            max_replicas=scaling.max,
            metrics=[
                MetricSpecArgs(
                    type="ContainerResource",
                    container_resource=ContainerResourceMetricSourceArgs(
                        container=container,
                        name="cpu",
                        target=MetricTargetArgs(type="Utilization", average_utilization=scaling.cpu_percent),
                    ),
                )
            ],
            behavior=HorizontalPodAutoscalerBehaviorArgs(
                scale_up=HPAScalingRulesArgs(
                    stabilization_window_seconds=0,
                    select_policy="Max",
                    policies=[
                        HPAScalingPolicyArgs(type="Percent", value=100, period_seconds=30),
                        HPAScalingPolicyArgs(type="Pods", value=4, period_seconds=30),
                    ],
                ),
                scale_down=HPAScalingRulesArgs(
                    stabilization_window_seconds=300,
                    select_policy="Max",
                    policies=[HPAScalingPolicyArgs(type="Percent", value=25, period_seconds=60)],
                ),
            ),
        ),
        opts=opts,
    )
