"""When somebody must know of a PostgreSQL server: conditions over signals, thresholds from the spec.

One instance is not told that its standbys are missing, and a server without backups not that they are old: what the
stack file does not promise can't be broken.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from components.cron import DAY
from components.postgres_cluster import facts
from components.postgres_cluster.backup import BackupSpec
from components.postgres_cluster.pooler import PoolerSpec
from components.postgres_cluster.spec import PostgresClusterSpec
from components.telemetry import Alert, Severity, TargetKind
from components.telemetry_alerts import AlertMaker
from components.telemetry_rules import number
from components.vocabulary import seconds

ARCHIVED_LONG_ENOUGH_SECONDS = 2 * DAY
"""From then on a server holds something that a drill is worth."""

Grades = tuple[tuple[str, float, Severity], ...]

LONG_TRANSACTION_SECONDS = 300
DEADLOCKS_IN_TEN_MINUTES = 10
CERTIFICATE_LATE_SECONDS = 5 * DAY
"""The operator renews 7 days before the end. https://cloudnative-pg.io/documentation/1.30/certificates/"""
CERTIFICATE_URGENT_SECONDS = DAY
FREEZE_IS_LATE = 300_000_000
"""Half as much again as autovacuum_freeze_max_age: vacuum can't keep up, or something holds it back."""
FREEZE_IS_URGENT = 1_500_000_000
"""At 2,100 million the server refuses to write."""


def alerts(name: str, spec: PostgresClusterSpec, target: TargetKind) -> Iterator[Alert]:
    """Every alert that this server can raise."""
    makers = AlertMaker(instance=name, component=facts.COMPONENT, family="Postgres")
    yield from _availability(makers, 1 if target == "docker" else spec.instances)
    yield from _load(makers, spec)
    if spec.pooler is not None:
        poolers = 1 if target == "docker" else spec.pooler.instances
        yield from _pooler(makers, spec.pooler, poolers)
    if target == "docker":
        if spec.docker is not None and spec.docker.archive:
            yield _archiving_fails(makers)
        return
    yield from _volumes(makers)
    if facts.shows_dates(spec):
        yield from _certificates(makers)
    if spec.instances > 1:
        yield from _replication(makers, spec)
    if spec.backup is not None:
        yield _archiving_fails(makers)
        yield from _backups(makers, spec.backup.most_apart)
        yield from _restores(makers, spec.backup)


def _availability(m: AlertMaker, members: int) -> Iterator[Alert]:
    yield m.alert(
        "Down",
        # Series of pods that are gone end; no answer at all is the worst answer.
        f"(sum({m.of('up')}) or vector(0)) < 1",
        "2m",
        "critical",
        "no member answers",
        "Every app that uses this server fails. Nothing is lost by that alone.",
    )
    yield m.alert(
        "CollectionFailing",
        f"max({m.of('collection_failing')}) > 0",
        "10m",
        "warning",
        "the exporter can't read the server",
        "The other alerts of this server are blind until it can.",
    )
    if members > 1:
        yield m.alert(
            "MemberMissing",
            f"(sum({m.of('up')}) or vector(0)) < {members}",
            "10m",
            "warning",
            f"less than {members} members answer",
            "The next failure finds fewer standbys to fail over to.",
        )
    yield m.alert(
        "Fenced",
        f"max({m.of('fenced')}) > 0",
        "5m",
        "warning",
        "a member is fenced",
        "A fenced member does not run PostgreSQL until a person lifts the fence.",
    )
    yield m.alert(
        "SwitchoverRequired",
        f"{m.of('switchover_required')} > 0",
        "5m",
        "warning",
        "a rollout waits for a person to switch over",
        "The primary keeps its old version or parameters until somebody promotes a standby.",
    )


