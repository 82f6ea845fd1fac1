"""Sums: connections of a server, the quota, time to recover."""

from __future__ import annotations

from collections.abc import Iterator

from components.app_service import facts as app_facts
from components.app_service.connects_to import ToPostgres
from components.app_service.spec import AppServiceSpec
from components.cdn_frontend import facts as site_facts
from components.cdn_frontend.spec import CdnFrontendSpec
from components.edge_gateway import facts as edge_facts
from components.environment.spec import KubernetesTargetSpec, QuotaSpec
from components.footprint import Footprint, cores, size
from components.object_stores import AzureStoreSpec, GoogleStoreSpec, S3StoreSpec
from components.postgres_cluster import facts as postgres_facts
from components.postgres_cluster import proofs as postgres_proofs
from components.postgres_cluster.spec import PostgresClusterSpec
from components.redis_cache import facts as redis_facts
from components.redis_cache import proofs as redis_proofs
from components.redis_cache.spec import RedisSpec
from components.vocabulary import Problem, cpu_millis, size_bytes
from config import Draft, StackConfig
from proofs.references import connections
from proofs.support import instances


def pools(draft: Draft) -> Iterator[Problem]:
    """(most replicas + surge + beside) x pool of every app, plus what is kept free, must fit what the server accepts."""
    on_docker = "environment" not in draft.broken and draft.config.environment.target.kind == "docker"
    for name, server in sorted(draft.config.postgres_clusters.items()):
        uses = [
            u
            for app, _, c in connections(draft)
            if isinstance(c, ToPostgres) and c.postgres == name
            for u in _uses(draft, app, c)
        ]
        yield from postgres_proofs.pools(name, server, uses, on_docker=on_docker)


def _uses(draft: Draft, app: str, connection: ToPostgres) -> Iterator[postgres_proofs.Use]:
    spec = draft.config.app_services[app]
    replicas, surge, beside = at_once(draft, spec)
    yield postgres_proofs.Use(app=app, connection=connection, replicas=replicas, surge=surge, beside=beside)
    if spec.migrations is not None and connection.through != "primary":
        primary = connection.model_copy(update={"through": "primary"})
        yield postgres_proofs.Use(app=app_facts.migrator(app), connection=primary, replicas=1)


def objectives(draft: Draft) -> Iterator[Problem]:
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


def at_once(draft: Draft, spec: AppServiceSpec) -> tuple[int, int, int]:
    """Replicas, those of a rollout on top, and what runs beside them: migrations and jobs."""
    on_docker = "environment" not in draft.broken and draft.config.environment.target.kind == "docker"
    return (1, 0, spec.most_batch_pods) if on_docker else (spec.most_replicas, spec.surge, spec.most_batch_pods)


def peak(config: StackConfig) -> Footprint:
    """The most a stack can ask of its namespace; nothing on Docker."""
    total = Footprint()
    if config.environment.target.kind == "docker":
        return total
    for _, name, spec in instances(config):
        match spec:
            case RedisSpec():
                total += redis_facts.peak(
                    config.redis_caches[name], proxied=redis_proofs.is_proxied(config.app_services, name)
                )
            case AppServiceSpec():
                if spec.isolation is None:  # otherwise it has a namespace, and a quota, of its own
                    total += app_facts.peak(spec)
            case CdnFrontendSpec():
                total += site_facts.peak(spec, counted=config.monitoring is not None)
            case PostgresClusterSpec():
                total += postgres_facts.peak(spec)
            case S3StoreSpec() | AzureStoreSpec() | GoogleStoreSpec():
                pass  # it is somewhere else
            case _:
                msg = f"{type(spec).__name__} has no footprint"
                raise AssertionError(msg)
    return total if config.edge is None else total + edge_facts.peak(config.edge)


def quota(draft: Draft) -> Iterator[Problem]:
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
