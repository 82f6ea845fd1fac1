"""What must hold between a server and the rest of its stack file. Pure: takes plain facts, yields problems."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from components.app_service.connects_to import ToPostgres
from components.environment.spec import ObjectivesSpec, OperatorName, OperatorSpec
from components.object_stores import ObjectStoreSpec
from components.postgres_cluster import facts, store_access
from components.postgres_cluster.backup import loss_seconds, restore_seconds
from components.postgres_cluster.spec import RESERVED_CONNECTIONS, PostgresClusterSpec
from components.vocabulary import Problem, seconds


@dataclass(frozen=True, kw_only=True)
class Use:
    """One connection of one app, and how many replicas of the app there can be at once."""

    app: str
    connection: ToPostgres
    replicas: int
    surge: int = 0
    beside: int = 0
    """Migrations and jobs."""

    @property
    def most(self) -> int:
        return (self.replicas + self.surge + self.beside) * self.connection.pool

    @property
    def term(self) -> str:
        beside = f" + {self.beside} beside" if self.beside else ""
        return (
            f"{self.app} ({self.replicas} replicas + {self.surge} surge{beside}) x {self.connection.pool} = {self.most}"
        )


def reference(name: str, spec: PostgresClusterSpec, app: str, connection: ToPostgres) -> Iterator[Problem]:
    """What one connection asks of a server that may not have it; paths start at the connection."""
    database = connection.database_of(app)
    if database not in spec.databases:
        yield Problem(
            path=("database",), rule=f"is no declared database of {name!r}; it has: {', '.join(sorted(spec.databases))}"
        )
    if app in facts.RESERVED:
        yield Problem(
            path=("postgres",),
            rule="would make a login role of the app's name, which every server has already; rename the app",
        )
    if connection.through == "pooler" and spec.pooler is None:
        yield Problem(
            path=("through",),
            rule=f"needs a pooler, and {name!r} has none: declare it on the server, or connect to the primary",
            example="primary",
        )
    if connection.through == "replicas" and spec.instances == 1:
        yield Problem(
            path=("through",),
            rule=f"needs standbys, and {name!r} has one instance: raise its instances, or connect to the primary",
            example="primary",
        )


def pools(name: str, spec: PostgresClusterSpec, uses: Sequence[Use], *, on_docker: bool) -> Iterator[Problem]:
    """The sum of what may be opened must fit, on the primary, on one standby, and at the pooler's door."""
    ways: defaultdict[str, list[Use]] = defaultdict(list)
    for use in uses:
        ways[use.connection.through].append(use)
    pooled = facts.pooled_connections(spec, len(ways["pooler"]), on_docker=on_docker)
    terms = [use.term for use in ways["primary"]]
    if pooled:
        terms.append(_pooler_term(spec, len(ways["pooler"]), on_docker=on_docker))
    yield from _too_many(name, spec, terms, sum(use.most for use in ways["primary"]) + pooled, "apps may open")
    # A Service spreads connections by chance, and all but one standby may be gone.
    readers = ways["replicas"]
    terms = [use.term for use in readers]
    yield from _too_many(name, spec, terms, sum(use.most for use in readers), "on one standby readers may open")
    if spec.pooler is not None and (clients := sum(use.most for use in ways["pooler"])) > spec.pooler.max_clients:
        yield Problem(
            path=("postgres_clusters", name, "pooler", "max_clients"),
            rule=f"is {spec.pooler.max_clients}, but when one pooler is left it gets {clients} clients: "
            f"{', '.join(use.term for use in ways['pooler'])}; raise it, or lower a pool or a maximum",
            example=str(clients),
        )


def _pooler_term(spec: PostgresClusterSpec, apps: int, *, on_docker: bool) -> str:
    assert spec.pooler is not None, "there is no term without a pooler"
    poolers, surge = (1, 0) if on_docker else (spec.pooler.instances, facts.POOLER_SURGE)
    total = facts.pooled_connections(spec, apps, on_docker=on_docker)
    return f"pooler ({poolers} poolers + {surge} surge) x pool_size {spec.pooler.pool_size} x {apps} apps = {total}"


