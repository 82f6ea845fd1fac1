"""What a stack file can say about a server's backups and about where a server comes from, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from components.cron import DAY, SixFieldCron, longest_gap
from components.vocabulary import (
    Cpu,
    DnsLabel,
    Duration,
    NamedSecret,
    PointInTime,
    Problem,
    Retention,
    Size,
    Spec,
    seconds,
    size_bytes,
)

DECISION_SECONDS = 900
"""From the loss to the decision to restore: 5 minutes to notice, 10 to decide."""

ServerName = Annotated[
    str, Field(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?-g[1-9][0-9]*$", max_length=60, examples=["main-g1"])
]
"""Folder of one generation of one server inside an object store."""


class SidecarResources(Spec):
    """What the container beside each instance is given that archives, backs up and restores; requests equal limits."""

    cpu: Cpu = "100m"
    """Processor time."""
    memory: Size = "512Mi"
    """Memory. With 128Mi backups were killed while the server stayed ready; restores of large servers want 1Gi."""


RESTORER = SidecarResources(memory="1Gi")
"""Of a server that is made from an archive and has none itself."""


class RestoreSpec(Spec):
    """What a restore can count on: measure it in a drill, then write it here."""

    bandwidth: Size = "100Mi"
    """Bytes per second from the object store onto a volume."""
    wal_per_day: Size = "10Gi"
    """Write-ahead log of a busy day: what must be fetched and replayed beside the base backup."""


class BackupSpec(Spec):
    """Base backups and the write-ahead log in an object store: any moment within `retention` can be restored."""

    store: DnsLabel = Field(examples=["backups"])
    """Name of the object store."""
    schedule: SixFieldCron = "0 0 2 * * *"
    """When base backups are taken, seconds first."""
    retention: Retention = "30d"
    """How far back a restore can go."""
    sidecar: SidecarResources = SidecarResources()
    """What the archiving container is given."""
    restore: RestoreSpec = RestoreSpec()
    """What a restore can count on; compared with the stack's `objectives.rto`."""

    @property
    def most_apart(self) -> int:
        """Seconds between two base backups, at worst."""
        return longest_gap(self.schedule)


class RecoverFromSpec(Spec):
    """Where a new server takes its first data from. Read once: a server that runs does not look at it again."""

    store: DnsLabel = Field(examples=["backups"])
    """Object store to read from."""
    server: ServerName
    """Generation of a server in that store: the server's name, `-g` and its generation."""
    target_time: PointInTime | None = None
    """The last moment to bring back. Absent: everything that was archived."""
    backup_id: str | None = Field(default=None, pattern=r"^\d{8}T\d{6}$", examples=["20261125T020000"])
    """Base backup to start from. Absent: the last one before `target_time`."""
    immediate: bool = False
    """Stops as soon as the base backup is consistent, without the log behind it."""

    def problems(self) -> Iterable[Problem]:
        if self.immediate and self.backup_id is None:
            yield Problem(
                path=("immediate",),
                rule="needs backup_id: without it nobody can tell which base backup is meant",
                example="{backup_id: 20261125T020000, immediate: true}",
            )
        if self.immediate and self.target_time is not None:
            yield Problem(path=("immediate",), rule="and target_time exclude each other; remove one of the two")


class PeerSpec(Spec):
    """Another site of the same database, known by what it archives."""

    store: DnsLabel = Field(examples=["backups-us"])
    """Object store it archives to."""
    server: ServerName
    """Its generation in that store."""


class TopologySpec(Spec):
    """One database over several Kubernetes clusters: one site writes, the others follow its archive."""

    self: DnsLabel = Field(examples=["eu"])
    """Name of this site."""
    primary: DnsLabel = Field(examples=["eu"])
    """Name of the site that writes. Change it first where it writes now, then everywhere else."""
    peers: Mapping[DnsLabel, PeerSpec] = Field(min_length=1, examples=["{us: {store: backups-us, server: main-g1}}"])
    """The other sites by name."""
    promotion_token: NamedSecret | None = Field(default=None, examples=["{secret: promotion_token}"])
    """The demotion token of the site that wrote before, for the one change that makes this site primary."""
    min_apply_delay: Duration | None = Field(default=None, examples=["1h"])
    """How far behind a following site stays on purpose, so that a mistake can be caught there."""

    @property
    def is_primary(self) -> bool:
        """Whether this site writes."""
        return self.primary == self.self

    @property
    def source(self) -> str:
        """The peer that this site follows; where it writes, the first one stands in, as the operator wants a name."""
        return min(self.peers) if self.is_primary else self.primary

    def problems(self) -> Iterable[Problem]:
        sites = sorted({self.self, *self.peers})
        if self.self in self.peers:
            yield Problem(path=("peers", self.self), rule="is this site itself; peers are the others")
        if self.primary not in sites:
            yield Problem(path=("primary",), rule=f"is no site of this topology; there are: {', '.join(sites)}")
        elif self.promotion_token is not None and not self.is_primary:
            yield Problem(
                path=("promotion_token",), rule="is for the site that becomes primary, in the change that makes it so"
            )
        elif self.promotion_token is not None and self.min_apply_delay is not None:
            yield Problem(
                path=("min_apply_delay",), rule="and promotion_token exclude each other; remove one of the two"
            )


def restore_seconds(spec: BackupSpec, storage: str) -> int:
    """How long it takes at worst until a lost server answers again: a full volume, and the log since its base backup."""
    log = size_bytes(spec.restore.wal_per_day) * spec.most_apart // DAY
    return DECISION_SECONDS + (size_bytes(storage) + log) // size_bytes(spec.restore.bandwidth)


def loss_seconds(archive_interval: str) -> int:
    """How much is lost at worst when a whole site is: the log that was not archived yet."""
    return seconds(archive_interval)
