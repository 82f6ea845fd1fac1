"""A daily job that loads a store's file into a server that is thrown away: a file that nobody has read is a hope."""

from __future__ import annotations

from collections.abc import Mapping

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
from components.folders import CONFIG_FOLDER
from components.redis_cache import configuration, facts, workload
from components.redis_cache.configuration import DATA_FOLDER
from components.redis_cache.spec import ReplicatedSpec
from components.redis_cache.workload import Role
from components.targets.kubernetes import metadata, restricted_container, restricted_pod

SCHEDULE = "17 3 * * *"
LONGEST_SECONDS = 1800


def create(role: Role, storage: str, passwords: Mapping[str, pulumi.Output[str]]) -> None:
    """Reads the last server's volume on that server's node, read-only; the primary is rarely the last one."""
    spec = role.spec
    last = (spec.servers if isinstance(spec, ReplicatedSpec) else 1) - 1
    files = {"restore-check.sh": configuration.script("restore-check.sh")}
    volumes = [
        workload.config_volume(workload.config(role, files)),
        workload.secret_volume(workload.secret(role, {"health": passwords["health"]}), ["health"]),
        workload.tls_volume(role, with_key=False),
        workload.scratch("scratch", "/scratch", storage, in_memory=False),
        (
            VolumeArgs(
                name="data",
                persistent_volume_claim=PersistentVolumeClaimVolumeSourceArgs(
                    claim_name=f"data-{role.instance}-{last}", read_only=True
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
        affinity=_beside(f"{role.instance}-{last}"),
        containers=[_container(role, storage, last, [mount for _, mount in volumes])],
        volumes=[volume for volume, _ in volumes],
    )
    CronJob(
        f"{role.name}-restore-check",
        metadata=metadata(role.target, role.labels, f"{role.instance}-restore-check"),
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


def _container(role: Role, storage: str, server: int, mounts: list[VolumeMountArgs]) -> ContainerArgs:
    spec = role.spec
    return ContainerArgs(
        name="check",
        image=versions.REDIS_KUBERNETES[spec.engine] if spec.image is None else spec.image,
        image_pull_policy="IfNotPresent",
        command=["sh", f"{CONFIG_FOLDER}/restore-check.sh"],
        env=[
            EnvVarArgs(name="ENGINE", value=spec.engine),
            EnvVarArgs(name="LIVE", value=facts.server_hosts(role.instance, server + 1, role.target.domain)[server]),
        ],
        resources=workload.resources(spec.cpu, spec.memory, disk=storage),
        security_context=restricted_container(),
        volume_mounts=mounts,
    )
