"""What must hold between the parts of one stack file before anything is registered.

Owns: names, references, target support, images, secrets, pools and the quota. Each proof takes the draft and yields
problems; one that needs a part which is broken stays silent, so that a mistake is told once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

from components.app_service import facts as app_facts
from components.app_service.connects_to import ConnectionSpec, ToApp, ToExternal, ToPostgres, ToRedis, variables_prefix
from components.app_service.contract import violations
from components.app_service.spec import AppServiceSpec, SecretRef
from components.environment.spec import KubernetesTargetSpec, QuotaSpec
from components.footprint import Footprint, cores, size
from components.object_stores import ObjectStoreSpec
from components.postgres_cluster import facts as postgres_facts
from components.postgres_cluster import proofs as postgres_proofs
from components.postgres_cluster.spec import PostgresClusterSpec
from components.redis_cache import facts as redis_facts
from components.redis_cache import proofs as redis_proofs
from components.redis_cache.spec import RedisSpec
from components.vocabulary import NeededOn, OnlyOn, Problem, Spec, cpu_millis, is_pinned, size_bytes
from config import Draft, StackConfig, stack_prefix

LONGEST_NAME = 63 - len("-migrations-") - 8
"""A DNS label less the longest suffix and what auto-naming adds."""

LONGEST_NAMES = {"postgres_clusters": postgres_facts.LONGEST_NAME, "redis_caches": redis_facts.LONGEST_NAME}
"""Where a section's own suffixes are longer."""

LONGEST_PREFIX = 63 - len("-monitoring")
"""A namespace's name less the longest word put behind the prefix."""


def all_of(draft: Draft) -> Iterator[Problem]:
    """Every proof, in the order a person would read them."""
    yield from _names(draft)
    yield from _references(draft)
    yield from _prefixes(draft)
    yield from _secrets(draft)
    yield from _contracts(draft)
    yield from _pools(draft)
    at_once = {name: _at_once(draft, spec) for name, spec in draft.config.app_services.items()}
    yield from redis_proofs.between(draft.config.redis_caches, draft.config.app_services, at_once, draft.broken)
    yield from _archives(draft)
    if "environment" in draft.broken:
        return
    yield from _support(draft)
    yield from _images(draft)
    yield from _host_ports(draft)
    yield from _operators(draft)
    target = draft.config.environment.target
    yield from redis_proofs.on_target(draft.config.redis_caches, target)
    yield from _objectives(draft)
    yield from _quota(draft)


def _names(draft: Draft) -> Iterator[Problem]:
    if len(stack_prefix(draft)) > LONGEST_PREFIX:
        yield Problem(
            path=("environment", "name"),
            rule=f"the prefix {stack_prefix(draft)!r} has {len(stack_prefix(draft))} characters, allowed are {LONGEST_PREFIX}: names of namespaces are made from it",
            example="shop-prod",
        )
    for app, app_spec in draft.config.app_services.items():
        yield from (p.below("app_services", app) for p in app_facts.bad_jobs(app, app_spec))
    owners: dict[str, tuple[str, str]] = {}
    for section, name, claimed in _claims(draft):
        limit = LONGEST_NAMES.get(section, LONGEST_NAME)
        if len(name) > limit:
            yield Problem(
                path=(section, name),
                rule=f"has {len(name)} characters, allowed are {limit}: suffixes are put behind it",
            )
        clashes = set[tuple[str, str]]()
        for taken in claimed:
            if taken in owners:
                clashes.add(owners[taken])
            owners[taken] = (section, name)
        for other in sorted(clashes):
            yield Problem(path=(section, name), rule=_TWICE if other == (section, name) else _TAKEN.format(other[1]))


_TWICE = (
    "takes a name twice: an app or a database is called like one of the server's own suffixes "
    f"({', '.join(postgres_facts.OPERATOR_SUFFIXES)})"
)
_TAKEN = (
    "takes a name that {!r} takes too: names with a suffix (`-rw`, `-secrets`, ...) must differ as well; rename one"
)


