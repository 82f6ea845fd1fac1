"""Every way a stack file is refused: what stands in it, and the line a person reads. docs/refusals.md is made from this."""

from __future__ import annotations

from tests.stacks.refusals import (
    apps,
    between,
    cluster,
    contracts,
    edge,
    edge_routes,
    metrics,
    monitoring,
    postgres,
    postgres_archives,
    redis,
    specs,
    targets,
    words,
)
from tests.stacks.refusals.case import Case

CASES: tuple[Case, ...] = (
    *words.CASES,
    *specs.CASES,
    *apps.CASES,
    *metrics.CASES,
    *contracts.CASES,
    *targets.CASES,
    *redis.CASES,
    *postgres.CASES,
    *postgres_archives.CASES,
    *edge.CASES,
    *edge_routes.CASES,
    *monitoring.CASES,
    *cluster.CASES,
    *between.CASES,
)
