"""What a PostgresCluster tells the monitoring: endpoints, signals, alerts with thresholds from the spec, its page.

Pure. Sources: CloudNativePG 1.30's exporter and default queries, barman-cloud plugin 0.14; on Docker postgres_exporter
0.19 and pgbouncer_exporter 0.12. The tests hold every series that is named here against what those programs emit.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.postgres_cluster import facts
from components.postgres_cluster.alerts import CERTIFICATE_LATE_SECONDS, alerts
from components.postgres_cluster.signals import SIGNALS
from components.postgres_cluster.spec import PostgresClusterSpec
from components.telemetry import BlackboxProbe, Dashboard, Panel, Row, Scrape, TargetKind, Telemetry


def telemetry(name: str, spec: PostgresClusterSpec, target: TargetKind) -> Telemetry:
    """Everything one server tells, if it is asked: on Docker exporters come with the edge that asks for them."""
    return Telemetry(
        scrapes=tuple(_scrapes(name, spec, target)),
        signals=SIGNALS,
        alerts=tuple(alerts(name, spec, target)),
        dashboard=_dashboard(name, spec),
        probes=tuple(_probes(name, spec)) if target == "kubernetes" else (),
    )


def _probes(name: str, spec: PostgresClusterSpec) -> Iterator[BlackboxProbe]:
    """No series says when the operator's certificates end; a handshake does, and also whether the server has loaded them."""
    if not facts.shows_dates(spec):
        return
    for service in (f"{name}-rw", *((f"{name}-ro",) if spec.instances > 1 else ())):
        yield BlackboxProbe(instance=name, module="tls_dates", target=f"{service}:{facts.PORT}", vantage="inside")


def _scrapes(name: str, spec: PostgresClusterSpec, target: TargetKind) -> Iterator[Scrape]:
    if target == "docker":
        yield Scrape(
            instance=name,
            job="postgres-exporter",
            labels={},
            host=f"{name}-exporter",
            port=facts.METRICS_PORT,
            port_name="metrics",
        )
        if spec.pooler is not None:
            yield Scrape(
                instance=name,
                job="pgbouncer-exporter",
                labels={},
                host=f"{name}-pooler-exporter",
                port=facts.POOLER_METRICS_PORT,
                port_name="metrics",
            )
        return
    yield Scrape(
        instance=name,
        job="cloudnative-pg",
        labels={**facts.selector(name), "cnpg.io/podRole": "instance"},
        host="",
        port=facts.METRICS_PORT,
        port_name="metrics",
    )
    if spec.pooler is not None:
        yield Scrape(
            instance=name,
            job="cloudnative-pg-pooler",
            labels={"cnpg.io/poolerName": facts.pooler(name), "cnpg.io/podRole": "pooler"},
            host="",
            port=facts.POOLER_METRICS_PORT,
            port_name="metrics",
        )


def _dashboard(name: str, spec: PostgresClusterSpec) -> Dashboard:
    rows = [_health(name, spec), _load(name, spec)]
    if spec.instances > 1:
        rows.append(_replication(name, spec))
    if spec.backup is not None:
        rows.append(_backups(name, spec.backup.most_apart))
    if spec.pooler is not None:
        rows.append(_pooler(name))
    return Dashboard(title=f"PostgreSQL: {name}", instance=name, rows=tuple(rows))


def _of(name: str, signal: str) -> str:
    return f'slipway:postgres_{signal}{{instance_name="{name}"}}'


def _health(name: str, spec: PostgresClusterSpec) -> Row:
    life = Panel(
        title="Life left of its certificate",
        unit="seconds",
        description="Falls to a week, and jumps back to ninety days.",
        queries={"left": f"{_of(name, 'certificate_expiry_timestamp')} - time()"},
        threshold=CERTIFICATE_LATE_SECONDS,
    )
    return Row(
        title="Is it well?",
        panels=(
            Panel(
                title="Members that answer",
                unit="count",
                description="Should equal the instances of the stack file.",
                queries={"up": f"sum({_of(name, 'up')})"},
            ),
            Panel(
                title="Volumes in use",
                unit="ratio",
                description="A full log volume stops writes; growing one needs no downtime.",
                queries={"{{persistentvolumeclaim}}": _of(name, "volume_used_ratio")},
                threshold=0.7,
            ),
            Panel(
                title="Transaction ids since the last freeze",
                unit="count",
                description="Falls with every vacuum. At two thousand million the server stops writes.",
                queries={"oldest": _of(name, "transaction_age")},
                threshold=300e6,
            ),
            *((life,) if facts.shows_dates(spec) else ()),
        ),
    )