def _claims(draft: Draft) -> Iterator[tuple[str, str, Iterable[str]]]:
    for name, spec in draft.config.postgres_clusters.items():
        uses = [app for app, _, c in _connections(draft) if isinstance(c, ToPostgres) and c.postgres == name]
        migrators = [app_facts.migrator(a) for a in uses if draft.config.app_services[a].migrations is not None]
        yield "postgres_clusters", name, postgres_facts.claims(name, spec, dict.fromkeys([*uses, *migrators]))
    for name in draft.config.redis_caches:
        uses = redis_proofs.uses(draft.config.app_services)
        yield "redis_caches", name, redis_facts.claims(name, dict.fromkeys(u.app for u in uses if u.to.redis == name))
    for name, spec in draft.config.app_services.items():
        yield "app_services", name, sorted(app_facts.claims(name, spec.jobs))


def _connections(draft: Draft) -> Iterator[tuple[str, int, ConnectionSpec]]:
    for name, spec in draft.config.app_services.items():
        for index, connection in enumerate(spec.connects_to):
            yield name, index, connection


def _references(draft: Draft) -> Iterator[Problem]:
    for app, index, connection in _connections(draft):
        for problem in _reference(draft, app, connection):
            yield problem.below("app_services", app, "connects_to", index)
    for name, spec in draft.config.postgres_clusters.items():
        for database in sorted(spec.databases.keys() & postgres_facts.RESERVED):
            yield Problem(
                path=("postgres_clusters", name, "databases", database), rule="is a name that every server has already"
            )


def _reference(draft: Draft, app: str, connection: ConnectionSpec) -> Iterator[Problem]:
    match connection:
        case ToPostgres(postgres=name):
            server = draft.config.postgres_clusters.get(name)
            if server is None:
                yield from _missing(draft, "postgres", name, draft.config.postgres_clusters)
                return
            yield from postgres_proofs.reference(name, server, app, connection)
        case ToApp(app=name, credential=credential):
            producer = draft.config.app_services.get(name)
            if producer is None:
                yield from _missing(draft, "app", name, draft.config.app_services)
                return
            if connection.port_name not in producer.ports:
                yield Problem(
                    path=("port",),
                    rule=f"is no port of {name!r}; it has: {', '.join(sorted(producer.ports)) or 'none'}",
                )
            if credential is not None and credential not in producer.provides:
                there = ", ".join(sorted(producer.provides)) or "none"
                yield Problem(path=("credential",), rule=f"is nothing that {name!r} provides; it provides: {there}")
        case ToExternal() | ToRedis():
            pass


def _missing(draft: Draft, word: str, name: str, there: Iterable[str]) -> Iterator[Problem]:
    if name not in draft.broken:
        yield Problem(
            path=(word,), rule=f"names nothing in this stack; there are: {', '.join(sorted(there)) or 'none'}"
        )


def _prefixes(draft: Draft) -> Iterator[Problem]:
    for name, spec in draft.config.app_services.items():
        seen: dict[str, int] = {}
        servers: dict[str, list[ToPostgres]] = {}
        for index, connection in enumerate(spec.connects_to):
            path = ("app_services", name, "connects_to", index)
            if (prefix := variables_prefix(connection)) is not None:
                if prefix in seen:
                    yield Problem(
                        path=(*path, "as"),
                        rule=f"gives the same variables as connects_to[{seen[prefix]}] ({prefix}); name one of them with `as`",
                        example="{postgres: main, as: ANALYTICS}",
                    )
                seen[prefix] = index
            if isinstance(connection, ToPostgres):
                database = connection.database_of(name)
                earlier = servers.setdefault(connection.postgres, [])
                if any(o.through == connection.through or o.database_of(name) != database for o in earlier):
                    yield Problem(
                        path=(*path, "postgres"),
                        rule="is connected twice; an app has one role on a server, for one database",
                    )
                earlier.append(connection)


def _secrets(draft: Draft) -> Iterator[Problem]:
    for name, spec in draft.config.app_services.items():
        for variable, value in spec.env.items():
            if isinstance(value, SecretRef) and value.secret not in draft.secrets:
                yield Problem(
                    path=("app_services", name, "env", variable, "secret"),
                    rule=f"names a secret that is not set; set it: pulumi config set --secret --path secrets.{value.secret}",
                )


