"""What a stack file can say about where a server comes from: an archive, snapshots, or another site.

Read once, when a server is made; a topology is read for as long as it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from components.vocabulary import DnsLabel, Duration, NamedSecret, PointInTime, Problem, Spec

ServerName = Annotated[
    str, Field(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?-g[1-9][0-9]*$", max_length=60, examples=["main-g1"])
]
"""Folder of one generation of one server inside an object store."""

SnapshotName = Annotated[
    str, Field(pattern=r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$", max_length=253, examples=["main-snapshots-20261125140000"])
]
"""Name of a VolumeSnapshot."""


class SnapshotPairSpec(Spec):
    """Snapshots of one moment, in the namespace of the new server."""

    data: SnapshotName = Field(examples=["main-snapshots-20261125140000"])
    """Name of the VolumeSnapshot of the data."""
    wal: SnapshotName | None = Field(default=None, examples=["main-snapshots-20261125140000-wal"])
    """That of the log, where the log has a volume of its own."""


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
    snapshots: SnapshotPairSpec | None = Field(default=None, examples=["{data: main-snapshots-20261125140000}"])
    """Snapshots to start from in place of a base backup; the log behind them still comes from the store."""
    immediate: bool = False
    """Stops as soon as the base backup is consistent, without the log behind it."""

    def problems(self) -> Iterable[Problem]:
        if self.snapshots is not None and self.backup_id is not None:
            yield Problem(path=("snapshots",), rule="and backup_id exclude each other; remove one of the two")
        if self.immediate and self.backup_id is None and self.snapshots is None:
            yield Problem(
                path=("immediate",),
                rule="needs backup_id or snapshots: without them nobody can tell which base backup is meant",
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
