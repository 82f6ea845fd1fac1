"""What a RedisCache tells the monitoring: a pure function of its name and spec.

Series are redis_exporter's (https://github.com/oliver006/redis_exporter): beside each server on Kubernetes, on Docker where
the monitoring asks for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from components.redis_cache.facts import EXPORTER_PORT, EXPORTER_SUFFIX, selector
from components.redis_cache.signals import SIGNALS
from components.redis_cache.spec import ClusterSpec, RedisCacheSpec, ReplicatedSpec
from components.telemetry import Alert, Dashboard, Panel, Row, Scrape, Severity, Signal, TargetKind, Telemetry, Unit
from components.telemetry_alerts import AlertMaker

FULL, NEARLY_FULL = 0.9, 0.8
"""Shares of maxmemory from which a store is in danger: at 1 it refuses writes."""

SLOTS = 16_384
"""Parts that the keys of a sharded instance are divided into. https://valkey.io/topics/cluster-spec/"""

UNCHECKED_SECONDS = 2 * 86_400
OF_ALL = ("primaries", "replicas", "replica_lag_seconds", "cluster_slots", "cluster_shards", "cluster_replicas")
"""Signals of the instance; the others are of each server."""

MANY_CLIENTS = 0.85
LOW_HIT_RATIO = 0.5


def telemetry(name: str, spec: RedisCacheSpec, target: TargetKind) -> Telemetry:
    """Everything one instance tells."""
    on_docker = target == "docker"
    return Telemetry(
        scrapes=(
            Scrape(
                instance=name,
                job="valkey",
                labels={} if on_docker else selector(name),
                host=f"{name}{EXPORTER_SUFFIX}" if on_docker else "",
                port=EXPORTER_PORT,
                port_name="metrics",
            ),
        ),
        signals=tuple(signal for signal in SIGNALS if target in signal.sources and _concerns(signal, spec)),
        alerts=tuple(_alerts(name, spec, target)),
        dashboard=_dashboard(name, spec, target),
    )


def _concerns(signal: Signal, spec: RedisCacheSpec) -> bool:
    """A signal that this instance can give."""
    word = signal.name.removeprefix("redis_")
    if word in ("primaries", "replicas"):
        return isinstance(spec, ReplicatedSpec)
    if word in ("replica_link_up", "replica_lag_seconds"):
        return spec.servers > 1
    if word.startswith("cluster_"):
        return isinstance(spec, ClusterSpec)
    if word in ("evicted_per_second", "hit_ratio"):
        return spec.purpose == "cache"
    return spec.purpose == "store" if word in ("persisting", "restore_checked_timestamp") else True


def _of(name: str, word: str) -> str:
    return f'slipway:redis_{word}{{instance_name="{name}"}}'


def _alerts(name: str, spec: RedisCacheSpec, target: TargetKind) -> Iterator[Alert]:
    yield _alert(
        name,
        "RedisDown",
        f"{_of(name, 'up')} == 0 or absent({_of(name, 'up')})",
        hold="2m",
        severity="critical" if _is_alone(spec) and spec.purpose == "store" else "warning",
        summary=f"A server of {name} does not answer",
        description="With one server, apps have no cache or store until it is back. With replicas, the next failure is one too many.",
    )
    yield _alert(
        name,
        "RedisTooManyClients",
        f"{_of(name, 'clients_ratio')} > {MANY_CLIENTS}",
        hold="5m",
        severity="warning",
        summary=f"{name} has {{{{ $value | humanizePercentage }}}} of the connections it accepts",
        description="At 100 % new connections are refused, and replicas that start get none.",
    )
    yield _alert(
        name,
        "RedisRejectsConnections",
        f"{_of(name, 'rejected_per_second')} > 0",
        hold="1m",
        severity="critical",
        summary=f"{name} refuses connections",
        description="Apps fail now: max_clients is reached.",
    )
    yield from _store_alerts(name) if spec.purpose == "store" else _cache_alerts(name)
    if spec.purpose == "store" and target == "kubernetes":
        yield _unchecked(name, spec)
    match spec:
        case ReplicatedSpec():
            yield from _replication_alerts(name, spec)
        case ClusterSpec():
            yield from _cluster_alerts(name, spec)
        case _:
            return
    yield _alert(
        name,
        "RedisReplicaDisconnected",
        f"{_of(name, 'replica_link_up')} == 0",
        hold="5m",
        severity="warning",
        summary=f"A replica of {name} does not follow its primary",
        description="It can't take over, and what it has grows old.",
    )