def _load(m: AlertMaker, spec: PostgresClusterSpec) -> Iterator[Alert]:
    used = f"{m.of('connections')} / {m.of('max_connections')}"
    yield m.alert(
        "ConnectionsHigh",
        f"{used} > 0.8",
        "5m",
        "warning",
        "{{ $value | humanizePercentage }} of its connections are in use",
        "At 100 % apps are refused. The load-time proof counts pools, so something opens more than it declared.",
    )
    yield m.alert(
        "ConnectionsExhausted",
        f"{used} > 0.95",
        "5m",
        "critical",
        "{{ $value | humanizePercentage }} of its connections are in use",
        "Apps are being refused, or will be within minutes.",
    )
    yield m.alert(
        "TransactionOpenLong",
        f"{m.of('oldest_transaction_seconds')} > {LONG_TRANSACTION_SECONDS}",
        "1m",
        "warning",
        "a transaction is open for {{ $value | humanizeDuration }}",
        "It holds its locks, and keeps vacuum from removing what others deleted.",
    )
    yield m.alert(
        "BackendsWaiting",
        f"{m.of('waiting_backends')} > {number(spec.max_connections / 10)}",
        "5m",
        "warning",
        "{{ $value }} backends wait for locks",
        "Requests queue behind one transaction; connections run out next.",
    )
    yield m.alert(
        "Deadlocks",
        f"{m.of('deadlocks_per_second')} * 600 > {DEADLOCKS_IN_TEN_MINUTES}",
        "5m",
        "warning",
        "{{ $value | humanize }} deadlocks in ten minutes",
        "The server cancels one transaction of each circle; users see errors unless apps try again.",
    )
    grades: Grades = (("Late", FREEZE_IS_LATE, "warning"), ("Urgent", FREEZE_IS_URGENT, "critical"))
    for word, limit, severity in grades:
        yield m.alert(
            f"Freeze{word}",
            f"{m.of('transaction_age')} > {limit}",
            "10m",
            severity,
            "the oldest row is {{ $value | humanize }} transactions old",
            "Vacuum does not freeze rows fast enough. At 2,100 million transactions the server refuses to write.",
        )


def _volumes(m: AlertMaker) -> Iterator[Alert]:
    grades: Grades = (("Filling", 0.7, "warning"), ("Full", 0.9, "critical"))
    for word, limit, severity in grades:
        yield m.alert(
            f"Volume{word}",
            f"{m.of('volume_used_ratio')} > {limit}",
            "5m",
            severity,
            "{{ $labels.persistentvolumeclaim }} is {{ $value | humanizePercentage }} full",
            "A full volume stops the server, and a full log volume is hard to recover from.",
        )


def _certificates(m: AlertMaker) -> Iterator[Alert]:
    grades: Grades = (
        ("NotRenewed", CERTIFICATE_LATE_SECONDS, "warning"),
        ("Ending", CERTIFICATE_URGENT_SECONDS, "critical"),
    )
    for word, limit, severity in grades:
        yield m.alert(
            f"Certificate{word}",
            f"{m.of('certificate_expiry_timestamp')} - time() < {limit}",
            "1h",
            severity,
            "its certificate ends in {{ $value | humanizeDuration }}",
            "The operator should have renewed it a week before the end. After it, no app gets in: all of them verify it.",
        )


def _replication(m: AlertMaker, spec: PostgresClusterSpec) -> Iterator[Alert]:
    yield m.alert(
        "NoStandby",
        f"(sum({m.of('streaming_standbys')}) or vector(0)) < 1",
        "5m",
        "critical",
        "no standby streams from the primary",
        "Losing the primary now is an outage, and loses what the archive does not have.",
    )
    if spec.topology is None or spec.topology.is_primary:
        yield m.alert(
            "StandbyNotFollowing",
            f"{m.of('not_following')} > 0",
            "5m",
            "warning",
            "{{ $labels.pod }} receives nothing from the primary",
            "It falls behind, and the primary keeps log for it until slot_limit.",
        )
    lag = facts.lag_seconds(spec)
    grades: Grades = (("Lagging", lag, "warning"), ("LaggingFar", 5 * lag, "critical"))
    for word, limit, severity in grades:
        yield m.alert(
            f"Replication{word}",
            f"{m.of('replication_lag_seconds')} > {limit}",
            "5m",
            severity,
            "{{ $labels.pod }} is {{ $value | humanizeDuration }} behind",
            "Reads there are old, and a failover to it takes longer and, without synchronous replication, loses the rest.",
        )
    if spec.replicated.rpo == "zero":
        yield m.alert(
            "SyncStandbysMissing",
            f"{m.of('sync_standbys_missing')} > 0",
            "2m",
            "critical",
            "commits wait for a standby that is not there",
            "rpo: zero means that writes stop rather than be lost: every write of every app hangs.",
        )
    yield m.alert(
        "SlotHoldsLog",
        f"{m.of('slot_bytes')} > {number(0.8 * facts.slot_limit_bytes(spec))}",
        "5m",
        "warning",
        "slot {{ $labels.slot_name }} keeps {{ $value | humanize1024 }}B of log",
        "At slot_limit the standby behind it is cut off and must be built anew.",
    )


