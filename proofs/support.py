"""What the target and its operators can honour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.app_service import facts as app_facts
from components.app_service.connects_to import ToExternal
from components.app_service.scaling import LEAST_VERSION
from components.environment.spec import KubernetesTargetSpec
from components.postgres_cluster import proofs as postgres_proofs
from components.vocabulary import NeededOn, OnlyOn, Problem, Spec, is_pinned
from config import Draft, StackConfig
from proofs import edge, monitoring


def instances(config: StackConfig) -> Iterator[tuple[str, str, Spec]]:
    for section in type(config).model_fields:
        if section not in ("environment", "contracts", "edge", "monitoring"):
            for name, spec in getattr(config, section).items():
                yield section, name, spec


def support(draft: Draft) -> Iterator[Problem]:
    target = draft.config.environment.target.kind
    for section, name, spec in instances(draft.config):
        for problem in unsupported(spec, target):
            yield problem.below(section, name)
    for section, spec in (("edge", draft.config.edge), ("monitoring", draft.config.monitoring)):
        if spec is not None:
            yield from (problem.below(section) for problem in unsupported(spec, target))


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


def images(draft: Draft) -> Iterator[Problem]:
    if draft.config.environment.target.kind == "docker":
        return
    for name, app in draft.config.app_services.items():
        yield from (p.below("app_services", name) for p in app_facts.unpinned(app))
    for section, name, spec in instances(draft.config):
        for field in ("image", "previous_image"):
            image = getattr(spec, field, None)
            if image is None or is_pinned(image):
                continue
            yield Problem(
                path=(section, name, field),
                rule="names a tag alone, and a tag can be moved: stacks on Kubernetes name the digest",
                example="ghcr.io/blocksight/api@sha256:<64 hex digits>",
            )


def host_ports(draft: Draft) -> Iterator[Problem]:
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
        *edge.published(draft),
        *monitoring.published(draft),
    ]
    for path, number in published:
        if number in taken:
            yield Problem(
                path=path,
                rule=f"publishes a port of this machine that {taken[number]} publishes too; choose another one",
            )
        taken[number] = ".".join(path[:2])


def named_hosts(draft: Draft) -> Iterator[Problem]:
    """Ways out by name, which the network must know, and which lead out of the cluster only."""
    target = draft.config.environment.target
    if not isinstance(target, KubernetesTargetSpec):
        return
    inside = f".{target.cluster.dns.domain}"
    for name, app in draft.config.app_services.items():
        for index, connection in enumerate(app.connects_to):
            if not isinstance(connection, ToExternal) or not connection.by_name:
                continue
            path = ("app_services", name, "connects_to", index)
            if target.cluster.cni is None:
                yield Problem(
                    path=(*path, "by_name"),
                    rule="needs a network that goes by names (environment.target.cluster.cni: cilium), and this one is not said to: give the host's networks in `cidrs`, or those of an egress proxy of yours",
                    example="cidrs: [203.0.113.0/24]",
                )
            if connection.external.endswith(inside):
                yield Problem(
                    path=(*path, "external"),
                    rule="is a name inside the cluster, and a rule by name means hosts outside: name the app, or give `cidrs`",
                )


def operators(draft: Draft) -> Iterator[Problem]:
    target = draft.config.environment.target
    if isinstance(target, KubernetesTargetSpec) and draft.config.postgres_clusters:
        for problem in postgres_proofs.operators(draft.config.postgres_clusters, target.cluster.operators):
            yield problem.below("environment", "target", "cluster", "operators")
        classes = target.cluster.storage_classes
        for problem in postgres_proofs.snapshots(draft.config.postgres_clusters, classes.snapshots):
            yield problem.below("environment", "target", "cluster", "storage_classes")
    if isinstance(target, KubernetesTargetSpec) and any(
        app_facts.queue(spec) is not None for spec in draft.config.app_services.values()
    ):
        yield from _keda(target)


def _keda(target: KubernetesTargetSpec) -> Iterator[Problem]:
    path = ("environment", "target", "cluster", "operators", "keda")
    operator = target.cluster.operators.get("keda")
    least = ".".join(map(str, LEAST_VERSION))
    if operator is None:
        yield Problem(
            path=path,
            rule="is missing: an app scales by a queue, which needs KEDA; install it with the cluster layer and paste the block that it prints",
            example="{version: '2.21', namespace: keda}",
        )
    elif tuple(map(int, operator.version.split("."))) < LEAST_VERSION:
        yield Problem(
            path=(*path, "version"),
            rule=f"must be {least} or later: a CPU trigger may name the app's own container from there on",
            example=f'"{least}"',
        )