def _contracts(draft: Draft) -> Iterator[Problem]:
    """Each app keeps what Pulumi.yaml promises of it for all stacks."""
    if draft.file.has("contracts"):
        yield Problem(path=("contracts",), rule="belongs into Pulumi.yaml: a contract is the same for all stacks")
    apps = draft.config.app_services
    for name, app in apps.items():
        if name in draft.config.contracts:
            yield from (p.below("app_services", name) for p in violations(draft.config.contracts[name], app))
    for name in draft.config.contracts.keys() - apps.keys() - draft.broken:
        if close := difflib.get_close_matches(name, apps.keys() - draft.config.contracts.keys(), n=1):
            yield Problem(path=("contracts", name), rule=f"is no app of this stack; did you mean {close[0]}?")


def _pools(draft: Draft) -> Iterator[Problem]:
    """(most replicas + surge + beside) x pool of every app, plus what is kept free, must fit what the server accepts."""
    on_docker = "environment" not in draft.broken and draft.config.environment.target.kind == "docker"
    for name, server in sorted(draft.config.postgres_clusters.items()):
        uses = [
            u
            for app, _, c in _connections(draft)
            if isinstance(c, ToPostgres) and c.postgres == name
            for u in _uses(draft, app, c)
        ]
        yield from postgres_proofs.pools(name, server, uses, on_docker=on_docker)


def _uses(draft: Draft, app: str, connection: ToPostgres) -> Iterator[postgres_proofs.Use]:
    spec = draft.config.app_services[app]
    replicas, surge, beside = _at_once(draft, spec)
    yield postgres_proofs.Use(app=app, connection=connection, replicas=replicas, surge=surge, beside=beside)
    if spec.migrations is not None and connection.through != "primary":
        primary = connection.model_copy(update={"through": "primary"})
        yield postgres_proofs.Use(app=app_facts.migrator(app), connection=primary, replicas=1)


def _archives(draft: Draft) -> Iterator[Problem]:
    stores = draft.config.object_stores
    for name, server in sorted(draft.config.postgres_clusters.items()):
        yield from postgres_proofs.archives(name, server, stores.keys(), draft.broken)
        yield from postgres_proofs.secrets(name, server, stores, draft.secrets)


def _objectives(draft: Draft) -> Iterator[Problem]:
    environment = draft.config.environment
    if environment.objectives is None:
        return
    if environment.target.kind == "docker":
        yield Problem(
            path=("environment", "objectives"),
            rule="is for kubernetes only: one machine has nothing outside of it to restore from; remove it",
        )
        return
    for name, server in sorted(draft.config.postgres_clusters.items()):
        yield from postgres_proofs.objectives(name, server, environment.objectives)


def _at_once(draft: Draft, spec: AppServiceSpec) -> tuple[int, int, int]:
    """Replicas, those of a rollout on top, and what runs beside them: migrations and jobs."""
    on_docker = "environment" not in draft.broken and draft.config.environment.target.kind == "docker"
    return (1, 0, spec.most_batch_pods) if on_docker else (spec.most_replicas, spec.surge, spec.most_batch_pods)


def _instances(config: StackConfig) -> Iterator[tuple[str, str, Spec]]:
    for section in type(config).model_fields:
        if section not in ("environment", "contracts"):
            for name, spec in getattr(config, section).items():
                yield section, name, spec


def _support(draft: Draft) -> Iterator[Problem]:
    target = draft.config.environment.target.kind
    for section, name, spec in _instances(draft.config):
        for problem in unsupported(spec, target):
            yield problem.below(section, name)


def unsupported(spec: Spec, target: str) -> Iterator[Problem]:
    """Fields that are set and that this target cannot honour, or unset and that it needs."""
    for name, field in type(spec).model_fields.items():
        value: Any = getattr(spec, name)
        key = field.alias or name
        for mark in field.metadata:
            match mark:
                case OnlyOn(target=only, reason=reason, harmless=harmless, remedy=remedy) if only != target:
                    if value != field.default and value not in harmless:
                        yield Problem(path=(key,), rule=f"is for {only} only: {reason}; {remedy}")
                case NeededOn(target=needed) if needed == target and value is None:
                    yield Problem(
                        path=(key,),
                        rule=f"is missing: stacks on {needed} need it",
                        example=str((field.examples or [""])[0]),
                    )
                case NeededOn(target=needed, reason=reason) if needed != target and value is not None:
                    yield Problem(path=(key,), rule=f"is for {needed} only: {reason}; remove it")
                case _:
                    pass
        for path, inner in _nested(value):
            yield from (problem.below(key, *path) for problem in unsupported(inner, target))