def _too_many(name: str, spec: PostgresClusterSpec, terms: Sequence[str], opened: int, words: str) -> Iterator[Problem]:
    total = opened + RESERVED_CONNECTIONS
    if opened and total > spec.max_connections:
        yield Problem(
            path=("postgres_clusters", name, "max_connections"),
            rule=f"is {spec.max_connections}, but {words} {total}: {', '.join(terms)}, kept free {RESERVED_CONNECTIONS}; "
            "raise it, or lower a pool or a maximum",
            example=str(-(-total // 10) * 10),
        )


def archives(
    name: str, spec: PostgresClusterSpec, stores: Mapping[str, ObjectStoreSpec], broken: Collection[str]
) -> Iterator[Problem]:
    """Object stores that are named must be there and let the server in, and no generation may write where another one wrote."""
    for path, store in _named_stores(spec):
        if store not in stores and store not in broken:
            yield Problem(
                path=("postgres_clusters", name, *path),
                rule=f"names no object store of this stack; there are: {', '.join(sorted(stores)) or 'none'}",
            )
    yield from _identities(name, spec, stores)
    if spec.backup is None:
        return
    own = (spec.backup.store, facts.archive_server(name, spec.generation))
    sources = {("recover_from", "server"): spec.recover_from}
    if spec.topology is not None:
        sources |= {("topology", "peers", site, "server"): peer for site, peer in spec.topology.peers.items()}
    for path, source in sources.items():
        if source is not None and (source.store, source.server) == own:
            yield Problem(
                path=("postgres_clusters", name, *path),
                rule=f"is where this server archives itself ({own[0]}, {own[1]}): it would overwrite what it is made from; raise generation",
                example=f"generation: {spec.generation + 1}",
            )


def _identities(name: str, spec: PostgresClusterSpec, stores: Mapping[str, ObjectStoreSpec]) -> Iterator[Problem]:
    """Google and Amazon can know a service account by its name alone; Azure can't."""
    if spec.kubernetes is not None and store_access.AZURE_CLIENT in spec.kubernetes.service_account_annotations:
        return
    for store in facts.stores(spec):
        if store in stores and store_access.labels([stores[store]]):
            yield Problem(
                path=("postgres_clusters", name, "kubernetes", "service_account_annotations"),
                rule=f"must have {store_access.AZURE_CLIENT}, the managed identity of the pods: object_stores.{store} has no credentials",
                example=f"{{{store_access.AZURE_CLIENT}: 00000000-0000-0000-0000-000000000000}}",
            )


def _named_stores(spec: PostgresClusterSpec) -> Iterator[tuple[tuple[str, ...], str]]:
    if spec.backup is not None:
        yield ("backup", "store"), spec.backup.store
    if spec.recover_from is not None:
        yield ("recover_from", "store"), spec.recover_from.store
    if spec.topology is not None:
        for site, peer in sorted(spec.topology.peers.items()):
            yield ("topology", "peers", site, "store"), peer.store


def has_no_backup(spec: PostgresClusterSpec, *, on_docker: bool) -> str | None:
    """What would give a server backups; None if it has them."""
    if on_docker:
        archives = spec.docker is not None and spec.docker.archive
        return None if archives else "say `docker: {archive: true}` there"
    return None if spec.backup is not None else "say `backup: {store: ...}` there"


def objectives(name: str, spec: PostgresClusterSpec, promised: ObjectivesSpec) -> Iterator[Problem]:
    """A stack that promises how it survives the loss of its site must be able to; a copy that may go is no part of that."""
    path = ("postgres_clusters", name)
    if spec.recover_from is not None and not spec.deletion_protection:
        return
    if spec.backup is None:
        yield Problem(
            path=(*path, "backup"),
            rule="is missing: environment.objectives promises what a lost site costs, and nothing is kept outside of it",
            example="{store: backups}",
        )
        return
    if (lost := loss_seconds(spec.wal.archive_interval)) > seconds(promised.rpo):
        yield Problem(
            path=(*path, "wal", "archive_interval"),
            rule=f"loses up to {lost} s with the site, and environment.objectives.rpo allows {seconds(promised.rpo)} s",
            example=promised.rpo,
        )
    # A site that follows is promoted, not restored.
    if spec.storage is not None and spec.topology is None:
        needed = restore_seconds(spec.backup, spec.storage.size)
        if needed > seconds(promised.rto):
            yield Problem(
                path=(*path, "storage", "size"),
                rule=f"takes {needed} s to restore when full (15 min to decide, then {spec.storage.size} and the log at "
                f"{spec.backup.restore.bandwidth} per second), and environment.objectives.rto allows {seconds(promised.rto)} s; "
                "measure a higher backup.restore.bandwidth, take base backups more often, or keep a following site (topology)",
            )


def snapshots(servers: Mapping[str, PostgresClusterSpec], there: str | None) -> Iterator[Problem]:
    """Snapshots need a class; paths start at the cluster's `storage_classes`."""
    users = [name for name, spec in servers.items() if spec.backup is not None and spec.backup.snapshots is not None]
    if users and there is None:
        yield Problem(
            path=("snapshots",),
            rule=f"is missing: postgres_clusters.{users[0]} takes snapshots; name the cluster's VolumeSnapshotClass (kubectl get volumesnapshotclass), or leave backup.snapshots out",
            example="csi-snapshots",
        )


def operators(
    servers: Mapping[str, PostgresClusterSpec], there: Mapping[OperatorName, OperatorSpec]
) -> Iterator[Problem]:
    """Operators that these servers need; paths start at the cluster's `operators`."""
    operator = there.get("cloudnative_pg")
    if operator is None:
        yield Problem(
            path=("cloudnative_pg",),
            rule="is missing: postgres_clusters need the CloudNativePG operator; install it with the cluster layer and paste the block that it prints",
            example="{version: '1.30', namespace: cnpg-system}",
        )
    elif tuple(map(int, operator.version.split("."))) < (1, 30):
        yield Problem(
            path=("cloudnative_pg", "version"),
            rule="must be 1.30 or later: roles are objects of their own (DatabaseRole) from there on",
            example='"1.30"',
        )
    if "barman_cloud" not in there and any(facts.stores(spec) for spec in servers.values()):
        yield Problem(
            path=("barman_cloud",),
            rule="is missing: backup and recover_from need the Barman Cloud plugin; install it with the cluster layer and paste the block that it prints",
            example="{version: '0.14', namespace: cnpg-system}",
        )
