"""Signals of a PostgreSQL server: one name each, and where it comes from on each target.

CloudNativePG: https://cloudnative-pg.io/documentation/1.30/monitoring/, its plugin's backup series:
https://cloudnative-pg.io/plugin-barman-cloud/docs/observability/. Docker: https://github.com/prometheus-community/postgres_exporter.
Volumes: the kubelet's own series, by the claim names that the operator gives.
"""

from __future__ import annotations

from components.telemetry import Signal, Unit


def _signal(name: str, unit: Unit, told: str, kubernetes: str, docker: str | None = None) -> Signal:
    sources = {"kubernetes": kubernetes} if docker is None else {"kubernetes": kubernetes, "docker": docker}
    return Signal(name=f"postgres_{name}", unit=unit, help=told, sources=sources)  # pyright: ignore[reportArgumentType]  # keys of a literal type


SIGNALS = (
    _signal(
        "up",
        "bool",
        "1 if a member answers.",
        "max by (instance_name, pod) (cnpg_collector_up)",
        "max by (instance_name) (pg_up)",
    ),
    _signal(
        "connections",
        "count",
        "Open connections of a member.",
        "sum by (instance_name, pod) (cnpg_backends_total)",
        "sum by (instance_name) (pg_stat_activity_count)",
    ),
    _signal(
        "max_connections",
        "count",
        "Connections a member accepts.",
        'max by (instance_name, pod) (cnpg_pg_settings_setting{name="max_connections"})',
        "max by (instance_name) (pg_settings_max_connections)",
    ),
    _signal(
        "transactions_per_second",
        "per_second",
        "Commits and rollbacks.",
        "sum by (instance_name) (rate(cnpg_pg_stat_database_xact_commit[5m]) + rate(cnpg_pg_stat_database_xact_rollback[5m]))",
        "sum by (instance_name) (rate(pg_stat_database_xact_commit[5m]) + rate(pg_stat_database_xact_rollback[5m]))",
    ),
    _signal(
        "oldest_transaction_seconds",
        "seconds",
        "Age of the oldest open transaction.",
        "max by (instance_name) (cnpg_backends_max_tx_duration_seconds)",
        "max by (instance_name) (pg_stat_activity_max_tx_duration)",
    ),
    _signal(
        "waiting_backends",
        "count",
        "Backends that wait for a lock.",
        "max by (instance_name) (cnpg_backends_waiting_total)",
        'sum by (instance_name) (pg_stat_activity_count{wait_event_type="Lock"})',
    ),
    _signal(
        "deadlocks_per_second",
        "per_second",
        "Transactions that were cancelled to end a deadlock.",
        "sum by (instance_name) (rate(cnpg_pg_stat_database_deadlocks[10m]))",
        "sum by (instance_name) (rate(pg_stat_database_deadlocks[10m]))",
    ),
    _signal(
        "transaction_age",
        "count",
        "Transaction ids used since the oldest row was frozen.",
        "max by (instance_name) (cnpg_pg_database_xid_age)",
        "max by (instance_name) (pg_database_wraparound_age_datfrozenxid_seconds)",
    ),
    _signal(
        "database_bytes",
        "bytes",
        "Size of a database.",
        "max by (instance_name, datname) (cnpg_pg_database_size_bytes)",
        "max by (instance_name, datname) (pg_database_size_bytes)",
    ),
    _signal(
        "last_archived_age_seconds",
        "seconds",
        "Since the last file of the log was archived.",
        "max by (instance_name) (cnpg_pg_stat_archiver_seconds_since_last_archival)",
        "max by (instance_name) (pg_stat_archiver_last_archive_age)",
    ),
    _signal(
        "archive_failing",
        "bool",
        "1 if the last attempt to archive failed.",
        "max by (instance_name) (cnpg_pg_stat_archiver_last_failed_time > bool cnpg_pg_stat_archiver_last_archived_time)",
        "max by (instance_name) (increase(pg_stat_archiver_failed_count[10m]) > bool 0)",
    ),
    _signal(
        "collection_failing",
        "bool",
        "1 if the exporter could not read the server.",
        "max by (instance_name, pod) (cnpg_collector_last_collection_error)",
        "max by (instance_name) (pg_exporter_last_scrape_error)",
    ),
    _signal(
        "streaming_standbys",
        "count",
        "Standbys that stream from the primary.",
        "max by (instance_name) (cnpg_pg_replication_streaming_replicas)",
    ),
    _signal(
        "replication_lag_seconds",
        "seconds",
        "Age of the last change that a standby replayed.",
        "max by (instance_name, pod) (cnpg_pg_replication_lag)",
    ),
    _signal(
        "not_following",
        "bool",
        "1 if a standby receives nothing.",
        "max by (instance_name, pod) (cnpg_pg_replication_in_recovery > bool cnpg_pg_replication_is_wal_receiver_up)",
    ),
    _signal(
        "sync_standbys_missing",
        "count",
        "Synchronous standbys that commits wait for.",
        'max by (instance_name) (cnpg_collector_sync_replicas{value="expected"} - ignoring (value) cnpg_collector_sync_replicas{value="observed"})',
    ),
    _signal(
        "slot_bytes",
        "bytes",
        "Log that is kept for a standby or a subscriber.",
        "max by (instance_name, slot_name) (cnpg_pg_replication_slots_pg_wal_lsn_diff)",
    ),
    _signal("fenced", "bool", "1 if a member is fenced.", "max by (instance_name, pod) (cnpg_collector_fencing_on)"),
    _signal(
        "switchover_required",
        "bool",
        "1 if a person must start a switchover.",
        "max by (instance_name) (cnpg_collector_manual_switchover_required)",
    ),
    _signal(
        "archive_backlog",
        "count",
        "Files of the log that wait to be archived.",
        'max by (instance_name) (cnpg_collector_pg_wal_archive_status{value="ready"})',
    ),
    _signal(
        "backup_timestamp",
        "timestamp",
        "End of the last good backup; 0 before the first.",
        "max by (instance_name) (barman_cloud_cloudnative_pg_io_last_available_backup_timestamp)",
    ),
    _signal(
        "backup_failed_timestamp",
        "timestamp",
        "Last failed backup; 0 if there was none.",
        "max by (instance_name) (barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp)",
    ),
    _signal(
        "recoverable_since_timestamp",
        "timestamp",
        "The earliest moment that can be restored.",
        "max by (instance_name) (barman_cloud_cloudnative_pg_io_first_recoverability_point)",
    ),
    _signal(
        "snapshot_timestamp",
        "timestamp",
        "End of the last good snapshot; 0 before the first.",
        # Of backups that a plugin takes, the operator itself tells nothing.
        "max by (instance_name) (cnpg_collector_last_available_backup_timestamp)",
    ),
    _signal(
        "certificate_expiry_timestamp",
        "timestamp",
        "End of the certificate that the server shows.",
        "min by (instance_name) (probe_ssl_earliest_cert_expiry) and on (instance_name) cnpg_collector_up",
    ),
    _signal(
        "volume_used_ratio",
        "ratio",
        "How full a volume is.",
        "max by (instance_name, persistentvolumeclaim) (label_replace("
        "kubelet_volume_stats_used_bytes / kubelet_volume_stats_capacity_bytes, "
        '"instance_name", "$1", "persistentvolumeclaim", "(.+)-[1-9][0-9]*(?:-wal)?"))',
    ),
    _signal(
        "pooler_up",
        "bool",
        "1 if a pooler answers.",
        "max by (instance_name, pod) (1 - cnpg_pgbouncer_last_collection_error)",
        "max by (instance_name) (pgbouncer_up)",
    ),
    _signal(
        "pooler_clients",
        "count",
        "Client connections of a pooler.",
        "sum by (instance_name, pod) (cnpg_pgbouncer_pools_cl_active + cnpg_pgbouncer_pools_cl_waiting)",
        "sum by (instance_name) (pgbouncer_pools_client_active_connections + pgbouncer_pools_client_waiting_connections)",
    ),
    _signal(
        "pooler_waiting_clients",
        "count",
        "Clients that wait for a server connection.",
        "sum by (instance_name) (cnpg_pgbouncer_pools_cl_waiting)",
        "sum by (instance_name) (pgbouncer_pools_client_waiting_connections)",
    ),
    _signal(
        "pooler_wait_seconds",
        "seconds",
        "How long the client at the head of the queue has waited.",
        "max by (instance_name) (cnpg_pgbouncer_pools_maxwait)",
        "max by (instance_name) (pgbouncer_pools_client_maxwait_seconds)",
    ),
)
"""Neutral in name and unit; what a target can't know has no source there."""
