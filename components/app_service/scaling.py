"""How many replicas an app has, as a function of its load."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from components.vocabulary import DnsLabel, Problem, Spec

LEAST_VERSION = (2, 15)
"""Of KEDA: from there on a trigger of CPU may name a container, so that sidecars do not count."""


class QueueSpec(Spec):
    """Work that waits in a table. KEDA asks the database itself, with the app's own role, so it can only read what the app can."""

    postgres: DnsLabel = Field(examples=["main"])
    """A server that the app connects to."""
    query: str = Field(min_length=1, max_length=2000, examples=["SELECT count(*) FROM mails WHERE sent_at IS NULL"])
    """Gives one number: how much waits."""
    each: int = Field(ge=1, le=1_000_000, examples=[50])
    """How much of it one replica is for."""


class AutoscalingSpec(Spec):
    """HorizontalPodAutoscaler; with `queue` a ScaledObject of KEDA. With either, `replicas` is not written."""

    min: int = Field(ge=0, examples=[3])
    """Fewest replicas; 0 only with a queue, which wakes the app up."""
    max: int = Field(ge=2, examples=[12])
    """Most replicas."""
    cpu_percent: int = Field(default=65, ge=10, le=95, examples=[65])
    """Aimed-at use of the requested CPU, of the app's own container."""
    queue: QueueSpec | None = None
    """Work that waits, beside the CPU."""

    def problems(self) -> Iterable[Problem]:
        if self.min >= self.max:
            yield Problem(path=("max",), rule=f"must be above min ({self.min})", example=str(self.min * 3 or 3))
        if self.min == 0 and self.queue is None:
            yield Problem(
                path=("min",), rule="must be 1 or more: without a queue nothing would wake the app up", example="1"
            )
