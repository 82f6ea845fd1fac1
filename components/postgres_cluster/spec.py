"""What a stack file can say about a PostgresCluster, and the pure facts that follow from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from components.postgres_cluster.backup import RESTORER, BackupSpec, SidecarResources
from components.postgres_cluster.pooler import PoolerSpec
from components.postgres_cluster.recovery import RecoverFromSpec, SnapshotPairSpec, TopologySpec
from components.postgres_cluster.storage import NO_SIZE, ONE_MACHINE, StorageSpec, WalSpec
from components.vocabulary import (
    Cpu,
    DatabaseName,
    DnsLabel,
    Duration,
    ImageRef,
    Listed,
    NeededOn,
    OnlyOn,
    Port,
    Problem,
    Size,
    Spec,
    size_bytes,
)

RESERVED_CONNECTIONS = 10
"""Kept free of apps: 3 for superusers (superuser_reserved_connections), the rest for the operator, its exporter, a person."""

SMALLEST_MEMORY = "256Mi"

OWNED_PARAMETERS = frozenset(
    {
        "archive_command",
        "archive_mode",
        "archive_timeout",
        "data_directory",
        "hba_file",
        "listen_addresses",
        "max_connections",
        "max_slot_wal_keep_size",
        "port",
        "shared_buffers",
        "ssl",
        "synchronous_standby_names",
    }
)
"""Derived from other fields, or the platform's own."""


Major = Literal[14, 15, 16, 17, 18]

ExtensionName = Annotated[str, Field(pattern=r"^[a-z][-_a-z0-9]*$", max_length=63, examples=["pg_trgm"])]
"""Name of an extension that the image holds."""


class DatabaseSpec(Spec):
    """A database of the server, with an owner role named after it."""

    extensions: Annotated[tuple[ExtensionName, ...], Listed] = Field(default=(), examples=["[pg_trgm]"])
    """Extensions that a superuser must create. Taking one out of the list leaves it in the database."""
    deletion_protection: bool = True
    """Keeps the database when it is taken out of the file."""


class PostgresResources(Spec):
    """What one instance is given; requests equal limits."""

    cpu: Cpu = "500m"
    """Processor time."""
    memory: Size = "1Gi"
    """Memory; a quarter of it becomes shared_buffers."""

    def problems(self) -> Iterable[Problem]:
        if size_bytes(self.memory) < size_bytes(SMALLEST_MEMORY):
            yield Problem(
                path=("memory",), rule=f"must be {SMALLEST_MEMORY} or more for a server to start", example="1Gi"
            )


class ReplicationSpec(Spec):
    """What a failover may lose, and what that costs."""

    rpo: Literal["zero", "seconds"]
    """zero: a commit waits for a standby, and writes stop while none is left. seconds: a commit waits for nobody, and a
    failover loses what the standby had not received."""
    writes_may_stop: bool = False
    """Permission for `zero` with a single standby: then every restart of it stops writes."""
    lag: Duration = "1m"
    """How far behind a standby may be before somebody is told."""


class UpgradeSpec(Spec):
    """How new versions reach a server that runs."""

    allow_major: Major | None = Field(default=None, examples=[18])
    """Permission to bring the server to this major: the whole cluster is down while files are converted, and there is no
    way back but a restore. Without it the engine refuses the change."""
    primary: Literal["restart", "switchover"] = "restart"
    """How the primary comes last in a rollout: restarted in place, or after a standby took over. With `switchover` image
    and parameters can't change at once."""


class PostgresKubernetesSpec(Spec):
    """Only for stacks on Kubernetes."""

    priority_class: DnsLabel | None = Field(default=None, examples=["data"])
    """PriorityClass that the cluster layer made."""
    node_selector: Mapping[str, str] = Field(default={}, examples=["{pool: data}"])
    """Labels that a node must have."""
    service_account_annotations: Mapping[str, str] = Field(
        default={}, examples=['{eks.amazonaws.com/role-arn: "arn:aws:iam::...:role/backup"}']
    )
    """Says who the pods are to the cloud, where the object store has no credentials."""


