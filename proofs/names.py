"""Names: none too long for what is put behind it, none taken twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from components.app_service import facts as app_facts
from components.app_service.connects_to import ToPostgres
from components.cdn_frontend import facts as site_facts
from components.edge_gateway import facts as edge_facts
from components.monitoring_stack import facts as monitoring_facts
from components.postgres_cluster import facts as postgres_facts
from components.redis_cache import facts as redis_facts
from components.redis_cache import proofs as redis_proofs
from components.vocabulary import Problem
from config import Draft, stack_prefix
from proofs.references import connections

LONGEST_NAME = 63 - len("-migrations-") - 8
"""A DNS label less the longest suffix and what auto-naming adds."""


LONGEST_NAMES = {"postgres_clusters": postgres_facts.LONGEST_NAME, "redis_caches": redis_facts.LONGEST_NAME}
"""Where a section's own suffixes are longer."""


LONGEST_PREFIX = 63 - len("-monitoring")
"""A namespace's name less the longest word put behind the prefix."""


def names(draft: Draft) -> Iterator[Problem]:
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
    if draft.config.edge is not None:
        yield "edge", edge_facts.NAME, sorted(edge_facts.claims())
    if draft.config.monitoring is not None:
        yield "monitoring", monitoring_facts.NAME, sorted(monitoring_facts.claims())
    for name, spec in draft.config.postgres_clusters.items():
        uses = [app for app, _, c in connections(draft) if isinstance(c, ToPostgres) and c.postgres == name]
        migrators = [app_facts.migrator(a) for a in uses if draft.config.app_services[a].migrations is not None]
        yield "postgres_clusters", name, postgres_facts.claims(name, spec, dict.fromkeys([*uses, *migrators]))
    for name in draft.config.redis_caches:
        uses = redis_proofs.uses(draft.config.app_services)
        yield "redis_caches", name, redis_facts.claims(name, dict.fromkeys(u.app for u in uses if u.to.redis == name))
    for name, spec in draft.config.app_services.items():
        yield "app_services", name, sorted(app_facts.claims(name, spec.jobs) | app_facts.backups(name, spec))
    for name in draft.config.cdn_frontends:
        yield "cdn_frontends", name, sorted(site_facts.claims(name))
