"""The CloudNativePG Cluster of a server, as plain data. https://cloudnative-pg.io/documentation/1.30/cloudnative-pg.v1/"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components import versions
from components.object_stores import ObjectStoreSpec
from components.postgres_cluster import facts, store_access
from components.postgres_cluster.recovery import RecoverFromSpec, TopologySpec
from components.postgres_cluster.spec import PostgresClusterSpec
from components.targets import KubernetesTarget
from components.vocabulary import seconds

SMART_SHUTDOWN_SECONDS = 3
"""Time for sessions to end by themselves. The operator's 180 let one pooled connection hold out new ones for 204 s when a
primary was deleted; with 3 the gap in writes was 5 to 10 s (measured, three instances under load)."""

STOP_SECONDS = 180
SWITCHOVER_SECONDS = 180
"""A primary that has not stopped by then is stopped hard, and recovers from its log. The operator's 1800 and 3600 would
keep an app waiting for an hour."""

ORIGIN = "origin"
"""Name, inside the Cluster, of the archive that a new server starts from."""

FIRST_DATABASE = {"database": "slipway", "owner": "slipway"}
"""Declared databases are objects of their own; this one only lets the server begin."""


def cluster(
    name: str,
    spec: PostgresClusterSpec,
    target: KubernetesTarget,
    *,
    stores: Mapping[str, ObjectStoreSpec],
    secrets: pulumi.Output[Mapping[str, str]],
) -> dict[str, Any]:
    """Its `spec`. Absent options are absent keys, so that a diff shows what a person said."""
    resources = {"cpu": spec.resources.cpu, "memory": spec.resources.memory}
    return {
        "instances": spec.instances,
        "imageName": image(spec),
        "resources": {"requests": resources, "limits": resources},
        "bootstrap": _bootstrap(spec),
        "postgresql": _postgresql(spec),
        "enableSuperuserAccess": False,
        # A budget over the only instance would block every node drain.
        "enablePDB": spec.instances > 1,
        "primaryUpdateMethod": spec.upgrade.primary,
        "smartShutdownTimeout": SMART_SHUTDOWN_SECONDS,
        "stopDelay": STOP_SECONDS,
        "switchoverDelay": SWITCHOVER_SECONDS,
        "seccompProfile": {"type": "RuntimeDefault"},
        **_storage(spec, target),
        **_placement(name, spec, target),
        **_archive(name, spec),
        **_snapshot_class(spec, target),
        **_identity(spec, stores),
        **_sites(name, spec, secrets),
        **_names(name, spec),
    }


def image(spec: PostgresClusterSpec) -> str:
    """Also has the client: migrations use it."""
    return versions.POSTGRES_KUBERNETES[spec.major] if spec.image is None else spec.image


def _bootstrap(spec: PostgresClusterSpec) -> dict[str, Any]:
    """Read once, when the first instance is made."""
    if spec.recover_from is not None:
        aim, volumes = _aim(spec.recover_from), _snapshots(spec.recover_from)
        aimed = {"recoveryTarget": aim} if aim else {}
        return {"recovery": {"source": ORIGIN, **FIRST_DATABASE, **aimed, **volumes}}
    if spec.topology is not None and not spec.topology.is_primary:
        return {"recovery": {"source": spec.topology.source, **FIRST_DATABASE}}
    return {"initdb": {**FIRST_DATABASE, "encoding": "UTF8", "dataChecksums": True}}


def _aim(recover: RecoverFromSpec) -> dict[str, Any]:
    aim: dict[str, Any] = {}
    if recover.target_time is not None:
        aim["targetTime"] = recover.target_time
    if recover.backup_id is not None:
        aim["backupID"] = recover.backup_id
    if recover.immediate:
        aim["targetImmediate"] = True
    return aim


def _snapshots(recover: RecoverFromSpec) -> dict[str, Any]:
    if recover.snapshots is None:
        return {}
    named = {"storage": recover.snapshots.data, "walStorage": recover.snapshots.wal}
    kind = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot"}
    return {"volumeSnapshots": {volume: {**kind, "name": name} for volume, name in named.items() if name is not None}}


def _postgresql(spec: PostgresClusterSpec) -> dict[str, Any]:
    rendered: dict[str, Any] = {"parameters": parameters(spec)}
    if spec.instances > 1 and spec.replicated.rpo == "zero":
        rendered["synchronous"] = {
            "method": "any",
            "number": 1,
            "dataDurability": "required",
            # Only a standby that is sure to have every commit is promoted.
            "failoverQuorum": True,
        }
    return rendered


def parameters(spec: PostgresClusterSpec) -> dict[str, str]:
    """What the operator passes on to postgresql.conf."""
    owned = {
        "archive_timeout": f"{seconds(spec.wal.archive_interval)}s",
        "max_connections": str(spec.max_connections),
        "max_slot_wal_keep_size": f"{facts.slot_limit_bytes(spec) // 2**20}MB",
        "shared_buffers": spec.shared_buffers,
    }
    return dict(sorted({**spec.parameters, **owned}.items()))


def _storage(spec: PostgresClusterSpec, target: KubernetesTarget) -> dict[str, Any]:
    assert spec.storage is not None, "needed on Kubernetes, which the loader has proved"
    said = spec.storage.storage_class
    storage_class = target.storage_class if said is None else said
    rendered = {"storage": {"size": spec.storage.size, "storageClass": storage_class}}
    if spec.wal.size is not None:
        rendered["walStorage"] = {"size": spec.wal.size, "storageClass": storage_class}
    return rendered


def _placement(name: str, spec: PostgresClusterSpec, target: KubernetesTarget) -> dict[str, Any]:
    """A node and, where there are as many, a zone for each instance."""
    kubernetes = spec.kubernetes
    affinity: dict[str, Any] = {
        "enablePodAntiAffinity": True,
        "podAntiAffinityType": "required" if spec.instances > 1 else "preferred",
        "topologyKey": "kubernetes.io/hostname",
    }
    rendered: dict[str, Any] = {"affinity": affinity}
    if spec.instances > 1:
        rendered["topologySpreadConstraints"] = [
            {
                "topologyKey": "topology.kubernetes.io/zone",
                "maxSkew": 1,
                "whenUnsatisfiable": "DoNotSchedule" if 1 < target.zones <= spec.instances else "ScheduleAnyway",
                # Poolers carry the operator's label of the cluster too; they are spread by themselves.
                "labelSelector": {"matchLabels": {**facts.selector(name), "cnpg.io/podRole": "instance"}},
                "nodeTaintsPolicy": "Honor",
            }
        ]
    if kubernetes is not None and kubernetes.priority_class is not None:
        rendered["priorityClassName"] = kubernetes.priority_class
    if kubernetes is not None and kubernetes.node_selector:
        affinity["nodeSelector"] = dict(kubernetes.node_selector)
    if kubernetes is not None and kubernetes.service_account_annotations:
        annotations = dict(kubernetes.service_account_annotations)
        rendered["serviceAccountTemplate"] = {"metadata": {"annotations": annotations}}
    return rendered


def _archive(name: str, spec: PostgresClusterSpec) -> dict[str, Any]:
    """Without backups the plugin is left out altogether: it would upload the log even where it is told not to archive."""
    if spec.backup is None:
        return {}
    place = plugin(name, spec.backup.store, facts.archive_server(name, spec.generation))
    return {"plugins": [{**place, "isWALArchiver": True}]}


def _snapshot_class(spec: PostgresClusterSpec, target: KubernetesTarget) -> dict[str, Any]:
    if spec.backup is None or spec.backup.snapshots is None:
        return {}
    # A snapshot goes with the Backup that tells of it: so they are taken away, and how nothing else takes them away.
    return {"backup": {"volumeSnapshot": {"className": target.snapshot_class, "snapshotOwnerReference": "backup"}}}


def _identity(spec: PostgresClusterSpec, stores: Mapping[str, ObjectStoreSpec]) -> dict[str, Any]:
    labels = store_access.labels(stores[used] for used in facts.stores(spec))
    return {"inheritedMetadata": {"labels": labels}} if labels else {}


def plugin(name: str, store: str, server: str) -> dict[str, Any]:
    """One folder of one object store, in the plugin's words."""
    parameters = {"barmanObjectName": facts.store(name, store), "serverName": server}
    return {"name": versions.BARMAN_CLOUD_PLUGIN, "parameters": parameters}


