"""What follows from an AppService's name and spec alone: selector, names it takes, footprint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from components.app_service.connects_to import ToExternal, ToPostgres
from components.app_service.kinds import RollingSpec, StatefulSpec
from components.app_service.scaling import ListQueueSpec, TableQueueSpec
from components.app_service.spec import AppServiceSpec
from components.footprint import Footprint
from components.vocabulary import Problem, cpu_millis, is_pinned, size_bytes

COMPONENT = "app-service"
"""Value of app.kubernetes.io/name; part of the selector, so it is for ever."""

SUFFIXES = ("", "-secrets", "-config", "-files", "-egress", "-members", "-data", "-batch", "-migrations", "-seed")
"""What is put behind the instance's name, on either target; a name may not end in one and mean another app."""

BATCH_COMPONENT = "app-service-batch"
"""The same for pods that run beside the replicas: they answer nobody, so the Service must not select them."""

LONGEST_JOB = 52
"""Of a CronJob's name: eleven characters are put behind it. https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"""

MIGRATOR_SUFFIX = "-migrator"
"""Behind an app's name: the role that its migrations log in with."""


def selector(name: str) -> dict[str, str]:
    """Labels that select the app's pods; immutable in a Deployment, so they are for ever."""
    return {"app.kubernetes.io/name": COMPONENT, "app.kubernetes.io/instance": name}


def batch(name: str) -> str:
    """The instance that migrations and jobs count as, in edges and policies."""
    return f"{name}-batch"


def batch_selector(name: str) -> dict[str, str]:
    """Labels that select the pods of migrations and jobs."""
    return {"app.kubernetes.io/name": BATCH_COMPONENT, "app.kubernetes.io/instance": name}


def migrator(name: str) -> str:
    """The role that an app's migrations log in with."""
    return f"{name}{MIGRATOR_SUFFIX}"


def claims(name: str, jobs: Iterable[str] = ()) -> set[str]:
    """Names that no other instance may take."""
    return {f"{name}{suffix}" for suffix in SUFFIXES} | {f"{name}-{job}" for job in jobs}


def backup(name: str, server: str) -> str:
    """A backup that migrations wait for."""
    return f"{name}-{server}-backup"


def backups(name: str, spec: AppServiceSpec) -> set[str]:
    """One for each server that risky migrations may change."""
    if spec.migrations is None or not spec.migrations.risky:
        return set()
    return {backup(name, c.postgres) for c in spec.connects_to if isinstance(c, ToPostgres)}


def namespace(name: str, spec: AppServiceSpec, prefix: str) -> str:
    """Where the app's pods are: an untrusted one has a namespace of its own."""
    return prefix if spec.isolation is None else f"{prefix}-x-{name}"


def overreach(spec: AppServiceSpec, target: str) -> Iterator[Problem]:
    """What an untrusted app asks for and may not have."""
    if spec.isolation is None:
        return
    for index, connection in enumerate(spec.connects_to):
        path = ("connects_to", index)
        if not isinstance(connection, ToExternal):
            yield Problem(path=path, rule="would let untrusted code into the stack: it may only name hosts outside")
        elif target == "docker":
            yield Problem(
                path=path, rule="can't be narrowed to one host on Docker, so untrusted code may have no way out"
            )
        elif "0.0.0.0/0" in connection.cidrs and not connection.by_name:
            yield Problem(
                path=(*path, "cidrs"),
                rule="is every public address: say which networks untrusted code may reach, or go `by_name` where the cluster can",
                example="[203.0.113.0/24]",
            )
    if spec.pushes:
        yield Problem(path=("metrics", "push"), rule="would let untrusted code into the monitoring; remove it")
    local = spec.docker
    if local is None:
        return
    asked = {"publish": local.publish, "mounts": local.mounts, "writable_root": local.writable_root}
    for field in (name for name, value in asked.items() if value):
        yield Problem(path=("docker", field), rule="would open this machine to untrusted code; remove it")


def smoke_port(spec: AppServiceSpec) -> int | None:
    """The app's own port that its smoke test asks."""
    return None if spec.smoke is None else spec.ports[spec.smoke.port]


def has_batch(spec: AppServiceSpec) -> bool:
    """Whether anything runs beside the replicas."""
    return spec.most_batch_pods > 0


def pushers(apps: Mapping[str, AppServiceSpec]) -> tuple[str, ...]:
    """Apps whose jobs push series; nobody else may reach the push gateway, and without any there is none."""
    return tuple(name for name, spec in sorted(apps.items()) if spec.pushes)


def queue(spec: AppServiceSpec) -> TableQueueSpec | ListQueueSpec | None:
    """By what work that waits the app is scaled."""
    scaling = spec.autoscaling if isinstance(spec, RollingSpec) else None
    return None if scaling is None else scaling.queue


def bad_jobs(name: str, spec: AppServiceSpec) -> Iterator[Problem]:
    """Jobs whose name leaves no room for what the controller puts behind it, or is taken by the app itself."""
    for job in spec.jobs:
        if f"-{job}" in SUFFIXES:
            yield Problem(path=("jobs", job), rule="takes a name of the app's own parts; rename it")
        if len(f"{name}-{job}") > LONGEST_JOB:
            yield Problem(
                path=("jobs", job),
                rule=f"is too long: with the app's name before it, {LONGEST_JOB} characters are allowed",
            )


def unpinned(spec: AppServiceSpec) -> Iterator[Problem]:
    """Helper containers whose image somebody could change."""
    if spec.kubernetes is None:
        return
    for block, helpers in (("init", spec.kubernetes.init), ("sidecars", spec.kubernetes.sidecars)):
        for name, helper in helpers.items():
            if not is_pinned(helper.image):
                yield Problem(
                    path=("kubernetes", block, name, "image"),
                    rule="names a tag alone, and a tag can be moved: name the digest",
                )


def peak(spec: AppServiceSpec) -> Footprint:
    """The most the app can ask of its namespace: every replica, the surge of a rollout, migrations and jobs."""
    pods = spec.most_replicas + spec.surge
    batch_pods = spec.most_batch_pods
    cpu, memory = cpu_millis(spec.resources.cpu), size_bytes(spec.resources.memory)
    helpers_cpu = sum(cpu_millis(helper.cpu) for helper in spec.helpers)
    helpers_memory = sum(size_bytes(helper.memory) for helper in spec.helpers)
    stored = size_bytes(spec.storage.size or "1") if isinstance(spec, StatefulSpec) else 0
    return Footprint(
        cpu=pods * (cpu + helpers_cpu) + batch_pods * cpu,
        memory=pods * (memory + helpers_memory) + batch_pods * memory,
        pods=pods + batch_pods,
        storage=spec.replicas * stored,
        volume_claims=spec.replicas if stored else 0,
    )
