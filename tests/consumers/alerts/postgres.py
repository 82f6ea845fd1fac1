"""Alerts of PostgresCluster over the series of CloudNativePG, its backup plugin, its pooler, and the kubelet's volumes."""

from __future__ import annotations

from tests.consumers.alerts.case import GONE, Case, Teller


def _of(series: str, pod: str = "main-1", **labels: str) -> str:
    told = ",".join(f'{key}="{value}"' for key, value in {"instance_name": "main", "pod": pod, **labels}.items())
    return f"{series}{{{told}}}"


WELL = {
    **{_of("cnpg_collector_up", f"main-{n}"): "1x3000" for n in (1, 2, 3)},
    _of("cnpg_backends_total", state="active"): "20x3000",
    _of("cnpg_pg_settings_setting", name="max_connections"): "100x3000",
    _of("cnpg_pg_replication_streaming_replicas"): "2x3000",
    _of("cnpg_pg_replication_lag", "main-2"): "1x3000",
    _of("cnpg_pg_replication_in_recovery", "main-2"): "1x3000",
    _of("cnpg_pg_replication_is_wal_receiver_up", "main-2"): "1x3000",
    _of("barman_cloud_cloudnative_pg_io_last_available_backup_timestamp"): "1000+60x3000",
    _of("barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp"): "0x3000",
    _of("cnpg_collector_last_available_backup_timestamp"): "1000+60x3000",
    'probe_ssl_earliest_cert_expiry{instance_name="main"}': f"{90 * 86400}x3000",
    **{_of("cnpg_pgbouncer_last_collection_error", f"pooler-{n}"): "0x3000" for n in (1, 2)},
}
"""Three members, two standbys, two poolers, a backup and a snapshot every minute."""


def _claim(value: str) -> dict[str, str]:
    labels = 'persistentvolumeclaim="main-1-wal"'
    return {
        f"kubelet_volume_stats_used_bytes{{{labels}}}": value,
        f"kubelet_volume_stats_capacity_bytes{{{labels}}}": "100x3000",
    }


def _certificate(end: int) -> dict[str, str]:
    return {
        f'probe_ssl_earliest_cert_expiry{{instance_name="main",instance="main-{s}:5432"}}': f"{end}x3000"
        for s in ("rw", "ro")
    }


SYNC = "cnpg_collector_sync_replicas"
ARCHIVED, FAILED = "cnpg_pg_stat_archiver_last_archived_time", "cnpg_pg_stat_archiver_last_failed_time"
BACKUP = "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp"
SNAPSHOT = "cnpg_collector_last_available_backup_timestamp"
RECOVERABLE = "barman_cloud_cloudnative_pg_io_first_recoverability_point"
BACKUP_FAILED = "barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp"

