"""What must hold between the parts of one stack file before anything is registered.

Owns: names, references, target support, images, secrets, pools and the quota. Each proof takes the draft and yields
problems; one that needs a part which is broken stays silent, so that a mistake is told once.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator

from components.app_service import facts as app_facts
from components.app_service.connects_to import ConnectionSpec, ToApp, ToExternal, ToPostgres, variables_prefix
from components.app_service.contract import violations
from components.app_service.scaling import LEAST_VERSION
from components.app_service.spec import AppServiceSpec, SecretRef
from components.environment.spec import KubernetesTargetSpec, OperatorName, QuotaSpec
from components.footprint import Footprint, cores, size
from components.postgres_cluster import facts as postgres_facts
from components.postgres_cluster.spec import RESERVED_CONNECTIONS, PostgresClusterSpec
from components.vocabulary import Problem, Spec, cpu_millis, is_pinned, size_bytes
from config import Draft, StackConfig, stack_prefix
from support import unsupported

LONGEST_NAME = 63 - len("-migrations-") - 8
"""A DNS label less the longest suffix and what auto-naming adds."""

LONGEST_LABEL = 63
"""Of a namespace's name."""

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
    if "environment" in draft.broken:
        return
    yield from _support(draft)
    yield from _overreach(draft)
    yield from _images(draft)
    yield from _host_ports(draft)
    yield from _operators(draft)
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
        limit = postgres_facts.LONGEST_NAME if section == "postgres_clusters" else LONGEST_NAME
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
        apps = [*uses, *migrators]
        yield "postgres_clusters", name, postgres_facts.claims(name, spec.databases, dict.fromkeys(apps))
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
            database = connection.database or app
            if database not in server.databases:
                yield Problem(
                    path=("database",),
                    rule=f"is no declared database of {name!r}; it has: {', '.join(sorted(server.databases))}",
                )
            if app in postgres_facts.RESERVED:
                yield Problem(
                    path=("postgres",),
                    rule="would make a login role of the app's name, which every server has already; rename the app",
                )
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
        case ToExternal():
            pass


def _missing(draft: Draft, word: str, name: str, there: Iterable[str]) -> Iterator[Problem]:
    if name not in draft.broken:
        yield Problem(
            path=(word,), rule=f"names nothing in this stack; there are: {', '.join(sorted(there)) or 'none'}"
        )


def _prefixes(draft: Draft) -> Iterator[Problem]:
    for name, spec in draft.config.app_services.items():
        seen: dict[str, int] = {}
        servers: set[str] = set()
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
                if connection.postgres in servers:
                    yield Problem(
                        path=(*path, "postgres"),
                        rule="is connected twice; an app has one role on a server, for one database",
                    )
                servers.add(connection.postgres)


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
    """(most replicas + surge) x pool of every app, plus what is kept free, must fit max_connections."""
    demands: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for app, _, connection in _connections(draft):
        if isinstance(connection, ToPostgres):
            spec = draft.config.app_services[app]
            replicas, surge, batch = _at_once(draft, spec)
            beside = f" + {batch} beside" if batch else ""
            count = (replicas + surge + batch) * connection.pool
            text = f"{app} ({replicas} replicas + {surge} surge{beside}) x {connection.pool} = {count}"
            demands[connection.postgres].append((text, count))
    for name, demand in sorted(demands.items()):
        server = draft.config.postgres_clusters.get(name)
        if server is None:
            continue
        total = sum(count for _, count in demand) + RESERVED_CONNECTIONS
        if total > server.max_connections:
            terms = ", ".join(text for text, _ in demand)
            yield Problem(
                path=("postgres_clusters", name, "max_connections"),
                rule=f"is {server.max_connections}, but apps may open {total}: {terms}, kept free {RESERVED_CONNECTIONS}; "
                "raise it, or lower a pool or a maximum",
                example=str(-(-total // 10) * 10),
            )


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


def _overreach(draft: Draft) -> Iterator[Problem]:
    kind = draft.config.environment.target.kind
    for name, app in draft.config.app_services.items():
        yield from (p.below("app_services", name) for p in app_facts.overreach(app, kind))
        namespace = app_facts.namespace(name, app, stack_prefix(draft))
        if kind == "kubernetes" and len(namespace) > LONGEST_LABEL:
            yield Problem(
                path=("app_services", name, "isolation"),
                rule=f"needs a namespace of its own, whose name {namespace!r} has {len(namespace)} characters, allowed are {LONGEST_LABEL}",
            )


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
    ]
    for path, number in published:
        if number in taken:
            yield Problem(path=path, rule=f"publishes a port of this machine that {taken[number]} publishes too")
        taken[number] = ".".join(path[:2])


def _operators(draft: Draft) -> Iterator[Problem]:
    target = draft.config.environment.target
    if not isinstance(target, KubernetesTargetSpec):
        return
    if draft.config.postgres_clusters:
        yield from _operator(
            target,
            "cloudnative_pg",
            (1, 30),
            needs="postgres_clusters need the CloudNativePG operator",
            why="roles are objects of their own (DatabaseRole) from there on",
            example="{version: '1.30', namespace: cnpg-system}",
        )
    if any(app_facts.queues(app) for app in draft.config.app_services.values()):
        yield from _operator(
            target,
            "keda",
            LEAST_VERSION,
            needs="an app scales by a queue, which needs KEDA",
            why="a CPU trigger may name the app's own container from there on",
            example="{version: '2.20', namespace: keda}",
        )


def _operator(
    target: KubernetesTargetSpec, name: OperatorName, least: tuple[int, int], *, needs: str, why: str, example: str
) -> Iterator[Problem]:
    path = ("environment", "target", "cluster", "operators", name)
    operator = target.cluster.operators.get(name)
    version = f"{least[0]}.{least[1]}"
    if operator is None:
        yield Problem(
            path=path,
            rule=f"is missing: {needs}; install it with the cluster layer and paste the block that it prints",
            example=example,
        )
    elif tuple(map(int, operator.version.split("."))) < least:
        yield Problem(path=(*path, "version"), rule=f"must be {version} or later: {why}", example=f'"{version}"')


def peak(config: StackConfig) -> Footprint:
    """The most a stack can ask of its namespace; nothing on Docker."""
    total = Footprint()
    if config.environment.target.kind == "docker":
        return total
    for _, _, spec in _instances(config):
        match spec:
            case AppServiceSpec():
                if spec.isolation is None:  # otherwise it has a namespace, and a quota, of its own
                    total += app_facts.peak(spec)
            case PostgresClusterSpec():
                total += postgres_facts.peak(spec)
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
