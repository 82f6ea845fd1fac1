"""What follows from a PostgresCluster's name and spec alone: selector, names it takes, footprint."""

from __future__ import annotations

from collections.abc import Iterable

from components.footprint import Footprint
from components.postgres_cluster.spec import PostgresClusterSpec
from components.vocabulary import cpu_millis, seconds, size_bytes

COMPONENT = "postgres-cluster"
"""Value of app.kubernetes.io/name on what we create ourselves."""

LONGEST_NAME = 50
"""CloudNativePG refuses longer ones: pods, jobs and services put their own words behind it."""

PORT = 5432
STATUS_PORT = 8000
"""Instance manager: the operator and the other instances ask it. https://cloudnative-pg.io/documentation/1.30/networking/"""

METRICS_PORT = 9187
"""Series of an instance, on both targets."""

POOLER_METRICS_PORT = 9127
"""Series of a pooler, on both targets."""

DIRECT_TLS_SINCE = 17

POOLER_SURGE = 1
"""Poolers that a rollout starts before it stops one."""

BACKLOG_FILES = 32
"""Half a gigabyte of log that is archived nowhere."""

WAITING_CLIENTS = 20
WAIT_SECONDS = 15
"""A pooler's queue from which on users notice."""

OPERATOR_SUFFIXES = ("-rw", "-ro", "-r", "-ca", "-server", "-replication", "-superuser", "-app", "-pooler")
"""Services and Secrets that the operator makes behind the cluster's name."""

OWN_SUFFIXES = (
    *("", "-pooler-rw", "-backup", "-snapshots"),
    *("-data", "-archive", "-archive-owner", "-files", "-setup", "-secrets", "-egress"),
    *("-exporter", "-exporter-files", "-exporter-secrets"),
    *("-pooler-files", "-pooler-config", "-pooler-secrets"),
    *("-pooler-exporter", "-pooler-exporter-files", "-pooler-exporter-secrets"),
)
"""What we put behind the name ourselves, on either target."""

EXPORTER_ROLE = "slipway-exporter"
"""Login of the exporters on Docker: reads statistics, and no rows."""

RESERVED = frozenset({"postgres", "slipway", EXPORTER_ROLE, "pgbouncer", "template0", "template1"})
"""Databases and roles the server has anyway; neither an app nor a declared database may take them."""


def selector(name: str) -> dict[str, str]:
    """Labels that select the server's pods: the operator's own, so that its jobs are meant too."""
    return {"cnpg.io/cluster": name}


def owner(database: str) -> str:
    """Role that owns a database; nobody logs in with it."""
    return f"{database}-owner"


def pooler(name: str) -> str:
    """Name of the pooler's Service."""
    return f"{name}-pooler-rw"


def archive_server(name: str, generation: int) -> str:
    """Folder of one generation in an object store: what no other generation may write to."""
    return f"{name}-g{generation}"


def store(name: str, object_store: str) -> str:
    """Name of what lets this server into an object store."""
    return f"{name}-{object_store}-store"


def stores(spec: PostgresClusterSpec) -> list[str]:
    """Object stores that this server reads or writes."""
    used = [spec.backup, spec.recover_from, *(() if spec.topology is None else spec.topology.peers.values())]
    return sorted({one.store for one in used if one is not None})


def claims(name: str, spec: PostgresClusterSpec, apps: Iterable[str]) -> list[str]:
    """Names that nothing else may take; a name that stands here twice is taken twice by this server."""
    suffixes = [
        *OPERATOR_SUFFIXES,
        *OWN_SUFFIXES,
        *(f"-{owner(d)}" for d in spec.databases),
        *(f"-{a}" for a in apps),
        *(f"-{s}-store" for s in stores(spec)),
    ]
    return [f"{name}{suffix}" for suffix in suffixes]


def backup_seconds(spec: PostgresClusterSpec) -> int:
    """How long a base backup is waited for: twice what a full volume takes, and ten minutes for one that is under way."""
    assert spec.backup is not None, "asked of a server with backups"
    size = 0 if spec.storage is None else size_bytes(spec.storage.size)
    return 600 + 2 * size // size_bytes(spec.backup.restore.bandwidth)


def shows_dates(spec: PostgresClusterSpec) -> bool:
    """Whether a plain TLS handshake, such as a prober's, gets to see the server's certificate.

    Before 17 a client had to ask for TLS in PostgreSQL's own words first. https://www.postgresql.org/docs/17/release-17.html
    """
    return spec.major >= DIRECT_TLS_SINCE


def lag_seconds(spec: PostgresClusterSpec) -> int:
    """Replication lag from which on somebody is told."""
    return seconds(spec.replicated.lag)


def slot_limit_bytes(spec: PostgresClusterSpec) -> int:
    """Log kept for standbys: as said, or half of the volume that the log lies on."""
    if spec.wal.slot_limit is not None:
        return size_bytes(spec.wal.slot_limit)
    return size_bytes(volumes(spec)[-1]) // 2 if volumes(spec) else 0


def volumes(spec: PostgresClusterSpec) -> list[str]:
    """Sizes of one instance's volumes."""
    sizes = [None if spec.storage is None else spec.storage.size, spec.wal.size]
    return [size for size in sizes if size is not None]


def peak(spec: PostgresClusterSpec) -> Footprint:
    """The most the server can ask of its namespace: every instance, and one job that builds or joins the next."""
    pods = spec.instances + 1
    sidecar = spec.sidecar
    # The sidecar archives in every pod; the job that restores has it too.
    cpu = cpu_millis(spec.resources.cpu) + (0 if sidecar is None else cpu_millis(sidecar.cpu))
    memory = size_bytes(spec.resources.memory) + (0 if sidecar is None else size_bytes(sidecar.memory))
    return Footprint(
        cpu=pods * cpu,
        memory=pods * memory,
        pods=pods,
        storage=spec.instances * sum(size_bytes(v) for v in volumes(spec)),
        volume_claims=spec.instances * len(volumes(spec)),
    ) + _pooler_peak(spec)


def _pooler_peak(spec: PostgresClusterSpec) -> Footprint:
    """Every pooler, and one more while they are replaced."""
    if spec.pooler is None:
        return Footprint()
    pods = spec.pooler.instances + POOLER_SURGE
    return Footprint(
        cpu=pods * cpu_millis(spec.pooler.resources.cpu),
        memory=pods * size_bytes(spec.pooler.resources.memory),
        pods=pods,
    )


def pooled_connections(spec: PostgresClusterSpec, apps: int, *, on_docker: bool) -> int:
    """Server connections that the poolers may hold for so many apps, a rollout's extra pooler included."""
    if spec.pooler is None:
        return 0
    poolers = 1 if on_docker else spec.pooler.instances + POOLER_SURGE
    return poolers * spec.pooler.pool_size * apps