ROWS: dict[str, tuple[int, dict[str, str], dict[str, str]]] = {
    "PostgresDown": (
        10,
        {_of("cnpg_collector_up", f"main-{n}"): GONE for n in (1, 2, 3)},
        {_of("cnpg_collector_up", f"main-{n}"): GONE for n in (1, 2)},
    ),
    "PostgresMemberMissing": (15, {_of("cnpg_collector_up", "main-3"): "0x3000"}, {}),
    "PostgresNoStandby": (
        10,
        {_of("cnpg_pg_replication_streaming_replicas"): "0x3000"},
        {_of("cnpg_pg_replication_streaming_replicas"): "1x3000"},
    ),
    "PostgresStandbyNotFollowing": (10, {_of("cnpg_pg_replication_is_wal_receiver_up", "main-2"): "0x3000"}, {}),
    "PostgresReplicationLagging": (
        10,
        {_of("cnpg_pg_replication_lag", "main-2"): "61x3000"},
        {_of("cnpg_pg_replication_lag", "main-2"): "59x3000"},
    ),
    "PostgresReplicationLaggingFar": (
        10,
        {_of("cnpg_pg_replication_lag", "main-2"): "301x3000"},
        {_of("cnpg_pg_replication_lag", "main-2"): "299x3000"},
    ),
    "PostgresSyncStandbysMissing": (
        5,
        {_of(SYNC, value="expected"): "1x3000", _of(SYNC, value="observed"): "0x3000"},
        {_of(SYNC, value="expected"): "1x3000", _of(SYNC, value="observed"): "1x3000"},
    ),
    "PostgresSlotHoldsLog": (
        10,
        {_of("cnpg_pg_replication_slots_pg_wal_lsn_diff", slot_name="_cnpg_main_2"): f"{9 * 2**30}x3000"},
        {_of("cnpg_pg_replication_slots_pg_wal_lsn_diff", slot_name="_cnpg_main_2"): f"{7 * 2**30}x3000"},
    ),
    "PostgresFenced": (
        10,
        {_of("cnpg_collector_fencing_on"): "1x3000"},
        {_of("cnpg_collector_fencing_on"): "0x3000"},
    ),
    "PostgresSwitchoverRequired": (
        10,
        {_of("cnpg_collector_manual_switchover_required"): "1x3000"},
        {_of("cnpg_collector_manual_switchover_required"): "0x3000"},
    ),
    "PostgresCollectionFailing": (
        15,
        {_of("cnpg_collector_last_collection_error"): "1x3000"},
        {_of("cnpg_collector_last_collection_error"): "0x8 1 0x3000"},
    ),
    "PostgresConnectionsHigh": (
        10,
        {_of("cnpg_backends_total", state="active"): "81x3000"},
        {_of("cnpg_backends_total", state="active"): "79x3000"},
    ),
    "PostgresConnectionsExhausted": (
        10,
        {_of("cnpg_backends_total", state="active"): "96x3000"},
        {_of("cnpg_backends_total", state="active"): "94x3000"},
    ),
    "PostgresTransactionOpenLong": (
        5,
        {_of("cnpg_backends_max_tx_duration_seconds"): "301x3000"},
        {_of("cnpg_backends_max_tx_duration_seconds"): "299x3000"},
    ),
    "PostgresBackendsWaiting": (
        10,
        {_of("cnpg_backends_waiting_total"): "11x3000"},
        {_of("cnpg_backends_waiting_total"): "10x3000"},
    ),
    "PostgresDeadlocks": (
        30,
        {_of("cnpg_pg_stat_database_deadlocks", datname="api"): "0+2x3000"},
        {_of("cnpg_pg_stat_database_deadlocks", datname="api"): "5000x3000"},
    ),
    "PostgresFreezeLate": (
        15,
        {_of("cnpg_pg_database_xid_age", datname="api"): "300000001x3000"},
        {_of("cnpg_pg_database_xid_age", datname="api"): "299999999x3000"},
    ),
    "PostgresFreezeUrgent": (
        15,
        {_of("cnpg_pg_database_xid_age", datname="api"): "1500000001x3000"},
        {_of("cnpg_pg_database_xid_age", datname="api"): "1499999999x3000"},
    ),
    "PostgresVolumeFilling": (10, _claim("71x3000"), _claim("69x3000")),
    "PostgresVolumeFull": (10, _claim("91x3000"), _claim("89x3000")),
    "PostgresCertificateNotRenewed": (70, _certificate(5 * 86400 + 540), _certificate(5 * 86400 + 70 * 60 + 1)),
    "PostgresCertificateEnding": (70, _certificate(86400 + 540), _certificate(86400 + 70 * 60 + 1)),
    "PostgresArchivingFails": (
        10,
        {_of(ARCHIVED): "100x3000", _of(FAILED): "160x3000"},
        {_of(ARCHIVED): "160x3000", _of(FAILED): "100x3000"},
    ),
    "PostgresArchiveBacklog": (
        15,
        {_of("cnpg_collector_pg_wal_archive_status", value="ready"): "33x3000"},
        {_of("cnpg_collector_pg_wal_archive_status", value="ready"): "32x3000"},
    ),
    # 1.5 days after the last backup, and an hour to be sure.
    "PostgresBackupTooOld": (37 * 60 + 5, {_of(BACKUP): "0x3000"}, {_of(BACKUP): "10800x3000"}),
    "PostgresBackupFailed": (
        10,
        {_of(BACKUP): "1000x3000", _of(BACKUP_FAILED): "2000x3000"},
        {_of(BACKUP): "3000x3000", _of(BACKUP_FAILED): "2000x3000"},
    ),
    "PostgresSnapshotTooOld": (37 * 60 + 5, {_of(SNAPSHOT): "0x3000"}, {_of(SNAPSHOT): "10800x3000"}),
    # Two days after the first backup, and an hour to be sure.
    "PostgresRestoreUntried": (49 * 60 + 5, {_of(RECOVERABLE): "1x3000"}, {_of(RECOVERABLE): "10800x3000"}),
    "PostgresPoolerMissing": (10, {_of("cnpg_pgbouncer_last_collection_error", "pooler-2"): GONE}, {}),
    "PostgresPoolerFull": (
        10,
        {
            _of("cnpg_pgbouncer_pools_cl_active", "pooler-1"): "700x3000",
            _of("cnpg_pgbouncer_pools_cl_waiting", "pooler-1"): "101x3000",
        },
        {
            _of("cnpg_pgbouncer_pools_cl_active", "pooler-1"): "790x3000",
            _of("cnpg_pgbouncer_pools_cl_waiting", "pooler-1"): "10x3000",
        },
    ),
    "PostgresPoolerQueue": (
        10,
        {_of("cnpg_pgbouncer_pools_cl_waiting", "pooler-1"): "21x3000"},
        {_of("cnpg_pgbouncer_pools_cl_waiting", "pooler-1"): "20x3000"},
    ),
    "PostgresPoolerWaitLong": (
        5,
        {_of("cnpg_pgbouncer_pools_maxwait", "pooler-1"): "16x3000"},
        {_of("cnpg_pgbouncer_pools_maxwait", "pooler-1"): "15x3000"},
    ),
}
"""By alert: minutes, what makes it fire, what only just does not."""

TELLERS = (
    Teller(
        target="kubernetes",
        instance="main",
        well=WELL,
        cases={name: Case(minutes=minutes, ill=ill, well=well) for name, (minutes, ill, well) in ROWS.items()},
    ),
)
