"""References: whatever a stack file names is there, and told apart."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from components.app_service.connects_to import (
    ConnectionSpec,
    ToApp,
    ToExternal,
    ToObjectStore,
    ToPostgres,
    ToRedis,
    variables_prefix,
)
from components.app_service.contract import violations
from components.object_stores import unusable
from components.postgres_cluster import facts as postgres_facts
from components.postgres_cluster import proofs as postgres_proofs
from components.vocabulary import Problem
from config import Draft


def connections(draft: Draft) -> Iterator[tuple[str, int, ConnectionSpec]]:
    for name, spec in draft.config.app_services.items():
        for index, connection in enumerate(spec.connects_to):
            yield name, index, connection


def references(draft: Draft) -> Iterator[Problem]:
    for app, index, connection in connections(draft):
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
                yield from _missing(draft, "postgres", name, "postgres_clusters")
                return
            yield from postgres_proofs.reference(name, server, app, connection)
        case ToApp(app=name, credential=credential):
            producer = draft.config.app_services.get(name)
            if producer is None:
                yield from _missing(draft, "app", name, "app_services")
                return
            if connection.port_name not in producer.ports:
                yield Problem(
                    path=("port",),
                    rule=f"is no port of {name!r}; it has: {', '.join(sorted(producer.ports)) or 'none'}",
                )
            if credential is not None and credential not in producer.provides:
                there = ", ".join(sorted(producer.provides)) or "none"
                yield Problem(path=("credential",), rule=f"is nothing that {name!r} provides; it provides: {there}")
        case ToObjectStore(object_store=name):
            store = draft.config.object_stores.get(name)
            if store is None:
                yield from _missing(draft, "object_store", name, "object_stores")
                return
            yield from unusable(store)
        case ToExternal() | ToRedis():
            pass


def _missing(draft: Draft, word: str, name: str, section: str) -> Iterator[Problem]:
    if name not in draft.broken:
        there = {*getattr(draft.config, section), *(draft.broken & draft.file.names(section))}
        yield Problem(
            path=(word,), rule=f"names nothing in this stack; there are: {', '.join(sorted(there)) or 'none'}"
        )


def prefixes(draft: Draft) -> Iterator[Problem]:
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


def contracts(draft: Draft) -> Iterator[Problem]:
    """Each app keeps what Pulumi.yaml promises of it for all stacks."""
    if draft.file.has("contracts"):
        yield Problem(path=("contracts",), rule="belongs into Pulumi.yaml: a contract is the same for all stacks")
        return  # it hides the one that is there
    apps = draft.config.app_services
    for name, app in apps.items():
        if name in draft.config.contracts:
            yield from (p.below("app_services", name) for p in violations(draft.config.contracts[name], app))
    for name in draft.config.contracts.keys() - apps.keys() - draft.broken:
        if close := difflib.get_close_matches(name, apps.keys() - draft.config.contracts.keys(), n=1):
            yield Problem(path=("contracts", name), rule=f"is no app of this stack; did you mean {close[0]}?")


def risky_migrations(draft: Draft) -> Iterator[Problem]:
    """What wants a backup first must have something that can be backed up."""
    servers, on_docker = draft.config.postgres_clusters, draft.config.environment.target.kind == "docker"
    for name, app in draft.config.app_services.items():
        if app.migrations is None or not app.migrations.risky:
            continue
        for server in sorted({c.postgres for c in app.connects_to if isinstance(c, ToPostgres)} & servers.keys()):
            if (rule := postgres_proofs.has_no_backup(servers[server], on_docker=on_docker)) is not None:
                path = ("app_services", name, "migrations", "risky")
                yield Problem(path=path, rule=f"needs backups of {server!r}: {rule}")


def archives(draft: Draft) -> Iterator[Problem]:
    stores = draft.config.object_stores
    for name, server in sorted(draft.config.postgres_clusters.items()):
        yield from postgres_proofs.archives(name, server, stores, draft.broken)
