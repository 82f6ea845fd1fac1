"""A server's way into object stores, and the schedule of its base backups. https://cloudnative-pg.io/plugin-barman-cloud/docs/usage/"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret

from components import versions
from components.connections import BacksUp, Gate
from components.object_stores import ObjectStoreSpec
from components.postgres_cluster import facts, store_access
from components.postgres_cluster.backup import BackupSpec, SnapshotsSpec
from components.postgres_cluster.spec import PostgresClusterSpec
from components.targets import KubernetesTarget
from components.targets.kubernetes import kept, metadata

RELEASE = "before-release"
"""Annotation with the release that a backup was taken for: another one asks for another backup."""

COMPLETED = {"pulumi.com/waitFor": "jsonpath={.status.phase}=completed"}

PARALLEL_FILES = 8
"""Files of the log that are fetched at once: a restore of a busy day is bound by their number, not by their size."""


def object_stores(
    name: str,
    spec: PostgresClusterSpec,
    labels: Mapping[str, str],
    target: KubernetesTarget,
    parent: pulumi.Resource,
    *,
    stores: Mapping[str, ObjectStoreSpec],
    secrets: pulumi.Output[Mapping[str, str]],
) -> list[pulumi.Resource]:
    """One ObjectStore, and a Secret where it has credentials, per store that this server reads or writes."""
    created: list[pulumi.Resource] = []
    options = kept(parent, target, protect=spec.deletion_protection)
    for store in facts.stores(spec):
        physical = facts.store(name, store)
        if keys := store_access.keys(stores[store], secrets):
            created.append(
                Secret(
                    f"{physical}-credentials",
                    metadata=metadata(target, {**labels, "cnpg.io/reload": "true"}, physical),
                    string_data=keys,
                    opts=options,
                )
            )
        created.append(
            CustomResource(
                physical,
                api_version=versions.BARMAN_CLOUD_API,
                kind="ObjectStore",
                metadata=metadata(target, labels, physical),
                spec=_object_store(physical, spec, store, stores[store]),
                opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=list(created))),
            )
        )
    return created


def _object_store(physical: str, spec: PostgresClusterSpec, store: str, there: ObjectStoreSpec) -> dict[str, Any]:
    rendered: dict[str, Any] = {
        "configuration": {
            **store_access.configuration(physical, there),
            "wal": {"compression": "gzip", "maxParallel": PARALLEL_FILES},
            "data": {"compression": "gzip", "jobs": 2},
        }
    }
    if spec.sidecar is not None:
        resources = {"cpu": spec.sidecar.cpu, "memory": spec.sidecar.memory}
        rendered["instanceSidecarConfiguration"] = {"resources": {"requests": resources, "limits": resources}}
    if spec.backup is not None and store == spec.backup.store:
        # Only the store that this server writes: what others wrote is theirs to expire.
        rendered["retentionPolicy"] = spec.backup.retention
    return rendered


def scheduled_backup(
    name: str,
    backup: BackupSpec,
    labels: Mapping[str, str],
    target: KubernetesTarget,
    parent: pulumi.Resource,
    cluster: pulumi.Resource,
) -> CustomResource:
    """Base backups by schedule, and one at once: until the first there is nothing to restore."""
    how = {
        "schedule": backup.schedule,
        "method": "plugin",
        "pluginConfiguration": {"name": versions.BARMAN_CLOUD_PLUGIN},
        "backupOwnerReference": "self",
    }
    return _scheduled(name, f"{name}-backup", how, labels, target, parent, cluster)


def scheduled_snapshots(
    name: str,
    snapshots: SnapshotsSpec,
    labels: Mapping[str, str],
    target: KubernetesTarget,
    parent: pulumi.Resource,
    cluster: pulumi.Resource,
) -> CustomResource:
    """Snapshots by schedule, and one at once. Their Backup objects belong to nobody, since a snapshot goes with its object."""
    how = {"schedule": snapshots.schedule, "method": "volumeSnapshot", "backupOwnerReference": "none"}
    return _scheduled(name, f"{name}-snapshots", how, labels, target, parent, cluster)


def _scheduled(
    server: str,
    name: str,
    how: Mapping[str, Any],
    labels: Mapping[str, str],
    target: KubernetesTarget,
    parent: pulumi.Resource,
    cluster: pulumi.Resource,
) -> CustomResource:
    return CustomResource(
        name,
        api_version=versions.CLOUDNATIVE_PG_API,
        kind="ScheduledBackup",
        metadata=metadata(target, labels, name),
        spec={"cluster": {"name": server}, "immediate": True, **how},
        opts=pulumi.ResourceOptions(parent=parent, provider=target.provider, depends_on=[cluster]),
    )


def before_a_release(
    cluster: str,
    spec: PostgresClusterSpec,
    labels: Mapping[str, str],
    target: KubernetesTarget,
    gate: Gate,
) -> BacksUp | None:
    """A Backup that is awaited. Its name is the engine's: a Backup can't change, so another release is another object.

    What is deleted with the object is the object: the backup stays in the store for its retention.
    """
    if spec.backup is None:
        return None
    patience = pulumi.CustomTimeouts(create=f"{facts.backup_seconds(spec)}s")

    def take(name: str, release: pulumi.Input[str], parent: pulumi.Resource) -> Gate:
        made = CustomResource(
            name,
            api_version=versions.CLOUDNATIVE_PG_API,
            kind="Backup",
            metadata=metadata(target, labels, annotations={**COMPLETED, RELEASE: release}),
            spec={
                "cluster": {"name": cluster},
                "method": "plugin",
                "pluginConfiguration": {"name": versions.BARMAN_CLOUD_PLUGIN},
            },
            opts=pulumi.ResourceOptions(
                parent=parent,
                provider=target.provider,
                depends_on=list(gate.resources),
                custom_timeouts=patience,
                replace_on_changes=[f"metadata.annotations.{RELEASE}"],
            ),
        )
        return Gate(resources=(made,))

    return take
