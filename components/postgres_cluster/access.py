"""How one app gets into one database: the same record on both targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pulumi

from components.connections import ClientScript, Consumer, Gate, PostgresConnection, SecretKey
from components.postgres_cluster.facts import PORT


@dataclass(frozen=True, kw_only=True)
class Access:
    """What the server knows about one consumer."""

    consumer: Consumer
    host: str
    password: pulumi.Output[str]
    uri: pulumi.Output[str]
    sslmode: Literal["verify-full", "disable"]
    binding: str | None
    ca: SecretKey | None
    gate: Gate
    setup: ClientScript | None = None

    def connection(self, server: str, *, prefix: str, deliver: Literal["file", "env"]) -> PostgresConnection:
        return PostgresConnection(
            prefix=prefix,
            server=server,
            deliver=deliver,
            host=self.host,
            port=PORT,
            database=self.consumer.database,
            username=self.consumer.app,
            sslmode=self.sslmode,
            password=self.password,
            uri=self.uri,
            binding=self.binding,
            ca=self.ca,
            gate=self.gate,
            setup=self.setup,
        )


def uri(consumer: Consumer, host: str, password: pulumi.Output[str], sslmode: str) -> pulumi.Output[str]:
    """https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-CONNSTRING-URIS"""
    return pulumi.Output.concat(
        f"postgresql://{consumer.app}:", password, f"@{host}:{PORT}/{consumer.database}?sslmode={sslmode}"
    )
