"""What must hold between the parts of one stack file before anything is registered.

Owns: names, references, target support, images, secrets, pools and the quota, each in the room of its noun. A proof
takes the draft and yields problems; one that needs a part which is broken stays silent, so that a mistake is told once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.redis_cache import proofs as redis_proofs
from components.telemetry import Telemetry
from components.vocabulary import Problem
from config import Draft
from proofs import apart, capacity, edge, monitoring, names, references, secrets, support

SECTIONS = frozenset({"object_stores", "postgres_clusters", "redis_caches", "app_services", "cdn_frontends"})
"""Sections of named parts; no part is called like one of them."""


def all_of(draft: Draft, told: Sequence[Telemetry]) -> Iterator[Problem]:
    """Every proof, in the order a person would read them. `told` is what the stack tells its monitoring."""
    if draft.broken & SECTIONS:
        return  # any name might be there
    yield from names.names(draft)
    yield from references.references(draft)
    yield from references.prefixes(draft)
    yield from secrets.are_set(draft)
    yield from edge.everywhere(draft)
    yield from references.contracts(draft)
    yield from capacity.pools(draft)
    at_once = {name: capacity.at_once(draft, spec) for name, spec in draft.config.app_services.items()}
    yield from redis_proofs.between(draft.config.redis_caches, draft.config.app_services, at_once, draft.broken)
    yield from references.archives(draft)
    yield from monitoring.everywhere(draft)
    yield from monitoring.own_alerts(draft, told)
    if "environment" in draft.broken:
        return
    yield from support.support(draft)
    yield from references.risky_migrations(draft)
    yield from apart.overreach(draft)
    yield from support.images(draft)
    yield from support.host_ports(draft)
    yield from support.operators(draft)
    yield from support.named_hosts(draft)
    target = draft.config.environment.target
    yield from redis_proofs.on_target(draft.config.redis_caches, target)
    yield from capacity.objectives(draft)
    yield from edge.on_the_target(draft)
    yield from monitoring.on_the_target(draft)
    yield from monitoring.pushes(draft)
    yield from capacity.quota(draft)
