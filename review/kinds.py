"""What is lost with an object of each kind, and why: the tables that flags F1 and F2 read.

Owns: one row per kind with the consequence in words and its source. A kind that holds data and is missing here is not flagged as a
loss, so a row costs little and a gap may cost a database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from review.model import Change
from review.values import mapping, objects


@dataclass(frozen=True, slots=True)
class Loss:
    """What a deletion of such an object takes with it."""

    consequence: str
    source: str


_OWNER = "CloudNativePG: a Cluster owns its volume claims and secrets (api/v1, SetInheritedDataAndOwnership)"
_DELETION = "Kubernetes: reclaiming of persistent volumes"

DATA: Mapping[str, Loss] = {
    "postgresql.cnpg.io/v1:Cluster": Loss("the operator deletes all its volumes: every database on it is gone", _OWNER),
    "core/v1:PersistentVolumeClaim": Loss(
        "its volume goes with it, and all data on it, unless the storage class retains it", _DELETION
    ),
    "core/v1:PersistentVolume": Loss("the volume is released, and deleted if its reclaim policy says so", _DELETION),
    "postgresql.cnpg.io/v1:Database": Loss(
        "the database is dropped if its reclaim policy says so, and nothing manages it any more",
        "CloudNativePG: declarative database management",
    ),
    "postgresql.cnpg.io/v1:DatabaseRole": Loss(
        "apps that log in with this role are locked out", "CloudNativePG: declarative role management"
    ),
    "barmancloud.cnpg.io/v1:ObjectStore": Loss(
        "backups and the WAL archive lose their place: no point in time after this can be restored",
        "Barman Cloud plugin: object stores",
    ),
    "docker:index/volume:Volume": Loss("all data in the volume is gone", "docker volume rm"),
}
"""By the end of a type token; the heaviest losses first."""

BUCKETS = ("bucket:Bucket", "bucketV2:BucketV2", "s3Bucket:S3Bucket", "storage:Bucket")
BUCKET = Loss(
    "every object in the bucket is gone, backups included",
    "object stores delete a bucket with what is in it when told to",
)

CASCADES: Mapping[str, Loss] = {
    "core/v1:Namespace": Loss(
        "Kubernetes deletes everything in the namespace, whoever made it, volume claims included",
        "Kubernetes: namespaces",
    ),
    "apiextensions.k8s.io/v1:CustomResourceDefinition": Loss(
        "Kubernetes deletes every object of this kind in the whole cluster", "Kubernetes: custom resources"
    ),
    "helm.sh/v3:Release": Loss(
        "the chart is uninstalled; if it brings CRDs, every object of their kinds goes too",
        "Helm: custom resource definitions",
    ),
    "helm.sh/v4:Chart": Loss(
        "the chart's objects are deleted; if it brings CRDs, every object of their kinds goes too",
        "Helm: custom resource definitions",
    ),
    "storage.k8s.io/v1:StorageClass": Loss(
        "no new volume of this class can be made, and claims that wait for one wait for ever",
        "Kubernetes: storage classes",
    ),
    "pulumi:providers:kubernetes": Loss(
        "every object that this provider manages is deleted and made anew, or made on another cluster",
        "pulumi-kubernetes: DiffConfig",
    ),
    "pulumi:providers:docker": Loss(
        "every object that this provider manages is deleted and made anew, or made on another machine",
        "pulumi-docker: provider replacement",
    ),
}

PASSWORDS = (
    "random:index/randomPassword:RandomPassword",
    "random:index/randomString:RandomString",
    "random:index/randomBytes:RandomBytes",
    "tls:index/privateKey:PrivateKey",
)
PASSWORD = Loss(
    "a new value is generated: whoever holds the old one is locked out until all of them restart",
    "pulumi-random: any changed input makes a new value",
)

CLAIM_TEMPLATES = Loss(
    "its pods go; claims that its templates made stay only because Kubernetes does not delete them",
    "Kubernetes: StatefulSets, persistentVolumeClaimRetentionPolicy",
)

STATEFUL_WORDS = ("postgres", "redis", "valkey", "mysql", "mongo", "database", "cnpg", "pooler")
"""In a type or name: the resource is, or belongs to, something that holds data."""


def data_loss(change: Change) -> Loss | None:
    """What data such an object holds; None if none that is known."""
    token = change.type
    for end, loss in DATA.items():
        if token.endswith(end):
            return loss
    if any(token.endswith(end) for end in BUCKETS) or token.lower().endswith(("bucket", "bucketv2")):
        return BUCKET
    if token in PASSWORDS:
        return PASSWORD
    if token.endswith("apps/v1:StatefulSet") and objects(
        mapping(change.before.get("spec")).get("volumeClaimTemplates")
    ):
        return CLAIM_TEMPLATES
    return None


def cascade(change: Change) -> Loss | None:
    return next((loss for end, loss in CASCADES.items() if change.type.endswith(end)), None)


def stateful(name: str) -> bool:
    return any(word in name.lower() for word in STATEFUL_WORDS)


def weight(change: Change) -> int:
    """The more is lost, the higher."""
    ends = list(DATA)
    return len(ends) - next((n for n, end in enumerate(ends) if change.type.endswith(end)), len(ends))