class PostgresDockerSpec(Spec):
    """Only for stacks on Docker."""

    publish: Port | None = Field(default=None, examples=[5432])
    """Port of 127.0.0.1 that reaches the server, for a developer's own client."""
    archive: bool = False
    """Archives the write-ahead log to a volume, for `make backup` and `make restore`."""


class PostgresClusterSpec(Spec):
    """A PostgreSQL server."""

    major: Major = Field(examples=[18])
    """Major version of PostgreSQL. Raising it is a migration, never a side effect of an image."""
    image: ImageRef | None = Field(
        default=None, examples=["ghcr.io/cloudnative-pg/postgresql:18.6-standard-trixie@sha256:<64 hex digits>"]
    )
    """Image of that major. Absent: the one in components/versions.py."""
    instances: Annotated[int, OnlyOn("kubernetes", ONE_MACHINE, (1,))] = Field(default=3, ge=1, le=9, examples=[3])
    """Servers: one primary, the rest standbys."""
    storage: Annotated[StorageSpec | None, NeededOn("kubernetes", NO_SIZE)] = Field(
        default=None, examples=["{size: 100Gi}"]
    )
    """Data volume of each instance."""
    wal: WalSpec = WalSpec()
    """The write-ahead log."""
    replication: Annotated[ReplicationSpec | None, OnlyOn("kubernetes", ONE_MACHINE)] = Field(
        default=None, examples=["{rpo: zero}"]
    )
    """What a failover may lose. Absent: nothing (`zero`) from three instances on, `seconds` below."""
    backup: Annotated[
        BackupSpec | None, OnlyOn("kubernetes", "on one machine `docker.archive` and `make backup` do this")
    ] = Field(default=None, examples=["{store: backups}"])
    """Backups in an object store. Absent: none, and a deleted row is gone."""
    generation: Annotated[int, OnlyOn("kubernetes", "only an object store has generations", (1,))] = Field(
        default=1, ge=1, le=999, examples=[2]
    )
    """Which life of this server archives: raised with a restore and with a new major, so that one never overwrites another."""
    recover_from: Annotated[RecoverFromSpec | None, OnlyOn("kubernetes", "on one machine `make restore` does this")] = (
        Field(default=None, examples=["{store: backups, server: main-g1}"])
    )
    """Where a new server takes its first data from."""
    topology: Annotated[TopologySpec | None, OnlyOn("kubernetes", ONE_MACHINE)] = Field(
        default=None, examples=["{self: eu, primary: eu, peers: {us: {store: backups-us, server: main-g1}}}"]
    )
    """The same database on other clusters."""
    pooler: PoolerSpec | None = Field(default=None, examples=["{pool_size: 20}"])
    """Absent: none."""
    upgrade: Annotated[UpgradeSpec, OnlyOn("kubernetes", "on Docker each major has a volume of its own")] = (
        UpgradeSpec()
    )
    """How new versions reach a server that runs."""
    resources: PostgresResources = PostgresResources()
    """What one instance is given."""
    max_connections: int = Field(default=100, ge=20, le=1000, examples=[200])
    """Connections the server accepts; the proof adds up what all apps may open."""
    databases: Mapping[DatabaseName, DatabaseSpec] = Field(min_length=1, examples=["{api: {}}"])
    """Databases of the server."""
    parameters: Mapping[str, str] = Field(default={}, examples=["{work_mem: 16MB}"])
    """Other server parameters, as in postgresql.conf."""
    deletion_protection: bool = True
    """Keeps the server, its volumes and its superuser's password."""
    kubernetes: Annotated[
        PostgresKubernetesSpec | None, OnlyOn("kubernetes", "the block is named after its target")
    ] = None
    """What only Kubernetes can honour."""
    docker: Annotated[PostgresDockerSpec | None, OnlyOn("docker", "the block is named after its target")] = None
    """What only Docker can honour."""

    @property
    def shared_buffers(self) -> str:
        """A quarter of the memory, PostgreSQL's own advice. https://www.postgresql.org/docs/18/runtime-config-resource.html"""
        return f"{size_bytes(self.resources.memory) // 4 // 2**20}MB"

    @property
    def replicated(self) -> ReplicationSpec:
        """What a failover may lose, said or derived."""
        if self.replication is not None:
            return self.replication
        return ReplicationSpec(rpo="zero" if self.instances > 2 else "seconds")

    @property
    def sidecar(self) -> SidecarResources | None:
        """What archives and restores is given, said or for a server that only restores; None where neither happens.

        The namespace has a quota, so that a container without requests would never be let in.
        """
        if self.backup is not None:
            return self.backup.sidecar
        return RESTORER if self.recover_from is not None else None

    def problems(self) -> Iterable[Problem]:
        for parameter in sorted(OWNED_PARAMETERS & self.parameters.keys()):
            yield Problem(
                path=("parameters", parameter),
                rule="follows from other fields (max_connections, resources, wal, replication) and can't be set here",
            )
        yield from self._replication_problems()
        yield from self._version_problems()
        if (self.topology is not None or self.generation > 1) and self.backup is None:
            path = ("topology",) if self.topology is not None else ("generation",)
            yield Problem(
                path=path, rule="needs backup: it is about what this server archives", example="{store: backups}"
            )
        if self.topology is not None and self.recover_from is not None:
            yield Problem(
                path=("recover_from",),
                rule="and topology exclude each other: a site that follows starts from the site that writes; remove one of the two",
            )
        if self.recover_from is not None and (pair := self.recover_from.snapshots) is not None:
            yield from self._snapshot_problems(pair)

    def _snapshot_problems(self, pair: SnapshotPairSpec) -> Iterable[Problem]:
        """A volume is made from each snapshot, and none may be left over or missing."""
        path = ("recover_from", "snapshots", "wal")
        if pair.wal is not None and self.wal.size is None:
            yield Problem(path=path, rule="is for a volume of its own, which this server's log has not; say wal.size")
        if pair.wal is None and self.wal.size is not None:
            yield Problem(
                path=path,
                rule="is missing: this server's log has a volume of its own (wal.size); name its snapshot, or add the volume after the restore",
                example=f"{pair.data}-wal",
            )

    def _replication_problems(self) -> Iterable[Problem]:
        if self.replication is None or self.replication.rpo != "zero":
            return
        if self.instances == 1:
            yield Problem(
                path=("replication", "rpo"),
                rule="can't be zero with one instance: nothing has a second copy; raise instances or say seconds",
                example="seconds",
            )
        elif self.instances == 2 and not self.replication.writes_may_stop:
            yield Problem(
                path=("replication", "writes_may_stop"),
                rule="is needed for zero with one standby: whenever it restarts, writes stop; raise instances to 3, say seconds, or permit it",
                example="true",
            )

    def _version_problems(self) -> Iterable[Problem]:
        if self.upgrade.allow_major is not None and self.upgrade.allow_major != self.major:
            yield Problem(
                path=("upgrade", "allow_major"),
                rule=f"permits another major than the one that is declared ({self.major}); change both in one edit, or remove it",
                example=str(self.major),
            )
        if self.image is not None and "bitnami" in self.image:
            yield Problem(
                path=("image",),
                rule="is a Bitnami image: they are frozen since August 2025, and are laid out differently",
                example="ghcr.io/cloudnative-pg/postgresql:18.6-standard-trixie@sha256:<64 hex digits>",
            )
        elif self.image is not None and not re.search(rf":{self.major}\b[^/]*$", self.image):
            yield Problem(
                path=("image",),
                rule=f"must have a tag that starts with the major ({self.major}): the operator reads the version from it",
                example=f"ghcr.io/cloudnative-pg/postgresql:{self.major}.6-standard-trixie@sha256:<64 hex digits>",
            )
