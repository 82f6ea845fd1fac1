"""How one app gets into one database: the same record on both targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi

from components.connections import BacksUp, ClientScript, Consumer, Gate, PostgresConnection, SecretKey
from components.postgres_cluster.facts import PORT

Way = Literal["primary", "pooler", "replicas"]


@dataclass(frozen=True, kw_only=True)
class Access:
    """What the server knows about one consumer."""

    consumer: Consumer
    hosts: Mapping[Way, str]
    """By the way that a connection takes; the ways that this server has."""
    password: pulumi.Output[str]
    sslmode: Literal["verify-full", "disable"]
    binding: str | None
    """Kubernetes: the Secret that holds the password and a URI per way."""
    ca: SecretKey | None
    gate: Gate
    setup: ClientScript | None = None
    backs_up: BacksUp | None = None

    def connection(
        self, server: str, *, prefix: str, deliver: Literal["file", "env"], through: Way
    ) -> PostgresConnection:
        return PostgresConnection(
            prefix=prefix,
            server=server,
            deliver=deliver,
            host=self.hosts[through],
            port=PORT,
            database=self.consumer.database,
            username=self.consumer.app,
            sslmode=self.sslmode,
            password=self.password,
            uri=uri(self.consumer, self.hosts[through], self.password, self.sslmode),
            binding=self.binding,
            binding_key=BINDING_KEYS[through],
            ca=self.ca,
            gate=self.gate,
            setup=self.setup,
            backs_up=self.backs_up if self.consumer.grants else None,
        )


BINDING_KEYS: Mapping[Way, str] = {"primary": "uri", "pooler": "pooler-uri", "replicas": "replicas-uri"}
"""Key of the URI in a binding Secret."""


def uri(consumer: Consumer, host: str, password: pulumi.Output[str], sslmode: str) -> pulumi.Output[str]:
    """https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-CONNSTRING-URIS"""
    return pulumi.Output.concat(
        f"postgresql://{consumer.app}:", password, f"@{host}:{PORT}/{consumer.database}?sslmode={sslmode}"
    )
