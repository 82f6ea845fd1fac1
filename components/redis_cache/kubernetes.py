"""RedisCache on Kubernetes: what is around servers, Sentinels and proxies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pulumi
from pulumi_kubernetes.core.v1 import Secret, Service, ServiceAccount, ServicePortArgs, ServiceSpecArgs

from components.connections import Edge, Gate, RedisConsumer, SecretKey
from components.redis_cache import certificates, facts, keeper, pods, proxies, restore_check, sentinels, servers, users
from components.redis_cache.access import Access, acl_file, uri
from components.redis_cache.facts import (
    BATCH_SUFFIX,
    KEEPER_SUFFIX,
    PORT,
    PROXY_SUFFIX,
    SENTINEL_PORT,
    SENTINEL_SUFFIX,
)
from components.redis_cache.spec import ClusterSpec, RedisCacheSpec, ReplicatedSpec
from components.redis_cache.workload import Role
from components.targets import KubernetesTarget
from components.targets.kubernetes import kept, metadata, network_policy

Edges = Mapping[str, tuple[Sequence[Edge], Sequence[Edge]]]


def create(
    name: str,
    spec: RedisCacheSpec,
    target: KubernetesTarget,
    *,
    consumers: Sequence[RedisConsumer],
    passwords: Mapping[str, pulumi.Output[str]],
    edges: Edges,
    parent: pulumi.Resource,
) -> dict[str, Access]:
    labels = facts.selector(name)
    account = ServiceAccount(
        f"{name}-account",
        metadata=metadata(target, labels, name),
        automount_service_account_token=False,
        opts=pulumi.ResourceOptions(parent=parent, provider=target.provider),
    )
    role = Role(
        name=name,
        instance=name,
        labels=labels,
        spec=spec,
        target=target,
        parent=parent,
        account=account.metadata.name,
        user=pods.USER,
    )
    ready: list[pulumi.Resource] = [certificates.create(name, spec, labels, target, parent)]
    _policy(role, edges)
    _headless(role, "servers", "redis", PORT)
    if spec.storage is not None:
        batch = replace(role, name=f"{name}{BATCH_SUFFIX}", labels=facts.selector(name, "batch"))
        _policy(batch, edges)
        restore_check.create(batch, spec.storage, passwords)
    acl = acl_file(users.on_servers(spec, consumers), passwords)
    gates: list[pulumi.Resource] = []
    match spec:
        case ClusterSpec():
            gates += servers.create_shards(role, spec, passwords, acl, ready)
            watch = replace(role, name=f"{name}{KEEPER_SUFFIX}", labels=facts.selector(name, "keeper"))
            _policy(watch, edges)
            gates.append(keeper.create(watch, spec, passwords, gates))
        case ReplicatedSpec():
            gates.append(servers.create(role, passwords, acl, ready))
            gates += _replicated(role, spec, consumers, passwords, edges, ready)
        case _:
            gates.append(servers.create(role, passwords, acl, ready))
            _address(role)
    return {consumer.app: _access(role, consumer, passwords[consumer.app], gates) for consumer in consumers}


def _replicated(
    role: Role,
    spec: ReplicatedSpec,
    consumers: Sequence[RedisConsumer],
    passwords: Mapping[str, pulumi.Output[str]],
    edges: Edges,
    ready: Sequence[pulumi.Resource],
) -> list[pulumi.Resource]:
    watch = replace(role, name=f"{role.name}{SENTINEL_SUFFIX}", labels=facts.selector(role.instance, "sentinel"))
    _policy(watch, edges)
    _headless(watch, "sentinels", "sentinel", SENTINEL_PORT)
    acl = acl_file(users.on_sentinels(spec, consumers), passwords)
    made: list[pulumi.Resource] = [sentinels.create(watch, spec, passwords, acl, ready)]
    if any(consumer.proxied for consumer in consumers):
        front = replace(
            role,
            name=f"{role.name}{PROXY_SUFFIX}",
            labels=facts.selector(role.instance, "proxy"),
            user=proxies.USER,
        )
        _policy(front, edges)
        made.append(proxies.create(front, spec, passwords["proxy"], ready))
    return made


def _policy(role: Role, edges: Edges) -> None:
    network_policy(role.name, role.labels, role.labels, edges.get(role.name, ((), ())), role.target, role.parent)


def _headless(role: Role, word: str, port: str, number: int) -> None:
    """A host name for each pod, ready or not: whether one is the primary is for Sentinels to say, not for readiness."""
    Service(
        f"{role.instance}-{word}",
        metadata=metadata(role.target, role.labels, f"{role.instance}-{word}"),
        spec=ServiceSpecArgs(
            cluster_ip="None",
            publish_not_ready_addresses=True,
            selector=dict(role.labels),
            ports=[ServicePortArgs(name=port, port=number, target_port=port, protocol="TCP")],
        ),
        opts=role.options,
    )


def _address(role: Role) -> None:
    Service(
        f"{role.name}-service",
        metadata=metadata(role.target, role.labels, role.name),
        spec=ServiceSpecArgs(
            selector=dict(role.labels),
            ports=[ServicePortArgs(name="redis", port=PORT, target_port="redis", protocol="TCP")],
        ),
        opts=role.options,
    )


def _access(
    role: Role, consumer: RedisConsumer, password: pulumi.Output[str], gates: Sequence[pulumi.Resource]
) -> Access:
    name, spec = role.instance, role.spec
    host, sentinels, nodes = _addresses(role, consumer)
    address = None if host is None else uri("rediss", consumer.app, password, host)
    contents: dict[str, pulumi.Input[str]] = {
        "type": "redis",
        "provider": spec.engine,
        "username": consumer.app,
        "password": password,
    }
    if sentinels:
        contents |= {"sentinel-hosts": ",".join(sentinels), "master-name": name}
    if nodes:
        contents |= {"cluster-nodes": ",".join(nodes)}
    if host is not None and address is not None:
        contents |= {"host": host, "port": str(PORT), "uri": address}
    Secret(
        f"{name}-{consumer.app}-binding",
        metadata=metadata(role.target, role.labels, f"{name}-{consumer.app}"),
        # Keys as servicebinding.io has them.
        type="servicebinding.io/redis",
        string_data=contents,
        opts=kept(role.parent, role.target, protect=consumer.deletion_protection),
    )
    return Access(
        consumer=consumer,
        group=name,
        host=host,
        sentinels=sentinels,
        nodes=nodes,
        password=password,
        uri=address,
        binding=f"{name}-{consumer.app}",
        ca=SecretKey(secret=f"{name}-tls", key="ca.crt"),
        gate=Gate(resources=tuple(gates)),
    )


def _addresses(role: Role, consumer: RedisConsumer) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
    """One of: the address, the Sentinels that know it, the servers that each know where a key is."""
    name, domain = role.instance, role.target.domain
    match role.spec:
        case ClusterSpec() as spec:
            hosts = [host for shard in facts.shard_hosts(name, spec, domain) for host in shard]
            return None, (), tuple(f"{host}:{PORT}" for host in hosts)
        case ReplicatedSpec() as spec if not consumer.proxied:
            hosts = facts.sentinel_hosts(name, spec.sentinels, domain)
            return None, tuple(f"{host}:{SENTINEL_PORT}" for host in hosts), ()
        case _:
            return f"{name}{PROXY_SUFFIX}" if consumer.proxied else name, (), ()
