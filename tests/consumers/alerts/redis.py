"""Alerts of RedisCache over the series of its exporter, and of the check that loads a store's file each night."""

from __future__ import annotations

from tests.consumers.alerts.case import GONE, LONG, Case, Teller, flat, of


def server(name: str, series: str, pod: int = 0, **labels: str) -> str:
    return of(f"redis_{series}", instance_name=name, pod=f"{name}-{pod}", **labels)


def primary(name: str, pod: int = 0) -> str:
    return server(name, "instance_info", pod, role="master")


CHECKED = of("kube_cronjob_status_last_successful_time", namespace="sink-kubernetes", cronjob="sessions-restore-check")


def _well(name: str) -> dict[str, str]:
    return {
        server(name, "up"): flat(1),
        server(name, "up", 1): flat(1),
        primary(name): flat(1),
        server(name, "instance_info", 1, role="slave"): flat(1),
        server(name, "memory_used_bytes"): flat(50),
        server(name, "memory_max_bytes"): flat(100),
        server(name, "connected_clients"): flat(10),
        server(name, "max_clients"): flat(100),
        server(name, "rejected_connections_total"): flat(0),
        server(name, "connected_slaves"): flat(2),
        server(name, "master_link_up", 1): flat(1),
        server(name, "evicted_keys_total"): flat(0),
        server(name, "keyspace_hits_total"): f"0+90x{LONG}",
        server(name, "keyspace_misses_total"): f"0+10x{LONG}",
        server(name, "aof_last_write_status"): flat(1),
        CHECKED: f"0+60x{LONG}",
    }


def _common(name: str) -> dict[str, Case]:
    return {
        "RedisDown": Case(minutes=5, ill={server(name, "up", 1): flat(0)}),
        "RedisTooManyClients": Case(
            minutes=10,
            ill={server(name, "connected_clients"): flat(86)},
            well={server(name, "connected_clients"): flat(85)},
        ),
        "RedisRejectsConnections": Case(
            minutes=15,
            ill={server(name, "rejected_connections_total"): f"0+1x{LONG}"},
            well={server(name, "rejected_connections_total"): flat(9)},
        ),
        "RedisMissingPrimary": Case(minutes=5, ill={primary(name): GONE}),
        "RedisTooManyPrimaries": Case(minutes=5, ill={primary(name, 1): flat(1)}),
        "RedisReplicaDisconnected": Case(minutes=10, ill={server(name, "master_link_up", 1): flat(0)}),
        "RedisReplicasMissing": Case(minutes=15, ill={server(name, "connected_slaves"): flat(0)}),
    }


def _memory(percent: int) -> dict[str, str]:
    return {server("sessions", "memory_used_bytes"): flat(percent)}


def _cache(hits: int, evicted: int) -> dict[str, str]:
    return {
        server("cache", "keyspace_hits_total"): f"0+{hits}x{LONG}",
        server("cache", "keyspace_misses_total"): f"0+{100 - hits}x{LONG}",
        server("cache", "evicted_keys_total"): f"0+{evicted}x{LONG}",
    }


def _shards(**changed: int) -> dict[str, str]:
    """Three shards with a replica each, as one of their servers sees them."""
    told = {"cluster_state": 1, "cluster_slots_ok": 16384, "cluster_size": 3, "connected_slaves": 3, **changed}
    return {server("shards", series): flat(value) for series, value in told.items()}


TELLERS = (
    Teller(
        target="kubernetes",
        instance="shards",
        well={**_well("shards"), **_shards()},
        cases={
            "RedisSlotsUnserved": Case(
                minutes=5, ill=_shards(cluster_slots_ok=16383), well=_shards(cluster_slots_ok=16384)
            ),
            "RedisServerOutOfCluster": Case(minutes=5, ill=_shards(cluster_state=0)),
            "RedisShardReplicasMissing": Case(minutes=15, ill=_shards(connected_slaves=2)),
            "RedisShardIdle": Case(minutes=70, ill=_shards(cluster_size=2)),
        },
    ),
    Teller(
        target="kubernetes",
        instance="cache",
        well=_well("cache"),
        cases={**_common("cache"), "RedisCacheMisses": Case(minutes=45, ill=_cache(49, 5), well=_cache(49, 0))},
    ),
    Teller(
        target="kubernetes",
        instance="sessions",
        well=_well("sessions"),
        cases={
            **_common("sessions"),
            "RedisStoreNearlyFull": Case(minutes=15, ill=_memory(81), well=_memory(80)),
            "RedisStoreFull": Case(minutes=5, ill=_memory(91), well=_memory(90)),
            "RedisNotPersisting": Case(minutes=5, ill={server("sessions", "aof_last_write_status"): flat(0)}),
            # Two days, and 26 hours to be sure.
            "RedisRestoreUnchecked": Case(
                minutes=75 * 60, ill={CHECKED: "0x4600"}, well={CHECKED: f"0x2000 {45 * 3600}x2600"}
            ),
        },
    ),
)
