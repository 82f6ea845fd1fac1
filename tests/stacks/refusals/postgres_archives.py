"""What a server's archive can't promise: backups, object stores, recovery, objectives."""

from __future__ import annotations

from typing import Any

from tests.stacks.refusals.case import CLUSTER, Case
from tests.stacks.refusals.postgres import MAIN

BACKED_UP: dict[str, Any] = {
    "object_stores.backups": {"bucket": "s3://shop-backups/prod"},
    f"{CLUSTER}.operators.barman_cloud": {"version": "0.14", "namespace": "cnpg-system"},
    f"{MAIN}.backup": {"store": "backups"},
}
"""A small stack with backups: nothing is wrong with it."""

PEERS = {"us": {"store": "backups", "server": "other-g1"}}

CASES: tuple[Case, ...] = (
    Case(
        "A schedule without seconds",
        {**BACKED_UP, f"{MAIN}.backup.schedule": "0 2 * * *"},
        (f'{MAIN}.backup.schedule: has 5 fields, and needs six: seconds come first; e.g. "0 0 2 * * *"',),
    ),
    Case(
        "A retention in words",
        {**BACKED_UP, f"{MAIN}.backup.retention": "1 month"},
        (
            f"{MAIN}.backup.retention: must be a whole number of days, weeks or months without a space: d, w or m; e.g. 30d",
        ),
    ),
    Case(
        "A backup into a store that is not there",
        {**BACKED_UP, f"{MAIN}.backup.store": "offsite"},
        (f"{MAIN}.backup.store: names no object store of this stack; there are: backups",),
    ),
    Case(
        "A backup without the operator's plugin",
        {path: value for path, value in BACKED_UP.items() if "barman_cloud" not in path},
        (
            f"{CLUSTER}.operators.barman_cloud: is missing: backup and recover_from need the Barman Cloud plugin; install it with the cluster layer and paste the block that it prints; e.g. {{version: '0.14', namespace: cnpg-system}}",
        ),
    ),
    Case(
        "A backup on one machine",
        {f"{MAIN}.backup": {"store": "backups"}},
        (
            f"{MAIN}.backup: is for kubernetes only: on one machine `docker.archive` and `make backup` do this; remove it",
            f"{MAIN}.backup.store: names no object store of this stack; there are: none",
        ),
        "docker",
    ),
    Case(
        "An object store whose secrets are not set",
        {
            **BACKED_UP,
            "object_stores.backups.credentials": {"access_key": {"secret": "id"}, "secret_key": {"secret": "key"}},
        },
        (
            "object_stores.backups.credentials.access_key.secret: names a secret that is not set; set it: pulumi config set --secret --path secrets.id",
            "object_stores.backups.credentials.secret_key.secret: names a secret that is not set; set it: pulumi config set --secret --path secrets.key",
        ),
    ),
    Case(
        "An object store over plain HTTP, anywhere",
        {"object_stores.backups": {"bucket": "s3://shop-backups", "endpoint": "http://s3.example.com"}},
        (
            "object_stores.backups.endpoint: is not encrypted, and may lie anywhere; use https, or name the private networks in cidrs; e.g. https://s3.eu-central-1.amazonaws.com",
        ),
    ),
    Case(
        "An object store of a provider that nobody knows",
        {"object_stores.backups": {"provider": "swift", "bucket": "swift://backups"}},
        (
            "object_stores.backups: must have a `provider` of s3 (the default), azure or google; e.g. {provider: google, bucket: gs://blocksight-backups/prod}",
        ),
    ),
    Case(
        "An object store with the address of another provider",
        {
            "object_stores.backups": {"bucket": "gs://shop-backups/prod"},
            "object_stores.google": {"provider": "google", "bucket": "s3://shop-backups"},
            "object_stores.azure": {"provider": "azure", "bucket": "https://shop.example.com/backups"},
        },
        (
            "object_stores.backups.bucket: must be s3:// *",
            "object_stores.google.bucket: must be gs:// *",
            "object_stores.azure.bucket: must be https://, a storage account, *",
        ),
    ),
    Case(
        "An object store with the keys of another provider",
        {
            "object_stores.backups": {
                "provider": "azure",
                "bucket": "https://shopbackups.blob.core.windows.net/postgres",
                "credentials": {"access_key": {"secret": "id"}, "secret_key": {"secret": "key"}},
            },
            "object_stores.google": {
                "provider": "google",
                "bucket": "gs://shop-backups",
                "endpoint": "https://storage.example.com",
            },
        },
        (
            "object_stores.backups.credentials: must be {account_key: {secret: NAME}} or {sas_token: {secret: NAME}}; e.g. {sas_token: {secret: backup_sas_token}}",
            "object_stores.google.endpoint: is a key of kind s3, not of this one; known here: cidrs, provider, bucket, credentials",
        ),
    ),
    Case(
        "A server that is nobody to Azure",
        {
            **BACKED_UP,
            "object_stores.backups": {
                "provider": "azure",
                "bucket": "https://shopbackups.blob.core.windows.net/postgres",
            },
        },
        (
            f"{MAIN}.kubernetes.service_account_annotations: must have azure.workload.identity/client-id, the managed identity of the pods: object_stores.backups has no credentials; e.g. {{azure.workload.identity/client-id: 00000000-0000-0000-0000-000000000000}}",
        ),
    ),
    Case(
        "Snapshots where the cluster makes none",
        {**BACKED_UP, f"{MAIN}.backup": {"store": "backups", "snapshots": {}}},
        (
            f"{CLUSTER}.storage_classes.snapshots: is missing: postgres_clusters.main takes snapshots; name the cluster's VolumeSnapshotClass (kubectl get volumesnapshotclass), or leave backup.snapshots out; e.g. csi-snapshots",
        ),
    ),
    Case(
        "A restore from a snapshot and a base backup at once",
        {
            **BACKED_UP,
            f"{MAIN}.recover_from": {
                "store": "backups",
                "server": "old-g1",
                "backup_id": "20261125T020000",
                "snapshots": {"data": "old-1"},
            },
        },
        (f"{MAIN}.recover_from.snapshots: and backup_id exclude each other; remove one of the two",),
    ),
    Case(
        "A snapshot of a log that has no volume",
        {
            **BACKED_UP,
            f"{MAIN}.recover_from": {
                "store": "backups",
                "server": "old-g1",
                "snapshots": {"data": "old-1", "wal": "old-1-wal"},
            },
        },
        (
            f"{MAIN}.recover_from.snapshots.wal: is for a volume of its own, which this server's log has not; say wal.size",
        ),
    ),
    Case(
        "A volume for a log without its snapshot",
        {
            **BACKED_UP,
            f"{MAIN}.wal": {"size": "10Gi"},
            f"{MAIN}.recover_from": {"store": "backups", "server": "old-g1", "snapshots": {"data": "old-1"}},
        },
        (
            f"{MAIN}.recover_from.snapshots.wal: is missing: this server's log has a volume of its own (wal.size); name its snapshot, or add the volume after the restore; e.g. old-1-wal",
        ),
    ),
    Case(
        "A drill on a day that is none",
        {**BACKED_UP, f"{MAIN}.backup": {"store": "backups", "restore": {"tried": "last week"}}},
        (f"{MAIN}.backup.restore.tried: must be a day, year first, quoted; e.g. '2026-11-25'",),
    ),
    Case(
        "A restore into its own archive",
        {**BACKED_UP, f"{MAIN}.recover_from": {"store": "backups", "server": "main-g1"}},
        (
            f"{MAIN}.recover_from.server: is where this server archives itself (backups, main-g1): it would overwrite what it is made from; raise generation; e.g. generation: 2",
        ),
    ),
    Case(
        "A restore to a moment without its zone",
        {
            **BACKED_UP,
            f"{MAIN}.generation": 2,
            f"{MAIN}.recover_from": {"store": "backups", "server": "main-g1", "target_time": "2026-11-25T01:29:59"},
        },
        (
            f'{MAIN}.recover_from.target_time: must be a moment in ISO 8601 with its zone, quoted; e.g. "2026-11-25T01:29:59Z"',
        ),
    ),
    Case(
        "A restore that stops at once, of no backup in particular",
        {
            **BACKED_UP,
            f"{MAIN}.generation": 2,
            f"{MAIN}.recover_from": {"store": "backups", "server": "main-g1", "immediate": True},
        },
        (
            f"{MAIN}.recover_from.immediate: needs backup_id or snapshots: without them nobody can tell which base backup is meant; e.g. {{backup_id: 20261125T020000, immediate: true}}",
        ),
    ),
    Case(
        "A generation of nothing",
        {f"{MAIN}.generation": 2},
        (f"{MAIN}.generation: needs backup: it is about what this server archives; e.g. {{store: backups}}",),
    ),
    Case(
        "A primary that is no site",
        {**BACKED_UP, f"{MAIN}.topology": {"self": "eu", "primary": "asia", "peers": PEERS}},
        (f"{MAIN}.topology.primary: is no site of this topology; there are: eu, us",),
    ),
    Case(
        "A promotion token for a site that follows",
        {
            **BACKED_UP,
            "secrets.token": {"secure": "v1:abc"},
            f"{MAIN}.topology": {"self": "eu", "primary": "us", "peers": PEERS, "promotion_token": {"secret": "token"}},
        },
        (f"{MAIN}.topology.promotion_token: is for the site that becomes primary, in the change that makes it so",),
    ),
    Case(
        "A site that starts from two places",
        {
            **BACKED_UP,
            f"{MAIN}.recover_from": {"store": "backups", "server": "main-g9"},
            f"{MAIN}.topology": {"self": "eu", "primary": "eu", "peers": PEERS},
        },
        (
            f"{MAIN}.recover_from: and topology exclude each other: a site that follows starts from the site that writes; remove one of the two",
        ),
    ),
    Case(
        "A promise that nothing keeps",
        {"environment.objectives": {"rto": "1h", "rpo": "15m"}},
        (
            f"{MAIN}.backup: is missing: environment.objectives promises what a lost site costs, and nothing is kept outside of it; e.g. {{store: backups}}",
        ),
    ),
    Case(
        "A server too large for the promised restore",
        {
            **BACKED_UP,
            "environment.objectives": {"rto": "30m", "rpo": "15m"},
            "environment.target.quota.storage": "4Ti",
            f"{MAIN}.storage.size": "1Ti",
        },
        (
            f"{MAIN}.storage.size: takes 11488 s to restore when full (15 min to decide, then 1Ti and the log at 100Mi per second), and environment.objectives.rto allows 1800 s; measure a higher backup.restore.bandwidth, take base backups more often, or keep a following site (topology)",
        ),
    ),
    Case(
        "An archive too slow for what may be lost",
        {**BACKED_UP, "environment.objectives": {"rto": "2h", "rpo": "1m"}},
        (
            f"{MAIN}.wal.archive_interval: loses up to 300 s with the site, and environment.objectives.rpo allows 60 s; e.g. 1m",
        ),
    ),
    Case(
        "A promise on one machine",
        {"environment.objectives": {"rto": "1h", "rpo": "15m"}},
        (
            "environment.objectives: is for kubernetes only: one machine has nothing outside of it to restore from; remove it",
        ),
        "docker",
    ),
)
