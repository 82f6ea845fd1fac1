"""RedisCache: a cache or a store that speaks the Redis protocol, and one user for each app that uses it.

Owns: the servers, what leads to them (Sentinels, proxies), volumes, certificates, users and their passwords, its side of
the network rules. Leaves alone: keys, which belong to the apps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

import pulumi

from components.app_service.connects_to import ToRedis
from components.connections import Edge, RedisConnection, RedisConsumer
from components.redis_cache.access import Access, passwords
from components.redis_cache.spec import RedisCacheSpec
from components.targets import DockerTarget, KubernetesTarget, Target


class RedisCache(pulumi.ComponentResource):
    """Runs Valkey or Redis.

    Kubernetes: a StatefulSet with an exporter beside each server, volume claims of its own for a store, a daily
    check that the store's file can be loaded, a certificate authority of its own, a binding Secret per consuming app, NetworkPolicies. Replicated: Sentinels that name the primary,
    and two proxies for apps that can't ask Sentinels.
    Sharded: a StatefulSet for each shard, and a keeper that makes one cluster of their servers.
    Docker: one container; a store has a named volume; an exporter where the monitoring asks for series.
    Everything that holds data or credentials is protected, and kept if it is deleted by force.
    """

    access: Mapping[str, Access]
    """How each consuming app gets in, by the app's name."""

    def __init__(
        self,
        name: str,
        spec: RedisCacheSpec,
        *,
        target: Target,
        consumers: Sequence[RedisConsumer] = (),
        edges: Mapping[str, tuple[Sequence[Edge], Sequence[Edge]]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`edges` holds inbound and outbound edges by what they belong to: NAME, NAME-sentinel, NAME-proxy, NAME-keeper."""
        super().__init__("slipway:index:RedisCache", name, spec.model_dump(mode="json", exclude_none=True), opts)
        known = passwords(name, spec, consumers, self)
        match target:
            case KubernetesTarget():
                from components.redis_cache import kubernetes

                self.access = kubernetes.create(
                    name, spec, target, consumers=consumers, passwords=known, edges=edges or {}, parent=self
                )
            case DockerTarget():
                from components.redis_cache import docker

                inbound, _ = (edges or {}).get(name, ((), ()))
                self.access = docker.create(
                    name, spec, target, consumers=consumers, passwords=known, inbound=inbound, parent=self
                )
            case _:
                assert_never(target)
        self.register_outputs({"purpose": spec.purpose, "consumers": sorted(self.access)})

    def connection(self, app: str, declared: ToRedis) -> RedisConnection:
        """What one consuming app is told."""
        return self.access[app].connection(declared)
