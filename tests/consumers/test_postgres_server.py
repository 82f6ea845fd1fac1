"""PostgreSQL 18 and PgBouncer run with exactly what the Docker target renders.

And the scripts of `make backup` and `make restore` bring rows back that were lost: to a moment, and from nothing.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest

from components.connections import Consumer
from components.postgres_cluster.beside import pooler_ini
from components.postgres_cluster.pooler import PoolerSpec
from components.postgres_cluster.setup_sql import setup_sql
from components.postgres_cluster.spec import DatabaseSpec
from recovery import scripts
from tests.consumers import postgres_machine
from tests.consumers.postgres_machine import PGDATA, Machine
from tests.stacks.shipped import recorded

API = Consumer(app="api", database="api", deletion_protection=True)
PASSWORDS = {"api": "passwordofapi"}
SETUP = setup_sql({"api": DatabaseSpec(extensions=("pg_trgm",))}, [API], PASSWORDS)

POOLER_PORT = 6432
"""On one machine with the server, whose port it has in a stack."""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Generator[Machine]:
    with postgres_machine.running(tmp_path_factory.mktemp("machine")) as found:
        found.start_server(parameters())
        yield found


def parameters() -> list[str]:
    """What the dev stack's server is started with."""
    program, *given = recorded("dev").one("Container", "main-server").inputs["command"]
    assert program == "postgres"
    return given


def test_the_server_has_the_parameters_of_the_stack(machine: Machine) -> None:
    for given in parameters():
        name, _, value = given.removeprefix("--").partition("=")
        wanted = "5min" if value == "300s" else value
        assert machine.sql(f"show {name}") == wanted


def test_the_setup_may_run_again_and_changes_nothing(machine: Machine) -> None:
    for _ in range(2):
        machine.sql(SETUP)
    assert machine.sql("select extname from pg_extension where extname = 'pg_trgm'", "api") == "pg_trgm"
    assert machine.sql("select rolcanlogin from pg_roles where rolname = 'api-owner'") == "f"


def test_apps_get_in_through_the_pooler_with_their_own_password_and_prepared_statements(machine: Machine) -> None:
    machine.sql(SETUP)
    ini = pooler_ini("127.0.0.1", PoolerSpec(), ["api"], watched=False).replace(
        "listen_port = 5432", f"listen_port = {POOLER_PORT}"
    )
    machine.write("/run/config/pgbouncer.ini", ini)
    machine.write("/run/secrets/users.txt", f'"api" "{PASSWORDS["api"]}"\n')
    machine.start("pooler", ["pgbouncer", "/run/config/pgbouncer.ini"])
    there = ["psql", "-X", "-Atq", f"postgresql://api:{PASSWORDS['api']}@127.0.0.1:{POOLER_PORT}/api?sslmode=disable"]
    machine.wait_until("the pooler answers", [*there, "-c", "select 1"])
    told = machine.run(there, stdin="select $1::int + 1 \\bind 41 \\g\nselect current_user;\n").stdout.split()
    assert told == ["42", "api"]
    wrong = machine.run([*there[:-1], there[-1].replace("passwordofapi", "another"), "-c", "select 1"], check=False)
    assert wrong.returncode != 0


def test_rows_come_back_as_they_were_a_second_before(machine: Machine) -> None:
    machine.sql("create table coins (id int); insert into coins select generate_series(1, 10000)")
    machine.script(scripts.BACK_UP, NAME="main-20261125T020000Z")
    machine.sql("insert into coins select generate_series(10001, 15000)")
    machine.sql("select pg_sleep(1)")
    moment = machine.sql("select clock_timestamp()")
    machine.sql("select pg_sleep(1)")
    machine.sql("delete from coins where id % 2 = 0; insert into coins values (0)")
    assert machine.sql("select count(*) from coins") == "7501"
    machine.script(scripts.FLUSH)
    _restore(machine, moment)
    assert machine.sql("select count(*), min(id), max(id) from coins") == "15000|1|15000"


def test_rows_come_back_when_the_data_is_gone_and_the_last_log_was_not_archived(machine: Machine) -> None:
    before = int(machine.sql("create table if not exists coins (id int); select count(*) from coins"))
    machine.script(scripts.BACK_UP, NAME="main-20261125T030000Z")
    machine.sql("insert into coins select generate_series(1, 10)")
    machine.script(f"rm -rf {PGDATA}/base {PGDATA}/global/pg_control")
    _restore(machine, "", clean=False)
    assert machine.sql("select count(*) from coins") == str(before + 10)


def test_old_backups_go_with_the_log_that_they_alone_need(machine: Machine) -> None:
    names = [f"main-20261125T04000{second}Z" for second in range(4)]
    for name in names:
        machine.script(scripts.BACK_UP, NAME=name)
        machine.script(scripts.CLEAN_UP, NAME=name, SERVER="main")
    assert machine.script(scripts.LIST, SERVER="main").split() == names[-scripts.KEPT_BACKUPS :]
    first = machine.script(
        f"sed -n 's/.*(file \\(.*\\))$/\\1/p' /archive/base/{names[1]}/backup_label | head -n 1"
    ).strip()
    log = machine.script("ls /archive/wal | grep -E '^[0-9A-F]{24}$'").split()
    assert log
    assert min(name[8:] for name in log) >= first[8:]


def _restore(machine: Machine, to: str, *, clean: bool = True) -> None:
    """As recovery/server.py does: stop, restore beside, start, wait."""
    if clean:
        machine.stop_server()
    else:
        machine.script(f"kill -KILL $(head -n 1 {PGDATA}/postmaster.pid)")
        machine.forget_server()
    newest = machine.script(scripts.LIST, SERVER="main").split()[-1]
    machine.script(scripts.RESTORE, NAME=newest, TO=to)
    machine.start_server(parameters())
    machine.wait_until("it writes again", ["sh", "-euc", f'test "$({scripts.RECOVERED})" = f'])
