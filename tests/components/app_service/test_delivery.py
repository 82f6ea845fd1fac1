"""What an app reads, by name."""

from __future__ import annotations

from typing import Any, Literal

import pulumi
import pytest

from components.app_service.delivery import Delivery, deliver
from components.connections import AppConnection, Gate, PostgresConnection, SecretKey
from tests.components.app_service.test_spec import spec
from tests.kit.recording import record


def postgres(prefix: str = "PG", way: Literal["file", "env"] = "file", binding: str | None = "main-api") -> Any:
    return PostgresConnection(
        prefix=prefix,
        server="main",
        deliver=way,
        host="main-rw",
        port=5432,
        database="api",
        username="api",
        sslmode="verify-full",
        password=pulumi.Output.secret("p"),
        uri=pulumi.Output.secret("u"),
        binding=binding,
        ca=None if binding is None else SecretKey(secret="main-ca", key="ca.crt"),
        gate=Gate(),
    )


def delivered(connections: Any, **more: Any) -> Delivery:
    found: list[Delivery] = []

    def program() -> None:
        values = {name: pulumi.Output.secret("s") for name, v in more.get("env", {}).items() if not isinstance(v, str)}
        found.append(deliver(spec(**more), connections(), values))

    record(program)
    return found[0]


def test_a_database_is_told_in_libpqs_own_words_and_its_secrets_as_files() -> None:
    told = delivered(lambda: [postgres()])
    assert told.variables == {
        "PGDATABASE": "api",
        "PGHOST": "main-rw",
        "PGPASSWORD_FILE": "/run/secrets/PGPASSWORD",
        "PGPORT": "5432",
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": "/run/secrets/PGSSLROOTCERT",
        "PGURI_FILE": "/run/secrets/PGURI",
        "PGUSER": "api",
    }
    assert list(told.files) == ["PGPASSWORD", "PGSSLROOTCERT", "PGURI"]
    assert told.files["PGPASSWORD"].at == SecretKey(secret="main-api", key="password")
    assert told.secret_variables == {}


def test_another_prefix_is_a_word_of_its_own() -> None:
    told = delivered(lambda: [postgres("ANALYTICS")])
    assert "ANALYTICS_HOST" in told.variables
    assert "ANALYTICS_PASSWORD" in told.files
    assert not any(name.startswith("PG") for name in told.variables)


def test_delivery_as_env_gives_the_variable_itself_and_no_file() -> None:
    told = delivered(lambda: [postgres(way="env", binding=None)])
    assert list(told.secret_variables) == ["PGPASSWORD", "PGURI"]
    assert told.files == {}


def test_an_app_is_told_by_host_and_port() -> None:
    told = delivered(lambda: [AppConnection(prefix="ELECTRS", host="electrs", port=50001)])
    assert told.variables == {"ELECTRS_HOST": "electrs", "ELECTRS_PORT": "50001"}


@pytest.mark.parametrize("entry", [{"secret": "coin_api_key"}, {"generate": 32}])
@pytest.mark.parametrize("way", ["file", "env"])
def test_a_secret_of_the_app_arrives_as_it_was_asked_for(entry: dict[str, Any], way: str) -> None:
    told = delivered(list, env={"KEY": {**entry, "deliver": way}, "PLAIN": "x"})
    assert ("KEY" in told.files) == (way == "file")
    assert ("KEY" in told.secret_variables) == (way == "env")
    assert told.variables == ({"KEY_FILE": "/run/secrets/KEY", "PLAIN": "x"} if way == "file" else {"PLAIN": "x"})