def _store_alerts(name: str) -> Iterator[Alert]:
    yield _alert(
        name,
        "RedisStoreNearlyFull",
        f"{_of(name, 'memory_used_ratio')} > {NEARLY_FULL}",
        hold="10m",
        severity="warning",
        summary=f"{name} uses {{{{ $value | humanizePercentage }}}} of its memory",
        description="A store forgets nothing: when it is full it refuses writes.",
    )
    yield _alert(
        name,
        "RedisStoreFull",
        f"{_of(name, 'memory_used_ratio')} > {FULL}",
        hold="2m",
        severity="critical",
        summary=f"{name} uses {{{{ $value | humanizePercentage }}}} of its memory",
        description="It is about to refuse writes, or does already.",
    )
    yield _alert(
        name,
        "RedisNotPersisting",
        f"{_of(name, 'persisting')} == 0",
        hold="1m",
        severity="critical",
        summary=f"A server of {name} can't write its file",
        description="What is acknowledged now is lost if the server restarts; the server refuses writes while it can't write its file.",
    )


def _unchecked(name: str, spec: RedisCacheSpec) -> Alert:
    checked = _of(name, "restore_checked_timestamp")
    fewer = f" or count({checked}) < {spec.shards}" if isinstance(spec, ClusterSpec) else ""
    return _alert(
        name,
        "RedisRestoreUnchecked",
        f"time() - {checked} > {UNCHECKED_SECONDS} or absent({checked}){fewer}",
        hold="26h",
        severity="warning",
        summary=f"The file of {name} has not been loaded for two days",
        description="Nobody knows whether the store could come back from its file. The check runs every night and has failed, or did not run.",
    )


def _cache_alerts(name: str) -> Iterator[Alert]:
    yield _alert(
        name,
        "RedisCacheMisses",
        f"{_of(name, 'hit_ratio')} < {LOW_HIT_RATIO} and {_of(name, 'evicted_per_second')} > 0",
        hold="30m",
        severity="info",
        summary=f"{name} finds only {{{{ $value | humanizePercentage }}}} of what is asked for, and forgets keys",
        description="The cache is too small for what apps keep in it: they wait for the origin instead.",
    )


def _replication_alerts(name: str, spec: ReplicatedSpec) -> Iterator[Alert]:
    yield _alert(
        name,
        "RedisMissingPrimary",
        f"absent({_of(name, 'primaries')})",
        hold="1m",
        severity="critical",
        summary=f"{name} has no primary",
        description="No write succeeds. A failover takes seconds; one that has not happened within a minute does not happen by itself.",
    )
    yield _alert(
        name,
        "RedisTooManyPrimaries",
        f"{_of(name, 'primaries')} > 1",
        hold="1m",
        severity="critical",
        summary=f"{name} has {{{{ $value }}}} primaries",
        description="Writes to the one that loses will be thrown away. A store's old primary refuses them; a cache's does not.",
    )
    yield _alert(
        name,
        "RedisReplicasMissing",
        f"{_of(name, 'replicas')} < {spec.replicas}",
        hold="10m",
        severity="critical" if spec.purpose == "store" and spec.replicas == 1 else "warning",
        summary=f"{name} has {{{{ $value }}}} of {spec.replicas} replicas",
        description="A store without any replica refuses writes; with one fewer, the next failure brings that about.",
    )