def _sites(name: str, spec: PostgresClusterSpec, secrets: pulumi.Output[Mapping[str, str]]) -> dict[str, Any]:
    if spec.recover_from is not None:
        origin = plugin(name, spec.recover_from.store, spec.recover_from.server)
        return {"externalClusters": [{"name": ORIGIN, "plugin": origin}]}
    if spec.topology is None or spec.backup is None:
        return {}
    topology = spec.topology
    places = {site: plugin(name, peer.store, peer.server) for site, peer in topology.peers.items()}
    places[topology.self] = plugin(name, spec.backup.store, facts.archive_server(name, spec.generation))
    return {
        "externalClusters": [{"name": site, "plugin": places[site]} for site in sorted(places)],
        "replica": _replica(topology, secrets),
    }


def _replica(topology: TopologySpec, secrets: pulumi.Output[Mapping[str, str]]) -> dict[str, Any]:
    rendered: dict[str, Any] = {"self": topology.self, "primary": topology.primary, "source": topology.source}
    if topology.promotion_token is not None:
        key = topology.promotion_token.secret
        rendered["promotionToken"] = secrets.apply(lambda given: given[key])
    if topology.min_apply_delay is not None:
        rendered["minApplyDelay"] = f"{seconds(topology.min_apply_delay)}s"
    return rendered


def _names(name: str, spec: PostgresClusterSpec) -> dict[str, Any]:
    """The pooler shows the server's certificate, so its name must stand in it for `verify-full`."""
    return {} if spec.pooler is None else {"certificates": {"serverAltDNSNames": [facts.pooler(name)]}}