def _archiving_fails(m: AlertMaker) -> Alert:
    return m.alert(
        "ArchivingFails",
        f"{m.of('archive_failing')} > 0",
        "5m",
        "critical",
        "the log is not being archived",
        "What was written since can't be restored elsewhere, and the log fills its volume.",
    )


def _backups(m: AlertMaker, most_apart: int) -> Iterator[Alert]:
    yield m.alert(
        "ArchiveBacklog",
        f"{m.of('archive_backlog')} > {facts.BACKLOG_FILES}",
        "10m",
        "warning",
        "{{ $value }} files of the log wait for the archive",
        "The archive falls behind the writes: this much would be lost with the site.",
    )
    limit = number(1.5 * most_apart)
    yield m.alert(
        "BackupTooOld",
        # 0 before the first backup, and no series without the plugin: both are no backup.
        f"time() - (max({m.of('backup_timestamp')}) or vector(0)) > {limit}",
        "1h",
        "critical",
        "the last backup is older than the schedule allows",
        "A restore must replay more log than planned; when the last one leaves the retention, there is none.",
    )
    yield m.alert(
        "BackupFailed",
        f"{m.of('backup_failed_timestamp')} > {m.of('backup_timestamp')}",
        "5m",
        "warning",
        "the last backup failed",
        "The next one is tried by schedule; PostgresBackupTooOld follows if it fails too.",
    )


def _restores(m: AlertMaker, backup: BackupSpec) -> Iterator[Alert]:
    if backup.snapshots is not None:
        limit = number(1.5 * backup.snapshots.most_apart)
        yield m.alert(
            "SnapshotTooOld",
            f"time() - (max({m.of('snapshot_timestamp')}) or vector(0)) > {limit}",
            "1h",
            "warning",
            "the last snapshot is older than its schedule allows",
            "A restore from the store still works, and takes as long as it does.",
        )
    if backup.restore.tried is None:
        age = f"time() - max({m.of('recoverable_since_timestamp')} > 0)"
        limit = number(ARCHIVED_LONG_ENOUGH_SECONDS)
    else:
        day = datetime.datetime.fromisoformat(f"{backup.restore.tried}T00:00:00+00:00")
        # A mistyped year lies ahead, and would keep this silent until then.
        age, limit = f"abs(vector(time() - {day.timestamp():.0f}))", number(seconds(backup.restore.every))
    yield m.alert(
        "RestoreUntried",
        f"{age} > {limit}",
        "1h",
        "warning",
        "nobody has tried to restore it for too long",
        "That backups are taken says nothing of whether they can be read, how long it takes, and who knows how.",
    )


def _pooler(m: AlertMaker, pooler: PoolerSpec, poolers: int) -> Iterator[Alert]:
    yield m.alert(
        "PoolerMissing",
        f"(sum({m.of('pooler_up')}) or vector(0)) < {poolers}",
        "5m",
        "warning",
        f"less than {poolers} poolers answer",
        "Apps that connect through the pooler lose connections, or all of them if none is left.",
    )
    yield m.alert(
        "PoolerFull",
        f"{m.of('pooler_clients')} > {number(0.8 * pooler.max_clients)}",
        "5m",
        "warning",
        "a pooler holds {{ $value }} clients",
        f"At {pooler.max_clients} it refuses more.",
    )
    yield m.alert(
        "PoolerQueue",
        f"{m.of('pooler_waiting_clients')} > {facts.WAITING_CLIENTS}",
        "5m",
        "warning",
        "{{ $value }} clients wait for a server connection",
        "Requests are slow though the server may be idle: the pool is too small, or transactions too long.",
    )
    yield m.alert(
        "PoolerWaitLong",
        f"{m.of('pooler_wait_seconds')} > {facts.WAIT_SECONDS}",
        "2m",
        "critical",
        "a client has waited {{ $value | humanizeDuration }} for a server connection",
        "Requests time out.",
    )
