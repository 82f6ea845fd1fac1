"""The script that runs on a Docker server at every change. That PostgreSQL takes it is floor 3's to show."""

from __future__ import annotations

from components.connections import Consumer
from components.postgres_cluster.setup_sql import setup_sql

API = Consumer(app="api", database="api", deletion_protection=True)


def test_the_script_never_drops_anything() -> None:
    script = setup_sql(["api"], [API], {"api": "abc"}).upper()
    assert "DROP" not in script
    assert "REVOKE" not in script


def test_a_database_has_an_owner_that_nobody_logs_in_with() -> None:
    script = setup_sql(["api"], [], {})
    assert 'ALTER ROLE "api-owner" NOLOGIN;' in script
    assert 'ALTER DATABASE "api" OWNER TO "api-owner";' in script


def test_an_app_logs_in_as_itself_and_is_a_member_of_the_owner() -> None:
    script = setup_sql(["api"], [API], {"api": "abc"})
    assert "ALTER ROLE \"api\" LOGIN PASSWORD 'abc';" in script
    assert 'GRANT "api-owner" TO "api";' in script


def test_everything_is_made_only_where_it_is_not_there_yet() -> None:
    creating = [line for line in setup_sql(["api"], [API], {"api": "abc"}).splitlines() if "CREATE" in line]
    assert creating
    assert all("WHERE NOT EXISTS" in line and line.endswith("\\gexec") for line in creating)
