"""A real PostgreSQL runs what a migrator and a Docker server are given: who may do what afterwards.

psql connects as each role with its own password, as apps do.
"""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from components.connections import Consumer
from components.postgres_cluster.setup_sql import migrator_sql, setup_sql
from components.postgres_cluster.spec import DatabaseSpec
from tests.consumers.processes import Processes, free_ports
from tests.consumers.servers import WORK, Servers, postgres_tool

PASSWORDS = {name: f"passwordof{name.replace('-', '')}" for name in ("api", "mails", "api-migrator")}
API, MAILS = (Consumer(app=name, database="api", deletion_protection=True, owns=False) for name in ("api", "mails"))
MIGRATOR = Consumer(app="api-migrator", database="api", deletion_protection=True, grants=("api", "mails"))
OWNING = Consumer(app="api", database="api", deletion_protection=True)


class Server:
    """A PostgreSQL of our own."""

    def __init__(self, servers: Servers, work: Path, port: int) -> None:
        self._servers, self._work, self._port = servers, work, port

    def run(self, sql: str, role: str = "postgres", database: str = "postgres") -> subprocess.CompletedProcess[str]:
        password = PASSWORDS.get(role, "passwordofpostgres")
        command = ["env", f"PGPASSWORD={password}", postgres_tool("psql"), "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1"]
        command += ["-h", "127.0.0.1", "-p", str(self._port), "-U", role, "-d", database, "-f", "-"]
        inside = self._servers.command(self._work, *command)
        return subprocess.run(inside, input=sql, text=True, capture_output=True, check=False)

    def told(self, sql: str, role: str, database: str = "api") -> str:
        done = self.run(sql, role, database)
        assert done.returncode == 0, f"{role}: {sql}\n{done.stderr}"
        return done.stdout.strip()

    def refused(self, sql: str, role: str, database: str = "api") -> str:
        done = self.run(sql, role, database)
        assert done.returncode != 0, f"{role} may: {sql}"
        return done.stderr


@pytest.fixture
def server(servers: Servers, scratch: Path) -> Generator[Server]:
    port = free_ports(1)[0]
    folder = scratch / f"postgres-{port}"
    work, data = folder / "work", f"{WORK}/data"
    work.mkdir(parents=True)
    (work / "secret").write_text("passwordofpostgres", encoding="utf-8")
    (work / "secret").chmod(0o644)
    make = [postgres_tool("initdb"), "-D", data, "-A", "scram-sha-256", "-U", "postgres", "--no-sync"]
    servers.run(work, *make, f"--pwfile={WORK}/secret", user="postgres")
    with Processes(folder / "log") as processes:
        start = [postgres_tool("postgres"), "-D", data, "-p", str(port), "-c", "unix_socket_directories="]
        processes.start("postgres", servers.command(work, *start, "-c", "fsync=off", user="postgres"))
        processes.wait_until("PostgreSQL is ready", lambda: servers.postgres_is_ready(work, port))
        yield Server(servers, work, port)


SCHEMA = "CREATE TABLE shop (id int GENERATED ALWAYS AS IDENTITY, n int); CREATE SCHEMA stats; CREATE TABLE stats.days (d date);"


def _users_use_and_do_not_change(server: Server) -> None:
    for role in ("api", "mails"):
        server.told("INSERT INTO shop (n) VALUES (1); UPDATE shop SET n = 2; DELETE FROM shop WHERE n = 3;", role)
        server.told("SELECT count(*) FROM stats.days", role)
        for sql in ("DROP TABLE shop", "ALTER TABLE shop ADD x int", "TRUNCATE shop", "CREATE TABLE mine (x int)"):
            assert "permission denied" in (told := server.refused(sql, role)) or "must be owner" in told
        assert "permission denied" in server.refused('SET ROLE "api-owner"', role)


def test_what_migrations_make_belongs_to_the_owner_and_apps_may_only_use_it(server: Server) -> None:
    """As on Kubernetes: roles by the operator, rights by the migrator itself, before its first migration and after."""
    server.told(
        setup_sql({"api": DatabaseSpec()}, [OWNING], PASSWORDS).replace("\\set QUIET on", ""), "postgres", "postgres"
    )
    roles = "".join(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{PASSWORDS[name]}';" for name in ("mails", "api-migrator"))
    server.told(f'{roles} GRANT "api-owner" TO "api-migrator"; REVOKE "api-owner" FROM api;', "postgres", "postgres")
    server.told(migrator_sql(MIGRATOR), "api-migrator")
    server.told(SCHEMA, "api-migrator")
    assert server.told("SELECT tableowner FROM pg_tables WHERE tablename = 'shop'", "api") == "api-owner"
    _users_use_and_do_not_change(server)
    server.told(migrator_sql(MIGRATOR), "api-migrator")
    server.told("ALTER TABLE shop ADD late int; CREATE TABLE later (x int);", "api-migrator")
    server.told("SELECT late FROM shop; SELECT x FROM later;", "mails")


def test_on_docker_an_app_that_gets_migrations_hands_its_tables_over(server: Server) -> None:
    server.told(setup_sql({"api": DatabaseSpec()}, [OWNING], PASSWORDS), "postgres", "postgres")
    server.told(SCHEMA, "api")
    for _ in range(2):
        server.told(setup_sql({"api": DatabaseSpec()}, [API, MAILS, MIGRATOR], PASSWORDS), "postgres", "postgres")
        _users_use_and_do_not_change(server)
    server.told(
        "ALTER TABLE shop ADD late int; DROP TABLE stats.days; CREATE TABLE stats.days (d date);", "api-migrator"
    )
    _users_use_and_do_not_change(server)


def test_an_app_that_loses_its_migrations_is_the_owner_again(server: Server) -> None:
    server.told(setup_sql({"api": DatabaseSpec()}, [API, MAILS, MIGRATOR], PASSWORDS), "postgres", "postgres")
    server.told(SCHEMA, "api-migrator")
    server.told(setup_sql({"api": DatabaseSpec()}, [OWNING], PASSWORDS), "postgres", "postgres")
    server.told("ALTER TABLE shop ADD late int", "api")
