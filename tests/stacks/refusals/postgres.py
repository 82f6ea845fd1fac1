"""What a PostgresCluster can't promise: replication, versions, backups, recovery, objectives, ways in."""

from __future__ import annotations

from typing import Any

from tests.stacks.refusals.case import API, CLUSTER, Case

MAIN = "postgres_clusters.main"

BACKED_UP: dict[str, Any] = {
    "object_stores.backups": {"bucket": "s3://shop-backups/prod"},
    f"{CLUSTER}.operators.barman_cloud": {"version": "0.14", "namespace": "cnpg-system"},
    f"{MAIN}.backup": {"store": "backups"},
}
"""A small stack with backups: nothing is wrong with it."""

PEERS = {"us": {"store": "backups", "server": "other-g1"}}

CASES: tuple[Case, ...] = (
    # PostgresCluster: replication, versions, backups
    Case(
        "A risky migration of a server without backups",
        {f"{API}.migrations": {"command": ["migrate"], "risky": True}},
        (f"{API}.migrations.risky: needs backups of 'main': say `backup: {{store: ...}}` there",),
    ),
    Case(
        "A risky migration on one machine, of a server that archives nothing",
        {f"{API}.migrations": {"command": ["migrate"], "risky": True}},
        (f"{API}.migrations.risky: needs backups of 'main': say `docker: {{archive: true}}` there",),
        "docker",
    ),
    Case(
        "A risky migration whose backup is called like a server",
        {
            f"{MAIN}.docker": {"archive": True},
            "postgres_clusters.api-main": {"major": 18, "databases": {"api": {}}},
            f"{API}.migrations": {"command": ["migrate"], "risky": True},
        },
        (
            "app_services.api: takes a name that 'api-main' takes too: names with a suffix (`-rw`, `-secrets`, ...) must differ as well; rename one",
        ),
        "docker",
    ),
    Case(
        "Nothing may be lost, with one instance",
        {f"{MAIN}.instances": 1, f"{MAIN}.replication": {"rpo": "zero"}},
        (
            f"{MAIN}.replication.rpo: can't be zero with one instance: nothing has a second copy; raise instances or say seconds; e.g. seconds",
        ),
    ),
    Case(
        "Nothing may be lost, with one standby and no permission to stop",
        {f"{MAIN}.instances": 2, f"{MAIN}.replication": {"rpo": "zero"}},
        (
            f"{MAIN}.replication.writes_may_stop: is needed for zero with one standby: whenever it restarts, writes stop; raise instances to 3, say seconds, or permit it; e.g. true",
        ),
    ),
    Case(
        "A promise about replication that nobody knows",
        {f"{MAIN}.replication": {"rpo": "minutes"}},
        (f"{MAIN}.replication.rpo: must be one of: 'zero' or 'seconds'",),
    ),
    Case(
        "Replication on one machine",
        {f"{MAIN}.replication": {"rpo": "seconds"}},
        (f"{MAIN}.replication: is for kubernetes only: one machine runs one server; remove it",),
        "docker",
    ),
    Case(
        "Permission for another major than the declared one",
        {f"{MAIN}.upgrade": {"allow_major": 17}},
        (
            f"{MAIN}.upgrade.allow_major: permits another major than the one that is declared (18); change both in one edit, or remove it; e.g. 18",
        ),
    ),
    Case(
        "A Bitnami image",
        {f"{MAIN}.image": "docker.io/bitnami/postgresql:18@sha256:" + "1" * 64},
        (
            f"{MAIN}.image: is a Bitnami image: they are frozen since August 2025, and are laid out differently; e.g. ghcr.io/cloudnative-pg/postgresql:18.6-standard-trixie@sha256:<64 hex digits>",
        ),
    ),
    Case(
        "A server's image without the major in its tag",
        {f"{MAIN}.image": "registry.example.com/postgresql@sha256:" + "1" * 64},
        (
            f"{MAIN}.image: must have a tag that starts with the major (18): the operator reads the version from it; e.g. ghcr.io/cloudnative-pg/postgresql:18.6-standard-trixie@sha256:<64 hex digits>",
        ),
    ),
    Case(
        "A server's image by a tag that can be moved",
        {f"{MAIN}.image": "registry.example.com/postgresql:18.6"},
        (
            f"{MAIN}.image: names a tag alone, and a tag can be moved: stacks on Kubernetes name the digest; e.g. ghcr.io/blocksight/api@sha256:<64 hex digits>",
        ),
    ),
    Case(
        "A log that is archived too seldom",
        {f"{MAIN}.wal": {"archive_interval": "2h"}},
        (
            f"{MAIN}.wal.archive_interval: must be from 30s to 1h: each interval with a change fills a file of 16 MiB in the archive; e.g. 5m",
        ),
    ),
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
            "object_stores.backups.bucket: must match *",
            "object_stores.google.bucket: must match *",
            "object_stores.azure.bucket: must match *",
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
            f"{MAIN}.recover_from.immediate: needs backup_id: without it nobody can tell which base backup is meant; e.g. {{backup_id: 20261125T020000, immediate: true}}",
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
    # PostgresCluster: ways in
    Case(
        "A pooler that is not there",
        {f"{API}.connects_to": [{"postgres": "main", "through": "pooler"}]},
        (
            f"{API}.connects_to[0].through: needs a pooler, and 'main' has none: declare it on the server, or connect to the primary; e.g. primary",
        ),
    ),
    Case(
        "Replicas of one instance",
        {f"{MAIN}.instances": 1, f"{API}.connects_to": [{"postgres": "main", "through": "replicas"}]},
        (
            f"{API}.connects_to[0].through: needs standbys, and 'main' has one instance: raise its instances, or connect to the primary; e.g. primary",
        ),
    ),
    Case(
        "One app in two databases",
        {
            f"{MAIN}.databases.other": {},
            f"{API}.connects_to": [
                {"postgres": "main"},
                {"postgres": "main", "database": "other", "through": "replicas", "as": "READ"},
            ],
        },
        (f"{API}.connects_to[1].postgres: is connected twice; an app has one role on a server, for one database",),
    ),
    Case(
        "More pooled connections than the server takes",
        {
            f"{MAIN}.pooler": {"pool_size": 40},
            f"{API}.connects_to": [{"postgres": "main", "through": "pooler"}],
        },
        (
            f"{MAIN}.max_connections: is 100, but apps may open 130: pooler (2 poolers + 1 surge) x pool_size 40 x 1 apps = 120, kept free 10; raise it, or lower a pool or a maximum; e.g. 130",
        ),
    ),
    Case(
        "More clients than a pooler takes",
        {
            f"{MAIN}.pooler": {"max_clients": 50},
            f"{API}.replicas": 5,
            f"{API}.connects_to": [{"postgres": "main", "through": "pooler"}],
        },
        (
            f"{MAIN}.pooler.max_clients: is 50, but when one pooler is left it gets 60 clients: api (5 replicas + 1 surge) x 10 = 60; raise it, or lower a pool or a maximum; e.g. 60",
        ),
    ),
    Case(
        "More readers than a standby takes",
        {f"{API}.replicas": 10, f"{API}.connects_to": [{"postgres": "main", "through": "replicas"}]},
        (
            f"{MAIN}.max_connections: is 100, but on one standby readers may open 120: api (10 replicas + 1 surge) x 10 = 110, kept free 10; raise it, or lower a pool or a maximum; e.g. 120",
        ),
    ),
)
