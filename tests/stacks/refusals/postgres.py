"""What a PostgresCluster can't promise: replication, versions, ways in."""

from __future__ import annotations

from tests.stacks.refusals.case import API, Case

MAIN = "postgres_clusters.main"

CASES: tuple[Case, ...] = (
    # PostgresCluster: replication, versions
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
        (f"{MAIN}.replication.rpo: must be one of: 'zero' or 'seconds'; e.g. zero",),
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
