"""What a stack file can say about a server's volumes and its write-ahead log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from components.vocabulary import DnsLabel, Duration, OnlyOn, Problem, Size, Spec, seconds

ONE_MACHINE = "one machine runs one server"
NO_SIZE = "a Docker volume has no size"


class StorageSpec(Spec):
    """The data volume of each instance."""

    size: Size = Field(examples=["100Gi"])
    """It can grow, never shrink."""
    storage_class: DnsLabel | None = Field(default=None, alias="class", examples=["fast-retain"])
    """Absent: the cluster's default class. Can't be changed once the volume exists; the log's volume has the same."""


class WalSpec(Spec):
    """The write-ahead log: where it lies, how often it is archived, and how much of it is kept for standbys."""

    size: Annotated[Size | None, OnlyOn("kubernetes", NO_SIZE)] = Field(default=None, examples=["20Gi"])
    """A volume of its own, so that a full log can't stop the data. Can be added, not removed."""
    archive_interval: Duration = Field(default="5m", examples=["5m"])
    """The longest that a change waits for its archive: what is lost at worst when a whole site is."""
    slot_limit: Annotated[Size | None, OnlyOn("kubernetes", ONE_MACHINE)] = Field(default=None, examples=["10Gi"])
    """Log that is kept for a standby that does not answer; beyond it the standby is built anew, and the primary lives.
    Absent: half of the volume that the log lies on."""

    def problems(self) -> Iterable[Problem]:
        if not 30 <= seconds(self.archive_interval) <= 3600:
            yield Problem(
                path=("archive_interval",),
                rule="must be from 30s to 1h: each interval with a change fills a file of 16 MiB in the archive",
                example="5m",
            )