def _load(name: str, spec: PostgresClusterSpec) -> Row:
    return Row(
        title="How busy is it?",
        panels=(
            Panel(
                title="Connections",
                unit="count",
                description="The pools of all apps together; the line is where somebody is told.",
                queries={"{{pod}}": _of(name, "connections")},
                threshold=0.8 * spec.max_connections,
            ),
            Panel(
                title="Transactions",
                unit="per_second",
                description="Commits and rollbacks.",
                queries={"transactions": _of(name, "transactions_per_second")},
            ),
            Panel(
                title="Oldest open transaction",
                unit="seconds",
                description="Holds back vacuum, and locks whoever waits for its rows.",
                queries={"oldest": _of(name, "oldest_transaction_seconds")},
                threshold=300,
            ),
            Panel(
                title="Backends that wait for a lock",
                unit="count",
                description="Short spikes are normal.",
                queries={"waiting": _of(name, "waiting_backends")},
                threshold=spec.max_connections / 10,
            ),
            Panel(
                title="Size of the databases",
                unit="bytes",
                description="What a restore has to fetch.",
                queries={"{{datname}}": _of(name, "database_bytes")},
            ),
        ),
    )


def _replication(name: str, spec: PostgresClusterSpec) -> Row:
    return Row(
        title="Would a failover lose anything?",
        panels=(
            Panel(
                title="Replication lag",
                unit="seconds",
                description="Age of the last change that a standby has replayed.",
                queries={"{{pod}}": _of(name, "replication_lag_seconds")},
                threshold=facts.lag_seconds(spec),
            ),
            Panel(
                title="Standbys that stream",
                unit="count",
                description="One less than the instances of the stack file.",
                queries={"standbys": _of(name, "streaming_standbys")},
            ),
            Panel(
                title="Synchronous standbys that are missing",
                unit="count",
                description="Above zero, commits wait.",
                queries={"missing": _of(name, "sync_standbys_missing")},
                threshold=0,
            ),
            Panel(
                title="Log held for standbys",
                unit="bytes",
                description="Beyond the line a standby is dropped and built anew.",
                queries={"{{slot_name}}": _of(name, "slot_bytes")},
                threshold=facts.slot_limit_bytes(spec),
            ),
        ),
    )


def _backups(name: str, most_apart: int) -> Row:
    return Row(
        title="Could it be restored?",
        panels=(
            Panel(
                title="Age of the last backup",
                unit="seconds",
                description="How far a restore must start back.",
                queries={"age": f"time() - {_of(name, 'backup_timestamp')}"},
                threshold=1.5 * most_apart,
            ),
            Panel(
                title="How far back a restore can go",
                unit="seconds",
                description="Grows to the retention of the stack file and stays there.",
                queries={"window": f"time() - {_of(name, 'recoverable_since_timestamp')}"},
            ),
            Panel(
                title="Log files that wait for the archive",
                unit="count",
                description="What would be lost with the site, in files of 16 MiB.",
                queries={"waiting": _of(name, "archive_backlog")},
                threshold=facts.BACKLOG_FILES,
            ),
            Panel(
                title="Since the last archived file",
                unit="seconds",
                description="Grows on an idle server too: it archives only what changed.",
                queries={"age": _of(name, "last_archived_age_seconds")},
            ),
        ),
    )


def _pooler(name: str) -> Row:
    return Row(
        title="Does the pooler keep up?",
        panels=(
            Panel(
                title="Clients",
                unit="count",
                description="Client connections of each pooler.",
                queries={"{{pod}}": _of(name, "pooler_clients")},
            ),
            Panel(
                title="Clients that wait for a server connection",
                unit="count",
                description="A queue that does not drain wants a larger pool_size, or shorter transactions.",
                queries={"waiting": _of(name, "pooler_waiting_clients")},
                threshold=facts.WAITING_CLIENTS,
            ),
            Panel(
                title="Longest wait",
                unit="seconds",
                description="What a user feels.",
                queries={"longest": _of(name, "pooler_wait_seconds")},
                threshold=facts.WAIT_SECONDS,
            ),
        ),
    )
