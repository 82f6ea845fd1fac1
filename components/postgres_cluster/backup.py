"""What a stack file can say about a server's backups, and what follows from it."""

from __future__ import annotations

import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from components.cron import DAY, SixFieldCron, longest_gap
from components.vocabulary import (
    Cpu,
    DnsLabel,
    Duration,
    Retention,
    Size,
    Spec,
    seconds,
    size_bytes,
)

DECISION_SECONDS = 900
"""From the loss to the decision to restore: 5 minutes to notice, 10 to decide."""


def _day(value: str) -> str:
    try:
        day = datetime.date.fromisoformat(value)
    except ValueError:
        day = None
    if day is None or day.isoformat() != value:
        msg = "must be a day, year first, quoted"
        raise ValueError(msg)
    return value


Day = Annotated[str, AfterValidator(_day), Field(examples=["'2026-11-25'"])]
"""A day, quoted."""


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
    tried: Day | None = Field(default=None, examples=["'2026-11-25'"])
    """Day of the last drill that brought the rows back, quoted. Absent: nobody has tried, and somebody is told so."""
    every: Duration = "90d"
    """The longest from one drill to the next."""


class SnapshotsSpec(Spec):
    """Snapshots of a standby's volumes by their storage driver, beside the base backups: made and restored in minutes whatever
    the size, and lost with the site. Nothing deletes old ones by itself: docs/guides/restore-a-server.md.
    """

    schedule: SixFieldCron = "0 0 14 * * *"
    """When they are taken, seconds first."""

    @property
    def most_apart(self) -> int:
        """Seconds between two of them, at worst."""
        return longest_gap(self.schedule)


class BackupSpec(Spec):
    """Base backups and the write-ahead log in an object store: any moment within `retention` can be restored."""

    store: DnsLabel = Field(examples=["backups"])
    """Name of the object store."""
    schedule: SixFieldCron = "0 0 2 * * *"
    """When base backups are taken, seconds first."""
    retention: Retention = "30d"
    """How far back a restore can go."""
    snapshots: SnapshotsSpec | None = Field(default=None, examples=["{schedule: '0 0 14 * * *'}"])
    """Absent: none."""
    sidecar: SidecarResources = SidecarResources()
    """What the archiving container is given."""
    restore: RestoreSpec = RestoreSpec()
    """What a restore can count on; compared with the stack's `objectives.rto`."""

    @property
    def most_apart(self) -> int:
        """Seconds between two base backups, at worst."""
        return longest_gap(self.schedule)


def restore_seconds(spec: BackupSpec, storage: str) -> int:
    """How long it takes at worst until a lost server answers again: a full volume, and the log since its base backup."""
    log = size_bytes(spec.restore.wal_per_day) * spec.most_apart // DAY
    return DECISION_SECONDS + (size_bytes(storage) + log) // size_bytes(spec.restore.bandwidth)


def loss_seconds(archive_interval: str) -> int:
    """How much is lost at worst when a whole site is: the log that was not archived yet."""
    return seconds(archive_interval)
