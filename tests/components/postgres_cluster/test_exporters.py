"""On Docker a server's series are served once the monitoring asks for them, and by nobody before."""

from __future__ import annotations

from components.postgres_cluster.facts import EXPORTER_ROLE, METRICS_PORT, POOLER_METRICS_PORT
from tests.components.postgres_cluster.watched import watched, written
from tests.kit.recording import Recording

BOTH = (METRICS_PORT, POOLER_METRICS_PORT)


def exporters(recording: Recording) -> set[str]:
    return {r.name for r in recording.of_type("Container") if r.name.endswith("-exporter")}


def test_nobody_asks_and_nothing_is_there() -> None:
    unasked = watched()
    assert exporters(unasked) == set()
    assert [r.name for r in unasked.of_type("RandomPassword")] == ["main-api-password", "main-superuser-password"]
    assert EXPORTER_ROLE not in written(unasked, "main-setup")["/setup/setup.sql"]
    assert "stats_users" not in written(unasked, "main-pooler-files")["/run/config/pgbouncer.ini"]


def test_an_app_on_the_same_port_is_not_the_monitoring() -> None:
    assert exporters(watched(METRICS_PORT, by="api")) == set()


def test_each_port_that_is_asked_has_its_exporter() -> None:
    assert exporters(watched(METRICS_PORT)) == {"main-exporter"}
    assert exporters(watched(POOLER_METRICS_PORT)) == {"main-pooler-exporter"}
    assert exporters(watched(*BOTH)) == {"main-exporter", "main-pooler-exporter"}


def test_an_exporter_is_found_by_its_alias_on_the_servers_own_network_alone() -> None:
    for name in exporters(watched(*BOTH)):
        (network,) = watched(*BOTH).one("Container", name).inputs["networksAdvanced"]
        assert network == {"name": "shop-dev-main", "aliases": [name]}


def test_an_exporter_may_do_as_little_as_the_server_itself() -> None:
    for name in exporters(watched(*BOTH)):
        given = watched(*BOTH).one("Container", name).inputs
        assert given["readOnly"] is True
        assert given["capabilities"] == {"drops": ["ALL"]}
        assert given["securityOpts"] == ["no-new-privileges:true"]
        assert given["user"] == "65534:65534"
        assert given["memory"] == given["memorySwap"] == 64


def test_the_role_reads_statistics_and_its_password_is_a_file() -> None:
    recording = watched(*BOTH)
    password = recording.one("RandomPassword", "main-exporter-password")
    assert password.protect
    assert password.retain_on_delete
    setup = written(recording, "main-setup")["/setup/setup.sql"]
    assert f'GRANT pg_monitor TO "{EXPORTER_ROLE}";' in setup
    secret = written(recording, "main-exporter-files")["/run/secrets/password"]
    assert secret in setup
    assert secret in written(recording, "main-pooler-exporter-files")["/run/secrets/pgpass"]
    for name in exporters(recording):
        assert secret not in str(recording.one("Container", name).inputs)


def test_poolers_let_the_exporter_look_and_no_more() -> None:
    files = written(watched(*BOTH), "main-pooler-files")
    assert f"stats_users = {EXPORTER_ROLE}\n" in files["/run/config/pgbouncer.ini"]
    assert "admin_users" not in files["/run/config/pgbouncer.ini"]
    assert f'"{EXPORTER_ROLE}"' in files["/run/secrets/users.txt"]


def test_setting_a_server_up_leaves_no_volume_behind() -> None:
    assert {"type": "tmpfs", "target": "/var/lib/postgresql"} in watched().one("Container", "main-setup").inputs[
        "mounts"
    ]
