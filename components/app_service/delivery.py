"""What an app reads: variables, secret variables and secret files, from its `env` and its connections. Target-neutral.

Owns: the names an app can rely on. Leaves to each target how a file or a variable gets into the container.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pulumi

from components.app_service.env import GeneratedSecret, SecretRef
from components.app_service.spec import AppServiceSpec
from components.connections import (
    AppConnection,
    Credential,
    ObjectStoreConnection,
    PostgresConnection,
    RedisConnection,
    SecretKey,
)
from components.folders import SECRETS_FOLDER

Connection = PostgresConnection | RedisConnection | AppConnection | ObjectStoreConnection


@dataclass(frozen=True, kw_only=True)
class SecretValue:
    """A secret, and where it already lies on Kubernetes."""

    value: pulumi.Output[str] | None
    """None for what only the cluster knows: the certificate authority of an operator."""
    at: SecretKey | None = None
    """None for the app's own: the app puts it into a Secret of its own."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What one app reads, before a target decides how."""

    variables: Mapping[str, str]
    """Plain values, by name, sorted."""
    secret_variables: Mapping[str, SecretValue]
    """Secrets that were asked for as variables, by name, sorted."""
    files: Mapping[str, SecretValue]
    """Secrets under /run/secrets, by file name, sorted."""

    def with_variables(self, more: Mapping[str, str]) -> Delivery:
        """The same, and plain values on top."""
        return replace(self, variables=dict(sorted({**self.variables, **more}.items())))


def deliver(
    spec: AppServiceSpec,
    connections: Sequence[Connection],
    values: Mapping[str, pulumi.Output[str]],
    credentials: Mapping[str, Credential] | None = None,
    defaults: Mapping[str, str] | None = None,
) -> Delivery:
    """Everything the app reads. `values` holds the secret entries of `env` by variable name, `credentials` what it provides."""
    found = _Collector()
    found.variables.update(defaults or {})
    for name, credential in (credentials or {}).items():
        filled = credential.password.apply(spec.provides[name].filled)
        found.secret(name.upper(), SecretValue(value=filled), "file")
    for name, entry in spec.env.items():
        match entry:
            case str():
                found.variables[name] = entry
            case SecretRef(deliver=way) | GeneratedSecret(deliver=way):
                found.secret(name, SecretValue(value=values[name]), way)
    for connection in connections:
        match connection:
            case PostgresConnection():
                _postgres(connection, found)
            case RedisConnection():
                _redis(connection, found)
            case AppConnection():
                _app(connection, found)
            case ObjectStoreConnection():
                _object_store(connection, found)
    return Delivery(
        variables=dict(sorted(found.variables.items())),
        secret_variables=dict(sorted(found.secret_variables.items())),
        files=dict(sorted(found.files.items())),
    )


class _Collector:
    def __init__(self) -> None:
        self.variables: dict[str, str] = {}
        self.secret_variables: dict[str, SecretValue] = {}
        self.files: dict[str, SecretValue] = {}

    def secret(self, name: str, secret: SecretValue, way: Literal["file", "env"]) -> None:
        if way == "env":
            self.secret_variables[name] = secret
        else:
            self.files[name] = secret
            self.variables[f"{name}_FILE"] = f"{SECRETS_FOLDER}/{name}"


def postgres_variable(prefix: str, word: str) -> str:
    """`PG` gives libpq's own names (PGHOST); any other prefix is a word of its own (ANALYTICS_HOST)."""
    return f"PG{word}" if prefix == "PG" else f"{prefix}_{word}"


def _app(connection: AppConnection, found: _Collector) -> None:
    prefix, credential = connection.prefix, connection.credential
    found.variables[f"{prefix}_HOST"] = connection.host
    found.variables[f"{prefix}_PORT"] = str(connection.port)
    if credential is None:
        return
    found.variables[f"{prefix}_USER"] = credential.user
    found.secret(f"{prefix}_PASSWORD", SecretValue(value=credential.password), connection.deliver)
    both = pulumi.Output.concat(credential.user, ":", credential.password)
    found.secret(f"{prefix}_USERPASS", SecretValue(value=both), connection.deliver)


def _object_store(connection: ObjectStoreConnection, found: _Collector) -> None:
    """The keys one by one, and as the file that Amazon's libraries read.

    https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
    """
    prefix = connection.prefix
    found.variables.update({f"{prefix}_{word}": value for word, value in connection.told.items()})
    keys = {"ACCESS_KEY_ID": connection.access_key, "SECRET_ACCESS_KEY": connection.secret_key}
    for word, value in keys.items():
        found.secret(f"{prefix}_{word}", SecretValue(value=value), connection.deliver)
    if connection.deliver == "file":
        lines = ("[default]\naws_access_key_id = ", keys["ACCESS_KEY_ID"], "\naws_secret_access_key = ")
        both = pulumi.Output.concat(*lines, keys["SECRET_ACCESS_KEY"], "\n")
        found.secret(f"{prefix}_SHARED_CREDENTIALS", SecretValue(value=both), "file")


def _postgres(connection: PostgresConnection, found: _Collector) -> None:
    """libpq's variables: https://www.postgresql.org/docs/18/libpq-envars.html, and a URI for drivers that want one."""
    plain = {
        "HOST": connection.host,
        "PORT": str(connection.port),
        "DATABASE": connection.database,
        "USER": connection.username,
        "SSLMODE": connection.sslmode,
    }
    found.variables.update({postgres_variable(connection.prefix, word): value for word, value in plain.items()})
    for word, key, value in (
        ("PASSWORD", "password", connection.password),
        ("URI", connection.binding_key, connection.uri),
    ):
        at = None if connection.binding is None else SecretKey(secret=connection.binding, key=key)
        found.secret(postgres_variable(connection.prefix, word), SecretValue(value=value, at=at), connection.deliver)
    if connection.ca is not None:
        name = postgres_variable(connection.prefix, "SSLROOTCERT")
        found.files[name] = SecretValue(value=None, at=connection.ca)
        found.variables[name] = f"{SECRETS_FOLDER}/{name}"


def _redis(connection: RedisConnection, found: _Collector) -> None:
    """One address, or those who know it (Sentinels, or a sharded instance's servers): never both, so that an app can't hold
    on to a primary of yesterday.
    """
    prefix = connection.prefix
    found.variables[f"{prefix}_USER"] = connection.username
    found.variables[f"{prefix}_TLS"] = "false" if connection.ca is None else "true"
    if connection.nodes:
        found.variables[f"{prefix}_CLUSTER_NODES"] = ",".join(connection.nodes)
    elif connection.host is None:
        found.variables[f"{prefix}_SENTINELS"] = ",".join(connection.sentinels)
        found.variables[f"{prefix}_SENTINEL_GROUP"] = connection.group
    else:
        found.variables[f"{prefix}_HOST"] = connection.host
        found.variables[f"{prefix}_PORT"] = str(connection.port)
    for word, value in (("PASSWORD", connection.password), ("URI", connection.uri)):
        if value is not None:
            at = None if connection.binding is None else SecretKey(secret=connection.binding, key=word.lower())
            found.secret(f"{prefix}_{word}", SecretValue(value=value, at=at), connection.deliver)
    if connection.ca is not None:
        found.secret(f"{prefix}_CA", SecretValue(value=None, at=connection.ca), "file")
