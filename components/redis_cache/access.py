"""How one app gets into one instance, and the passwords of all who do: the same records on both targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_random as random

from components.app_service.connects_to import ToRedis
from components.connections import Gate, RedisConnection, RedisConsumer, SecretKey
from components.redis_cache import users
from components.redis_cache.facts import PORT
from components.redis_cache.spec import RedisCacheSpec


@dataclass(frozen=True, kw_only=True)
class Access:
    """What the instance knows about one consumer."""

    consumer: RedisConsumer
    group: str
    host: str | None
    sentinels: tuple[str, ...]
    nodes: tuple[str, ...] = ()
    password: pulumi.Output[str]
    uri: pulumi.Output[str] | None
    binding: str | None
    ca: SecretKey | None
    gate: Gate

    def connection(self, declared: ToRedis) -> RedisConnection:
        return RedisConnection(
            prefix=declared.prefix,
            deliver=declared.deliver,
            host=self.host,
            port=PORT,
            sentinels=self.sentinels,
            nodes=self.nodes,
            group=self.group,
            username=self.consumer.app,
            password=self.password,
            uri=self.uri,
            binding=self.binding,
            ca=self.ca,
            gate=self.gate,
        )


def uri(scheme: str, user: str, password: pulumi.Output[str], host: str) -> pulumi.Output[str]:
    """https://www.iana.org/assignments/uri-schemes/prov/redis"""
    return pulumi.Output.concat(f"{scheme}://{user}:", password, f"@{host}:{PORT}/0")


def passwords(
    name: str, spec: RedisCacheSpec, consumers: Sequence[RedisConsumer], parent: pulumi.Resource
) -> dict[str, pulumi.Output[str]]:
    """One for each user of the servers, letters and digits only: they stand in URIs and in configuration."""
    protected = {consumer.app: consumer.deletion_protection for consumer in consumers}
    return {
        user: random.RandomPassword(
            f"{name}-{user}-password",
            length=32,
            special=False,
            opts=pulumi.ResourceOptions(
                parent=parent,
                protect=protected.get(user, spec.deletion_protection),
                retain_on_delete=protected.get(user, spec.deletion_protection),
            ),
        ).result
        for user in sorted(users.on_servers(spec, consumers))
    }


def acl_file(rules: Mapping[str, str], known: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[str]:
    """The rendered ACL file; secret, since a hash can be guessed at."""
    wanted = {user: known[user] for user in sorted(rules)}
    return pulumi.Output.all(**wanted).apply(lambda found: users.acl_file(rules, found))
