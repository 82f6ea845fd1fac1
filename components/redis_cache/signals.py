"""What redis_exporter's series are called on every target. https://github.com/oliver006/redis_exporter"""

from __future__ import annotations

from components.telemetry import Signal, Unit


def _signal(name: str, unit: Unit, help_: str, source: str) -> Signal:
    return Signal(name=f"redis_{name}", unit=unit, help=help_, sources={"docker": source, "kubernetes": source})


SIGNALS = (
    _signal("up", "bool", "Whether the server answers its exporter.", "redis_up"),
    _signal(
        "primaries",
        "count",
        "Servers that say they are the primary.",
        'count by (instance_name) (redis_instance_info{role="master"})',
    ),
    _signal(
        "memory_used_ratio",
        "ratio",
        "Share of maxmemory in use.",
        "redis_memory_used_bytes / (redis_memory_max_bytes > 0)",
    ),
    _signal("clients_ratio", "ratio", "Share of max_clients in use.", "redis_connected_clients / redis_max_clients"),
    _signal(
        "rejected_per_second",
        "per_second",
        "Connections refused because there were too many.",
        "rate(redis_rejected_connections_total[5m])",
    ),
    _signal("commands_per_second", "per_second", "Commands answered.", "rate(redis_commands_processed_total[5m])"),
    _signal("evicted_per_second", "per_second", "Keys forgotten to make room.", "rate(redis_evicted_keys_total[5m])"),
    _signal(
        "hit_ratio",
        "ratio",
        "Share of reads that found their key.",
        "rate(redis_keyspace_hits_total[5m]) / (rate(redis_keyspace_hits_total[5m]) + rate(redis_keyspace_misses_total[5m]) > 0)",
    ),
    _signal("replica_link_up", "bool", "Whether a replica follows its primary.", "redis_master_link_up"),
    _signal(
        "replicas", "count", "Replicas that follow the primary.", "max by (instance_name) (redis_connected_slaves)"
    ),
    _signal(
        "replica_lag_seconds",
        "seconds",
        "Time since the primary heard from a replica.",
        "max by (instance_name) (redis_connected_slave_lag_seconds)",
    ),
    _signal(
        "cluster_member",
        "bool",
        "Whether a server is among a majority of the primaries.",
        "redis_cluster_state",
    ),
    _signal("cluster_slots", "count", "Slots that have a server.", "max by (instance_name) (redis_cluster_slots_ok)"),
    _signal("cluster_shards", "count", "Shards that have slots.", "max by (instance_name) (redis_cluster_size)"),
    _signal(
        "cluster_replicas",
        "count",
        "Replicas that follow a primary, of all shards.",
        "sum by (instance_name) (redis_connected_slaves)",
    ),
    _signal(
        "persisting",
        "bool",
        "Whether the last write to the append-only file succeeded.",
        "redis_aof_last_write_status",
    ),
    Signal(
        name="redis_restore_checked_timestamp",
        unit="timestamp",
        help="When the file of a store, or of one of its shards, was last loaded and compared.",
        sources={
            "kubernetes": "max by (instance_name, cronjob) (label_replace(kube_cronjob_status_last_successful_time"
            '{cronjob=~".+-(restore-check|check-[0-9]+)"}, "instance_name", "$1", "cronjob", "(.+)-(?:restore-check|check-[0-9]+)"))'
        },
    ),
)