def _nested(value: Any) -> Iterator[tuple[tuple[str | int, ...], Spec]]:
    if isinstance(value, Spec):
        yield (), value
    elif isinstance(value, tuple):
        for index, item in enumerate(value):  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]  # any spec's field
            if isinstance(item, Spec):
                yield (index,), item
    elif isinstance(value, dict):
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]  # any spec's field
            if isinstance(item, Spec):
                yield (str(key),), item  # pyright: ignore[reportUnknownArgumentType]  # keys of specs are text


def _images(draft: Draft) -> Iterator[Problem]:
    if draft.config.environment.target.kind == "docker":
        return
    for name, app in draft.config.app_services.items():
        yield from (p.below("app_services", name) for p in app_facts.unpinned(app))
    for section, name, spec in _instances(draft.config):
        image = getattr(spec, "image", None)
        if image is not None and not is_pinned(image):
            yield Problem(
                path=(section, name, "image"),
                rule="names a tag alone, and a tag can be moved: stacks on Kubernetes name the digest",
                example="ghcr.io/blocksight/api@sha256:<64 hex digits>",
            )


def _host_ports(draft: Draft) -> Iterator[Problem]:
    taken: dict[int, str] = {}
    published = [
        *(
            (("app_services", n, "docker", "publish", p), number)
            for n, s in draft.config.app_services.items()
            if s.docker
            for p, number in s.docker.publish.items()
        ),
        *(
            (("postgres_clusters", n, "docker", "publish"), s.docker.publish)
            for n, s in draft.config.postgres_clusters.items()
            if s.docker and s.docker.publish
        ),
        *(
            (("redis_caches", n, "docker", "publish"), s.docker.publish)
            for n, s in draft.config.redis_caches.items()
            if s.docker and s.docker.publish
        ),
    ]
    for path, number in published:
        if number in taken:
            yield Problem(path=path, rule=f"publishes a port of this machine that {taken[number]} publishes too")
        taken[number] = ".".join(path[:2])


def _operators(draft: Draft) -> Iterator[Problem]:
    target = draft.config.environment.target
    if isinstance(target, KubernetesTargetSpec) and draft.config.postgres_clusters:
        for problem in postgres_proofs.operators(draft.config.postgres_clusters, target.cluster.operators):
            yield problem.below("environment", "target", "cluster", "operators")


def peak(config: StackConfig) -> Footprint:
    """The most a stack can ask of its namespace; nothing on Docker."""
    total = Footprint()
    if config.environment.target.kind == "docker":
        return total
    for _, name, spec in _instances(config):
        match spec:
            case RedisSpec():
                total += redis_facts.peak(
                    config.redis_caches[name], proxied=redis_proofs.is_proxied(config.app_services, name)
                )
            case AppServiceSpec():
                total += app_facts.peak(spec)
            case PostgresClusterSpec():
                total += postgres_facts.peak(spec)
            case ObjectStoreSpec():
                pass  # it is somewhere else
            case _:
                msg = f"{type(spec).__name__} has no footprint"
                raise AssertionError(msg)
    return total


def _quota(draft: Draft) -> Iterator[Problem]:
    target = draft.config.environment.target
    if not isinstance(target, KubernetesTargetSpec) or draft.broken:
        return
    need, have = peak(draft.config), allowed(target.quota)
    for field, show in (("cpu", cores), ("memory", size), ("pods", str), ("storage", size), ("volume_claims", str)):
        wanted, given = getattr(need, field), getattr(have, field)
        if wanted > given:
            yield Problem(
                path=("environment", "target", "quota", field),
                rule=f"is below the stack's peak of {show(wanted)} (every replica, the surge of a rollout, joining instances); the whole peak: {need}",
                example=show(wanted),
            )


def allowed(quota: QuotaSpec) -> Footprint:
    """A quota in the same terms as a footprint."""
    return Footprint(
        cpu=cpu_millis(quota.cpu),
        memory=size_bytes(quota.memory),
        pods=quota.pods,
        storage=size_bytes(quota.storage),
        volume_claims=quota.volume_claims,
    )