def _cluster_alerts(name: str, spec: ClusterSpec) -> Iterator[Alert]:
    yield _alert(
        name,
        "RedisSlotsUnserved",
        f"{_of(name, 'cluster_slots')} < {SLOTS}",
        hold="1m",
        severity="critical",
        summary=f"{name} serves {{{{ $value }}}} of {SLOTS} slots",
        description="Commands on the keys of the others fail. A failover takes seconds; one that has not happened within a minute does not happen by itself.",
    )
    yield _alert(
        name,
        "RedisServerOutOfCluster",
        f"{_of(name, 'cluster_member')} == 0",
        hold="2m",
        severity="warning",
        summary=f"A server of {name} is not among a majority of the primaries",
        description="It answers no command. If all of them say so, the instance is away.",
    )
    wanted = spec.shards * spec.replicas
    yield _alert(
        name,
        "RedisShardReplicasMissing",
        f"{_of(name, 'cluster_replicas')} < {wanted}",
        hold="10m",
        severity="warning",
        summary=f"The shards of {name} have {{{{ $value }}}} of {wanted} replicas",
        description="The next failure in the shard that lacks one may take its part of the keys away.",
    )
    yield _alert(
        name,
        "RedisShardIdle",
        f"{_of(name, 'cluster_shards')} < {spec.shards}",
        hold="1h",
        severity="info",
        summary=f"{{{{ $value }}}} of the {spec.shards} shards of {name} have slots",
        description="A shard that was added does nothing until slots are moved to it.",
    )


def _is_alone(spec: RedisCacheSpec) -> bool:
    return spec.servers == 1


def _alert(name: str, alert: str, expr: str, *, hold: str, severity: Severity, summary: str, description: str) -> Alert:
    return AlertMaker(instance=name, component="redis-cache").alert(alert, expr, hold, severity, summary, description)


def _dashboard(name: str, spec: RedisCacheSpec, target: TargetKind) -> Dashboard:
    panel = partial(_panel, name, name if target == "docker" else "{{ pod }}")
    rows = [
        Row(
            title="Load",
            panels=(
                panel("Commands", "per_second", "commands_per_second", "A drop to nothing is an outage of its apps."),
                panel("Clients", "ratio", "clients_ratio", "Grows with each replica of each app.", MANY_CLIENTS),
            ),
        )
    ]
    memory = panel(
        "Memory",
        "ratio",
        "memory_used_ratio",
        "A cache is full on purpose; a store must not be.",
        NEARLY_FULL if spec.purpose == "store" else None,
    )
    if spec.purpose == "cache":
        hits = panel("Hits", "ratio", "hit_ratio", "What the cache is good for.", LOW_HIT_RATIO)
        evicted = panel("Forgotten keys", "per_second", "evicted_per_second", "Many, with few hits: too small.")
        rows.append(Row(title="Memory", panels=(memory, hits, evicted)))
    else:
        rows.append(Row(title="Memory", panels=(memory,)))
    lag = panel("Lag", "seconds", "replica_lag_seconds", "Seconds since a replica was heard of.")
    match spec:
        case ReplicatedSpec():
            primaries = panel("Primaries", "count", "primaries", "One. Anything else for long is an incident.")
            replicas = panel("Replicas", "count", "replicas", "As many as declared.", float(spec.replicas))
            rows.append(Row(title="Replication", panels=(primaries, replicas, lag)))
        case ClusterSpec():
            rows.append(Row(title="Shards", panels=(*_cluster_panels(name, spec), lag)))
        case _:
            pass
    return Dashboard(title=f"{spec.purpose}: {name}", instance=name, rows=tuple(rows))


def _cluster_panels(name: str, spec: ClusterSpec) -> tuple[Panel, ...]:
    panel = partial(_panel, name, name)
    wanted = float(spec.shards * spec.replicas)
    return (
        panel("Slots", "count", "cluster_slots", "All of them, but for the seconds of a failover.", float(SLOTS)),
        panel("Shards", "count", "cluster_shards", "As many as declared.", float(spec.shards)),
        panel("Replicas", "count", "cluster_replicas", "As many as declared.", wanted),
    )


def _panel(
    name: str, each: str, title: str, unit: Unit, word: str, description: str, threshold: float | None = None
) -> Panel:
    """`each` is what one server's line is called."""
    return Panel(
        title=title,
        unit=unit,
        description=description,
        queries={name if word in OF_ALL else each: _of(name, word)},
        threshold=threshold,
    )
