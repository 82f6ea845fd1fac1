"""What an app runs beside its replicas: migrations, jobs on a schedule, helper containers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from components.cron import longest_gap
from components.vocabulary import (
    Cpu,
    Cron,
    Duration,
    ImageRef,
    Listed,
    PortName,
    Problem,
    Size,
    Spec,
    TimeZone,
    seconds,
)

UTC = "Etc/UTC"
CLOCKS_BACK_SECONDS = 3600
"""By which a day of another zone can be longer."""

Command = Annotated[tuple[str, ...], Listed]


class MigrationsSpec(Spec):
    """Runs once for each new image, before the first replica of it starts; a failure leaves the old version running.

    It logs in with a role of its own that may change tables; the app's own role may then only use them.
    """

    command: Command = Field(min_length=1, examples=["[npm, run, migrate]"])
    """Program and arguments, in the app's image."""
    timeout: Duration = "10m"
    """How long it may take; then it is stopped and has failed."""
    risky: bool = False
    """Takes a backup of every server that the app connects to first, and waits for it: for changes that can't be undone."""

    def problems(self) -> Iterable[Problem]:
        yield from _whole_seconds("timeout", self.timeout)


class SeedSpec(Spec):
    """Sample data for a developer: runs after the migrations and before the app, with the app's own role, once per image."""

    command: Command = Field(min_length=1, examples=["[npm, run, seed]"])
    """Program and arguments, in the app's image; must bear running again."""
    timeout: Duration = "10m"
    """How long it may take."""

    def problems(self) -> Iterable[Problem]:
        yield from _whole_seconds("timeout", self.timeout)


class SmokeSpec(Spec):
    """Asks the new version something real once it runs; a failure fails the update, and the release does not count as good."""

    command: Command = Field(min_length=1, examples=["[npm, run, smoke]"])
    """Program and arguments, in the app's image; SMOKE_HOST and SMOKE_PORT lead to the app."""
    port: PortName = "http"
    """Name of the port to ask."""
    timeout: Duration = "2m"
    """How long it may take."""

    def problems(self) -> Iterable[Problem]:
        yield from _whole_seconds("timeout", self.timeout)


class JobSpec(Spec):
    """A command on a schedule, in the app's image, with what the app reads and reaches."""

    schedule: Cron
    """When: minute, hour, day of month, month, day of week."""
    command: Command = Field(min_length=1, examples=["[npm, run, cleanup]"])
    """Program and arguments."""
    time_zone: TimeZone = UTC
    """Whose clock the schedule means."""
    overlap: Literal["forbid", "allow", "replace"] = "forbid"
    """What happens when the one before still runs: skip, run both, or stop the old one."""
    timeout: Duration = "1h"
    """How long one run may take."""
    retries: int = Field(default=0, ge=0, le=10, examples=[2])
    """How often a failed run is tried again."""
    late: Duration = "10m"
    """How late a run that was missed may still start."""
    suspended: bool = False
    """Whether it is not started for now."""

    @property
    def most_apart(self) -> int:
        """Seconds between two runs by schedule, at worst. Raises ValueError for a schedule without two runs in four years."""
        return longest_gap(f"0 {self.schedule}") + (0 if self.time_zone == UTC else CLOCKS_BACK_SECONDS)

    @property
    def most_pods(self) -> int:
        """Pods that may exist at once; runs that may overlap are taken for two."""
        return 1 if self.overlap == "forbid" else 2

    def problems(self) -> Iterable[Problem]:
        yield from _whole_seconds("timeout", self.timeout)
        try:
            _ = self.most_apart
        except ValueError as error:
            yield Problem(path=("schedule",), rule=str(error), example='"15 3 * * *"')
        if seconds(self.late) < 10:
            yield Problem(
                path=("late",), rule="must be 10s or more: the controller looks every ten seconds", example="10m"
            )


def _whole_seconds(field: str, duration: str) -> Iterable[Problem]:
    if seconds(duration) < 1 or duration.endswith("ms"):
        yield Problem(path=(field,), rule="must be one second or more", example="10m")


class HelperSpec(Spec):
    """A container beside the app's own, in the same pod: it shares the network, the scratch folders and the volume."""

    image: ImageRef
    """Image, by digest."""
    command: Command | None = Field(default=None, examples=["[/bin/agent]"])
    """Replaces the image's entry point and arguments."""
    env: Mapping[str, str] = Field(default={}, examples=["{LOG_LEVEL: info}"])
    """Plain variables; the app's secrets are not given to helpers."""
    cpu: Cpu = "50m"
    """Requested processor time."""
    memory: Size = "64Mi"
    """Requested and greatest memory."""
