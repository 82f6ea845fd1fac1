"""What must hold between RedisCaches, the apps that use them and the target. Pure; topology's proofs call it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from components.app_service.connects_to import ToRedis
from components.app_service.spec import AppServiceSpec
from components.environment.spec import DockerTargetSpec, KubernetesTargetSpec
from components.redis_cache.facts import RESERVED, RESERVED_CLIENTS
from components.redis_cache.spec import ClusterSpec, RedisCacheSpec, ReplicatedSpec
from components.vocabulary import Problem

SECTION = "redis_caches"


@dataclass(frozen=True, kw_only=True)
class Use:
    """One declared connection."""

    app: str
    index: int
    """Place in the app's list."""
    to: ToRedis

    def problem(self, key: str, rule: str, example: str | None = None) -> Problem:
        return Problem(path=("app_services", self.app, "connects_to", self.index, key), rule=rule, example=example)


Instances = Mapping[str, RedisCacheSpec]
Apps = Mapping[str, AppServiceSpec]


def uses(apps: Apps) -> list[Use]:
    """Every connection to a RedisCache."""
    return [
        Use(app=app, index=index, to=connection)
        for app, spec in apps.items()
        for index, connection in enumerate(spec.connects_to)
        if isinstance(connection, ToRedis)
    ]


def is_proxied(apps: Apps, name: str) -> bool:
    """Whether any app reaches an instance through proxies."""
    return any(use.to.redis == name and use.to.via == "proxy" for use in uses(apps))


def between(
    instances: Instances, apps: Apps, at_once: Mapping[str, tuple[int, int, int]], broken: Collection[str]
) -> Iterator[Problem]:
    """What holds between instances and apps. `at_once`: replicas, surge and jobs of each app."""
    yield from _connections(instances, apps, broken)
    yield from _clients(instances, at_once, apps)


def _connections(instances: Instances, apps: Apps, broken: Collection[str]) -> Iterator[Problem]:
    """What each connection says about its instance, and what several say together."""
    seen: set[tuple[str, str]] = set()
    users: defaultdict[str, set[str]] = defaultdict(set)
    for use in uses(apps):
        users[use.to.redis].add(use.app)
    for use in uses(apps):
        name = use.to.redis
        if (spec := instances.get(name)) is None:
            if name not in broken:
                there = ", ".join(sorted(instances)) or "none"
                yield use.problem("redis", f"names nothing in this stack; there are: {there}")
            continue
        if (use.app, name) in seen:
            yield use.problem(
                "redis",
                "is connected twice; an app has one user on an instance, and a cache and a queue are two instances: one forgets, the other must not",
                "{redis: sessions, as: SESSIONS}",
            )
        seen.add((use.app, name))
        yield from _one(use, spec)
        if use.to.keys is None and len(users[name]) > 1:
            yield use.problem(
                "redis",
                f"says nothing about keys, and {len(users[name])} apps use {name!r}: each says which are its own",
                f'{{redis: {name}, keys: "{use.app}:*"}}',
            )


def _one(use: Use, spec: RedisCacheSpec) -> Iterator[Problem]:
    declared = use.to
    if use.app in RESERVED:
        yield use.problem(
            "redis", "would make a user of the app's name, which every server has already; rename the app"
        )
    if declared.purpose is not None and declared.purpose != spec.purpose:
        told = (
            "forgets what is used least: what must not be lost"
            if spec.purpose == "cache"
            else "refuses writes when it is full: what may be forgotten"
        )
        yield use.problem(
            "purpose",
            f"is {declared.purpose}, but {declared.redis!r} is a {spec.purpose}, which {told} goes to an instance of its own",
            f"{{redis: ..., purpose: {spec.purpose}}}",
        )
    if declared.via is not None and not isinstance(spec, ReplicatedSpec):
        what = (
            "is sharded: its servers send a client on to whoever has a key"
            if isinstance(spec, ClusterSpec)
            else "is one server with one address"
        )
        yield use.problem("via", f"is for replicated instances; {declared.redis!r} {what}; remove it")
    if isinstance(spec, ClusterSpec) and declared.multi_key is not False:
        yield use.problem(
            "multi_key",
            f"must be false for {declared.redis!r}, which is sharded: a command, transaction or script on several keys works only "
            "if they share a hash tag, as in {user:1}:a and {user:1}:b; an app that needs others goes to a replicated instance",
            f"{{redis: {declared.redis}, multi_key: false}}",
        )


def _clients(instances: Instances, at_once: Mapping[str, tuple[int, int, int]], apps: Apps) -> Iterator[Problem]:
    """(most replicas + surge + jobs) x clients of every app, plus what is kept free, must fit max_clients."""
    for name, spec in sorted(instances.items()):
        total = RESERVED_CLIENTS
        terms: list[str] = []
        for use in uses(apps):
            if use.to.redis == name:
                replicas, surge, batch = at_once[use.app]
                beside = f" + {batch} beside" if batch else ""
                count = (replicas + surge + batch) * use.to.clients
                total += count
                terms.append(f"{use.app} ({replicas} replicas + {surge} surge{beside}) x {use.to.clients} = {count}")
        if total > spec.max_clients:
            yield Problem(
                path=(SECTION, name, "max_clients"),
                rule=f"is {spec.max_clients}, but apps may open {total}: {', '.join(terms)}, kept free {RESERVED_CLIENTS}; "
                "raise it, or lower clients or a maximum",
                example=str(-(-total // 50) * 50),
            )


def on_target(instances: Instances, target: KubernetesTargetSpec | DockerTargetSpec) -> Iterator[Problem]:
    """What the target must have for them."""
    if not isinstance(target, KubernetesTargetSpec):
        return
    for name, spec in sorted(instances.items()):
        if spec.purpose == "store" and spec.storage is None:
            yield Problem(
                path=(SECTION, name, "storage"),
                rule="is missing: a store keeps its data on a volume; give it one, or say purpose: cache",
                example="4Gi",
            )
    if instances and "cert_manager" not in target.cluster.operators:
        yield Problem(
            path=("environment", "target", "cluster", "operators", "cert_manager"),
            rule="is missing: redis_caches speak TLS alone, with certificates of cert-manager; install it with the cluster layer and paste the block that it prints",
            example="{version: '1.21', namespace: cert-manager}",
        )
