"""The script that runs on a Docker server at every change. That PostgreSQL takes it is floor 3's to show."""

from __future__ import annotations

from components.connections import Consumer
from components.postgres_cluster.setup_sql import setup_sql
from components.postgres_cluster.spec import DatabaseSpec

DATABASES = {"api": DatabaseSpec(extensions=("pg_trgm",))}
API = Consumer(app="api", database="api", deletion_protection=True)


def test_the_script_never_drops_anything() -> None:
    script = setup_sql(DATABASES, [API], {"api": "abc"}).upper()
    assert "DROP" not in script
    assert "REVOKE" not in script


def test_a_database_has_an_owner_that_nobody_logs_in_with() -> None:
    script = setup_sql(DATABASES, [], {})
    assert 'ALTER ROLE "api-owner" NOLOGIN;' in script
    assert 'ALTER DATABASE "api" OWNER TO "api-owner";' in script


def test_an_app_logs_in_as_itself_and_is_a_member_of_the_owner() -> None:
    script = setup_sql(DATABASES, [API], {"api": "abc"})
    assert "ALTER ROLE \"api\" LOGIN PASSWORD 'abc';" in script
    assert 'GRANT "api-owner" TO "api";' in script


def test_everything_is_made_only_where_it_is_not_there_yet() -> None:
    creating = [line for line in setup_sql(DATABASES, [API], {"api": "abc"}).splitlines() if "CREATE" in line]
    assert len(creating) == 4
    assert all(
        ("WHERE NOT EXISTS" in line and line.endswith("\\gexec")) or "IF NOT EXISTS" in line for line in creating
    )


def test_extensions_are_made_inside_their_database() -> None:
    lines = setup_sql(DATABASES, [API], {"api": "abc"}).splitlines()
    assert lines[lines.index('\\connect "api"') + 1] == 'CREATE EXTENSION IF NOT EXISTS "pg_trgm";'


def test_an_exporter_may_read_statistics_and_no_rows() -> None:
    script = setup_sql(DATABASES, [], {"slipway-exporter": "abc"})
    assert 'GRANT pg_monitor TO "slipway-exporter";' in script
    assert 'owner" TO "slipway-exporter' not in script
