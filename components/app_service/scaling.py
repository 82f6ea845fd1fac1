"""How many replicas an app has, as a function of its load."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from components.app_service.connects_to import ConnectionSpec, ToPostgres, ToRedis
from components.vocabulary import DnsLabel, Problem, Spec

LEAST_VERSION = (2, 15)
"""Of KEDA: from there on a trigger of CPU may name a container, so that sidecars do not count."""


class TableQueueSpec(Spec):
    """Work that waits in a table. KEDA asks the database itself, with the app's own role, so it can only read what the app can."""

    postgres: DnsLabel = Field(examples=["main"])
    """A server that the app connects to."""
    query: str = Field(min_length=1, max_length=2000, examples=["SELECT count(*) FROM mails WHERE sent_at IS NULL"])
    """Gives one number: how much waits."""
    each: int = Field(ge=1, le=1_000_000, examples=[50])
    """How much of it one replica is for."""


class ListQueueSpec(Spec):
    """Work that waits under a key. KEDA counts it by a script, as the app's own user, so that the app must be able to write."""

    redis: DnsLabel = Field(examples=["sessions"])
    """An instance that the app connects to."""
    key: str = Field(pattern=r"^[A-Za-z0-9][-_.:A-Za-z0-9]*$", max_length=100, examples=["job:mails"])
    """A list, a set, a sorted set or a hash."""
    each: int = Field(ge=1, le=1_000_000, examples=[50])
    """How many of its elements one replica is for."""


def _form(value: Any) -> str | None:
    match value:
        case TableQueueSpec() | {"postgres": _}:
            return "postgres"
        case ListQueueSpec() | {"redis": _}:
            return "redis"
        case _:
            return None


QueueSpec = Annotated[
    Annotated[TableQueueSpec, Tag("postgres")] | Annotated[ListQueueSpec, Tag("redis")],
    Discriminator(
        _form,
        custom_error_type="form",
        custom_error_message="must say where the work waits: {postgres: NAME, query: SQL, each: N} or {redis: NAME, key: KEY, each: N}",
    ),
    Field(examples=["{redis: sessions, key: 'job:mails', each: 50}"]),
]


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


def unusable(queue: TableQueueSpec | ListQueueSpec, uses: Sequence[ConnectionSpec]) -> Iterator[Problem]:
    """Why an app that uses these can't be scaled by this queue; paths start at the app."""
    match queue:
        case TableQueueSpec(postgres=server):
            servers = {c.postgres for c in uses if isinstance(c, ToPostgres)}
            if server not in servers:
                yield _unknown("postgres", servers)
        case ListQueueSpec(redis=server, key=key):
            instances = {c.redis: c for c in uses if isinstance(c, ToRedis)}
            if (used := instances.get(server)) is None:
                yield _unknown("redis", instances)
                return
            if used.access != "read-write":
                yield Problem(
                    path=("autoscaling", "queue", "redis"),
                    rule="is counted by a script, which a user who only reads may not run; connect with access: read-write",
                )
            if used.keys is not None and not _covers(used.keys, key):
                yield Problem(
                    path=("autoscaling", "queue", "key"),
                    rule=f"is none of the keys that the app may touch: {used.keys}",
                )


def _unknown(kind: str, known: Iterable[str]) -> Problem:
    return Problem(
        path=("autoscaling", "queue", kind),
        rule=f"is no server that the app connects to; it connects to: {', '.join(sorted(known)) or 'none'}",
    )


def _covers(keys: str, key: str) -> bool:
    return key.startswith(keys[:-1]) if keys.endswith("*") else key == keys
