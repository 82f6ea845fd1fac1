"""What a server tells the monitoring follows from its spec: thresholds, and silence about what it does not promise."""

from __future__ import annotations

from typing import Any

import pytest

from components.postgres_cluster.spec import PostgresClusterSpec
from components.postgres_cluster.telemetry import telemetry
from components.telemetry import TargetKind
from components.telemetry_rules import SERIES, SLO_ALERTS, dashboards, groups
from tests.house.sources import ROOT

RUNBOOKS = ROOT / "docs/runbooks"


def spec(**said: Any) -> PostgresClusterSpec:
    return PostgresClusterSpec.model_validate(
        {"major": 18, "storage": {"size": "100Gi"}, "databases": {"api": {}}, **said}
    )


FULL = spec(backup={"store": "backups", "snapshots": {}}, pooler={}, docker={"archive": True})


def names(given: PostgresClusterSpec, target: TargetKind = "kubernetes") -> set[str]:
    return {alert.name for alert in telemetry("main", given, target).alerts}


def expr(given: PostgresClusterSpec, name: str) -> str:
    (found,) = [alert.expr for alert in telemetry("main", given, "kubernetes").alerts if alert.name == name]
    return found


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    alerts = {*names(FULL), *names(FULL, "docker"), *SLO_ALERTS}
    ours = {page.stem for page in RUNBOOKS.glob("*.md") if page.stem.startswith(("Postgres", "Slo"))}
    assert ours == alerts


def test_one_instance_is_not_told_that_standbys_are_missing() -> None:
    assert "PostgresNoStandby" in names(spec(instances=2))
    lonely = names(spec(instances=1))
    assert not {name for name in lonely if "Standby" in name or "Replication" in name or "Member" in name}
    assert "PostgresDown" in lonely


def test_a_server_without_backups_is_not_told_that_they_are_old() -> None:
    assert not {name for name in names(spec()) if "Backup" in name or "Archiv" in name}
    assert {"PostgresBackupTooOld", "PostgresArchivingFails"} <= names(FULL)


def test_only_a_server_that_may_lose_nothing_is_told_that_commits_wait() -> None:
    assert "PostgresSyncStandbysMissing" in names(spec())
    assert "PostgresSyncStandbysMissing" not in names(spec(replication={"rpo": "seconds"}))


def test_a_site_that_follows_another_has_no_receiver_of_its_own() -> None:
    peers = {"us": {"store": "us", "server": "main-g1"}}
    site = {"backup": {"store": "eu"}, "topology": {"self": "eu", "primary": "us", "peers": peers}}
    assert "PostgresStandbyNotFollowing" not in names(spec(**site))


def test_thresholds_come_from_the_spec() -> None:
    assert expr(spec(replication={"rpo": "seconds", "lag": "90s"}), "PostgresReplicationLagging").endswith("> 90")
    assert expr(spec(max_connections=400), "PostgresBackendsWaiting").endswith("> 40")
    weekly = spec(backup={"store": "backups", "schedule": "0 0 2 * * sun"})
    assert expr(weekly, "PostgresBackupTooOld").endswith("> 907200")
    assert expr(spec(wal={"size": "20Gi", "slot_limit": "10Gi"}), "PostgresSlotHoldsLog").endswith("> 8589934592")
    assert expr(spec(instances=5), "PostgresMemberMissing").endswith("< 5")
    assert expr(spec(pooler={"max_clients": 500}), "PostgresPoolerFull").endswith("> 400")


def test_on_docker_exporters_are_scraped() -> None:
    (alone,) = telemetry("main", spec(), "docker").scrapes
    assert (alone.host, alone.port) == ("main-exporter", 9187)
    assert [(s.host, s.port) for s in telemetry("main", FULL, "docker").scrapes] == [
        ("main-exporter", 9187),
        ("main-pooler-exporter", 9127),
    ]


def test_on_docker_one_server_and_one_pooler_are_all_there_is() -> None:
    told = {alert.name: alert.expr for alert in telemetry("main", FULL, "docker").alerts}
    assert "PostgresMemberMissing" not in told
    assert told["PostgresPoolerMissing"].endswith("< 1")


def test_on_kubernetes_members_and_poolers_are_scraped() -> None:
    assert [(s.labels["cnpg.io/podRole"], s.port) for s in telemetry("main", FULL, "kubernetes").scrapes] == [
        ("instance", 9187),
        ("pooler", 9127),
    ]


@pytest.mark.parametrize("target", ["docker", "kubernetes"])
def test_every_panel_that_is_shown_is_about_signals_that_this_target_has(target: TargetKind) -> None:
    told = telemetry("main", FULL, target)
    (page,) = dashboards([told], target)
    here = {signal.name for signal in told.signals if target in signal.sources}
    queries = [query for row in page.rows for panel in row.panels for query in panel.queries.values()]
    assert queries
    assert all(set(SERIES.findall(query)) <= here for query in queries)
    assert ("Replication lag" in str(page)) is (target == "kubernetes")


def test_two_servers_record_each_signal_once() -> None:
    rules = groups([telemetry(n, FULL, "kubernetes") for n in ("main", "other")], "kubernetes", runbooks="https://r")
    recorded = [rule["record"] for rule in rules[0]["rules"]]
    assert len(recorded) == len(set(recorded))
    assert [group["name"] for group in rules] == ["signals", "alerts-main", "alerts-other"]


def test_a_drill_is_asked_for_by_its_day() -> None:
    """Once a stack file tells of one, its archive says nothing any more."""
    told = {"store": "backups", "restore": {"tried": "2026-11-25", "every": "30d"}}
    assert expr(spec(backup=told), "PostgresRestoreUntried") == "abs(vector(time() - 1795564800)) > 2592000"
    assert "recoverable_since" in expr(spec(backup={"store": "backups"}), "PostgresRestoreUntried")
    assert "PostgresRestoreUntried" not in names(spec())
