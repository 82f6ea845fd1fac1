"""A daily job that loads a store's file into a server that is thrown away: a file that nobody has read is a hope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.batch.v1 import CronJob, CronJobSpecArgs, JobSpecArgs, JobTemplateSpecArgs
from pulumi_kubernetes.core.v1 import (
    AffinityArgs,
    ContainerArgs,
    EnvVarArgs,
    PersistentVolumeClaimVolumeSourceArgs,
    PodAffinityArgs,
    PodAffinityTermArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components import versions
from components.redis_cache import configuration, facts, workload
from components.redis_cache.configuration import CONFIG_FOLDER, DATA_FOLDER
from components.redis_cache.spec import ClusterSpec
from components.redis_cache.workload import Role
from components.targets.kubernetes import metadata, restricted_container, restricted_pod

SCHEDULE = "17 3 * * *"
LONGEST_SECONDS = 1800


@dataclass(frozen=True, kw_only=True)
class Check:
    """One file that is loaded."""

    resource: str
    name: str
    pod: str
    """The server whose volume holds it."""
    host: str


def checks(role: Role) -> Iterator[Check]:
    """The last server of all, or of each shard: it is rarely the primary."""
    spec, name, domain = role.spec, role.instance, role.target.domain
    if isinstance(spec, ClusterSpec):
        for number, hosts in enumerate(facts.shard_hosts(name, spec, domain)):
            pod = f"{facts.shard(name, number)}-{spec.replicas}"
            yield Check(
                resource=f"{role.name}-check-{number}",
                name=f"{name}-check-{number}",
                pod=pod,
                host=hosts[spec.replicas],
            )
        return
    last = spec.servers - 1
    host = facts.server_hosts(name, spec.servers, domain)[last]
    yield Check(resource=f"{role.name}-restore-check", name=f"{name}-restore-check", pod=f"{name}-{last}", host=host)


def create(role: Role, storage: str, passwords: Mapping[str, pulumi.Output[str]]) -> None:
    """Reads a server's volume on that server's node, read-only."""
    config = workload.config(role, {"restore-check.sh": configuration.script("restore-check.sh")})
    secret = workload.secret(role, {"health": passwords["health"]})
    for check in checks(role):
        _job(role, check, storage, config, secret)


def _job(role: Role, check: Check, storage: str, config: pulumi.Output[str], secret: pulumi.Output[str]) -> None:
    volumes = [
        workload.config_volume(config),
        workload.secret_volume(secret, ["health"]),
        workload.tls_volume(role, with_key=False),
        workload.scratch("scratch", "/scratch", storage, in_memory=False),
        (
            VolumeArgs(
                name="data",
                persistent_volume_claim=PersistentVolumeClaimVolumeSourceArgs(
                    claim_name=f"data-{check.pod}", read_only=True
                ),
            ),
            VolumeMountArgs(name="data", mount_path=DATA_FOLDER, read_only=True),
        ),
    ]
    pod = PodSpecArgs(
        service_account_name=role.account,
        automount_service_account_token=False,
        enable_service_links=False,
        restart_policy="Never",
        security_context=restricted_pod(role.user),
        priority_class_name=role.kubernetes.priority_class,
        affinity=_beside(check.pod),
        containers=[_container(role, storage, check, [mount for _, mount in volumes])],
        volumes=[volume for volume, _ in volumes],
    )
    CronJob(
        check.resource,
        metadata=metadata(role.target, role.labels, check.name),
        spec=CronJobSpecArgs(
            schedule=SCHEDULE,
            concurrency_policy="Forbid",
            starting_deadline_seconds=3600,
            successful_jobs_history_limit=1,
            failed_jobs_history_limit=3,
            job_template=JobTemplateSpecArgs(
                spec=JobSpecArgs(
                    backoff_limit=1,
                    active_deadline_seconds=LONGEST_SECONDS,
                    template=PodTemplateSpecArgs(metadata=ObjectMetaArgs(labels=dict(role.labels)), spec=pod),
                )
            ),
        ),
        opts=role.options,
    )


def _beside(pod: str) -> AffinityArgs:
    """A volume that one node may mount can be read by a second pod of that node. https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes"""
    return AffinityArgs(
        pod_affinity=PodAffinityArgs(
            required_during_scheduling_ignored_during_execution=[
                PodAffinityTermArgs(
                    label_selector=LabelSelectorArgs(match_labels={"statefulset.kubernetes.io/pod-name": pod}),
                    topology_key="kubernetes.io/hostname",
                )
            ]
        )
    )


def _container(role: Role, storage: str, check: Check, mounts: list[VolumeMountArgs]) -> ContainerArgs:
    spec = role.spec
    return ContainerArgs(
        name="check",
        image=versions.REDIS_KUBERNETES[spec.engine] if spec.image is None else spec.image,
        image_pull_policy="IfNotPresent",
        command=["sh", f"{CONFIG_FOLDER}/restore-check.sh"],
        env=[
            EnvVarArgs(name="ENGINE", value=spec.engine),
            EnvVarArgs(name="LIVE", value=check.host),
        ],
        resources=workload.resources(spec.cpu, spec.memory, disk=storage),
        security_context=restricted_container(),
        volume_mounts=mounts,
    )
