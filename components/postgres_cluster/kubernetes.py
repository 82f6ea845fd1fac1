"""PostgresCluster on Kubernetes: CloudNativePG's custom resources. https://cloudnative-pg.io/documentation/1.30/"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetSpecArgs

from components import versions
from components.connections import Consumer, Edge, Gate
from components.object_stores import ObjectStoreSpec
from components.postgres_cluster import databases, facts
from components.postgres_cluster.access import Access
from components.postgres_cluster.archive import (
    before_a_release,
    object_stores,
    scheduled_backup,
    scheduled_snapshots,
)
from components.postgres_cluster.cluster import cluster as cluster_spec
from components.postgres_cluster.pooler import PoolerSpec
from components.postgres_cluster.spec import PostgresClusterSpec
from components.targets import KubernetesTarget
from components.targets.kubernetes import guarded, kept, metadata, network_policy

CREATE_TIMEOUT = "30m"
"""For the volumes, the first instance and its clones."""

RESTORE_TIMEOUT = "6h"
"""For the base backup and the log behind it."""

READY = {"pulumi.com/waitFor": "condition=Ready"}

MAJOR = "postgres-major"
"""Annotation with the major version: the one place where a change of major shows by itself."""


def create(
    name: str,
    spec: PostgresClusterSpec,
    target: KubernetesTarget,
    *,
    consumers: Sequence[Consumer],
    passwords: Mapping[str, pulumi.Output[str]],
    edges: tuple[Sequence[Edge], Sequence[Edge]],
    stores: Mapping[str, ObjectStoreSpec],
    secrets: pulumi.Output[Mapping[str, str]],
    parent: pulumi.Resource,
) -> dict[str, Access]:
    labels = {"app.kubernetes.io/name": facts.COMPONENT, "app.kubernetes.io/instance": name}
    policy = network_policy(name, labels, facts.selector(name), edges, target, parent)
    archives = object_stores(name, spec, labels, target, parent, stores=stores, secrets=secrets)
    # Without its policy the operator can't reach the instances, and the cluster never becomes ready.
    server = _cluster(name, spec, labels, target, parent, stores=stores, secrets=secrets, after=[policy, *archives])
    if spec.backup is not None:
        scheduled_backup(name, spec.backup, labels, target, parent, server)
        if spec.backup.snapshots is not None:
            scheduled_snapshots(name, spec.backup.snapshots, labels, target, parent, server)
    if spec.pooler is not None:
        _pooler(name, spec.pooler, labels, target, parent, server)
    made = {
        database: databases.database(name, database, spec, labels, target, parent, server)
        for database in sorted(spec.databases)
    }
    found = {
        consumer.app: databases.access(
            name, spec, consumer, passwords[consumer.app], labels, target, parent, made[consumer.database]
        )
        for consumer in consumers
    }
    whole = {role: _after_those_it_grants_to(access, found) for role, access in found.items()}
    return {
        role: replace(access, backs_up=before_a_release(name, spec, labels, target, access.gate))
        for role, access in whole.items()
    }


def _after_those_it_grants_to(access: Access, others: Mapping[str, Access]) -> Access:
    """A migrator's script names the roles of all apps of its database."""
    roles = [role for app in access.consumer.grants for role in others[app].gate.resources]
    return replace(access, gate=Gate(resources=(*access.gate.resources, *roles)))


def _cluster(
    name: str,
    spec: PostgresClusterSpec,
    labels: Mapping[str, str],
    target: KubernetesTarget,
    parent: pulumi.Resource,
    *,
    stores: Mapping[str, ObjectStoreSpec],
    secrets: pulumi.Output[Mapping[str, str]],
    after: Sequence[pulumi.Resource],
) -> CustomResource:
    permitted = spec.upgrade.allow_major == spec.major
    is_restored = spec.recover_from is not None or spec.topology is not None
    create_timeout = RESTORE_TIMEOUT if is_restored else CREATE_TIMEOUT
    return CustomResource(
        f"{name}-cluster",
        api_version=versions.CLOUDNATIVE_PG_API,
        kind="Cluster",
        metadata=metadata(
            target, guarded(labels, protect=spec.deletion_protection), name, {**READY, MAJOR: str(spec.major)}
        ),
        spec=cluster_spec(name, spec, target, stores=stores, secrets=secrets),
        opts=pulumi.ResourceOptions.merge(
            kept(parent, target, protect=spec.deletion_protection),
            pulumi.ResourceOptions(
                depends_on=list(after),
                custom_timeouts=pulumi.CustomTimeouts(create=create_timeout, update=CREATE_TIMEOUT),
                # Another major asks for a replacement, which protection refuses: nothing but the permission lets it through.
                replace_on_changes=[] if permitted else [f"metadata.annotations.{MAJOR}"],
            ),
        ),
    )


def _pooler(
    name: str,
    pooler: PoolerSpec,
    labels: Mapping[str, str],
    target: KubernetesTarget,
    parent: pulumi.Resource,
    cluster: pulumi.Resource,
) -> None:
    physical = facts.pooler(name)
    selector = {"cnpg.io/poolerName": physical}
    options = pulumi.ResourceOptions(parent=parent, provider=target.provider, depends_on=[cluster])
    CustomResource(
        f"{name}-pooler",
        api_version=versions.CLOUDNATIVE_PG_API,
        kind="Pooler",
        metadata=metadata(target, labels, physical),
        spec={
            "cluster": {"name": name},
            "type": "rw",
            "instances": pooler.instances,
            "pgbouncer": {"poolMode": pooler.mode, "parameters": pooler.parameters},
            "deploymentStrategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": facts.POOLER_SURGE, "maxUnavailable": 0},
            },
            "template": {"spec": _pooler_pod(pooler, selector)},
        },
        opts=options,
    )
    if pooler.instances > 1:
        PodDisruptionBudget(
            f"{name}-pooler-budget",
            metadata=metadata(target, labels, physical),
            spec=PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=LabelSelectorArgs(match_labels=selector)),
            opts=options,
        )


def _pooler_pod(pooler: PoolerSpec, selector: Mapping[str, str]) -> dict[str, Any]:
    """What the operator does not choose by itself: the containers' names are those it looks for."""
    size = {"cpu": pooler.resources.cpu, "memory": pooler.resources.memory}
    resources = {"requests": size, "limits": size}
    return {
        "containers": [{"name": "pgbouncer", "resources": resources}],
        # It brings the operator's program, and the operator gives it no size: a quota refuses such a pod.
        "initContainers": [{"name": "bootstrap-controller", "resources": resources}],
        "topologySpreadConstraints": [
            {
                "topologyKey": key,
                "maxSkew": 1,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": dict(selector)},
            }
            for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
        ],
    }
