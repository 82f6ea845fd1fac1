"""The Sentinels of a replicated RedisCache: a StatefulSet of its own, so that their majority outlives a rollout of the servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet, StatefulSetSpecArgs, StatefulSetUpdateStrategyArgs
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    ContainerPortArgs,
    EnvVarArgs,
    ExecActionArgs,
    LifecycleArgs,
    LifecycleHandlerArgs,
    PersistentVolumeClaimArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components import versions
from components.folders import CONFIG_FOLDER
from components.redis_cache import configuration, facts, workload
from components.redis_cache.servers import group_variables
from components.redis_cache.spec import ReplicatedSpec
from components.redis_cache.workload import Role
from components.targets.kubernetes import metadata, restricted_container, restricted_pod


def create(
    role: Role,
    spec: ReplicatedSpec,
    passwords: Mapping[str, pulumi.Output[str]],
    acl: pulumi.Output[str],
    after: Sequence[pulumi.Resource],
) -> StatefulSet:
    secrets = {"users.acl": acl, "health": passwords["health"], "sentinel": passwords["sentinel"]}
    files = {"sentinel.conf": configuration.sentinel(role.instance, spec)} | {
        name: configuration.script(name) for name in ("health.sh", "start-sentinel.sh", "watch-closely.sh")
    }
    volumes = [
        workload.config_volume(workload.config(role, files)),
        workload.secret_volume(workload.secret(role, secrets), sorted(secrets)),
        workload.tls_volume(role, with_key=True),
    ]
    claims = workload.claims(role, spec.sentinels, facts.SENTINEL_STORAGE)
    workload.disruption(role)
    mounts = [*(mount for _, mount in volumes), workload.data_mount()]
    return StatefulSet(
        f"{role.name}-watch",
        metadata=metadata(role.target, role.labels, role.name),
        spec=StatefulSetSpecArgs(
            service_name=f"{role.instance}-sentinels",
            replicas=spec.sentinels,
            selector=LabelSelectorArgs(match_labels=dict(role.labels)),
            pod_management_policy="Parallel",
            update_strategy=StatefulSetUpdateStrategyArgs(type="RollingUpdate"),
            min_ready_seconds=10,
            template=PodTemplateSpecArgs(
                metadata=ObjectMetaArgs(labels=dict(role.labels)),
                spec=PodSpecArgs(
                    service_account_name=role.account,
                    automount_service_account_token=False,
                    enable_service_links=False,
                    termination_grace_period_seconds=10,
                    security_context=restricted_pod(role.user),
                    priority_class_name=role.kubernetes.priority_class,
                    node_selector=dict(role.kubernetes.node_selector) or None,
                    affinity=workload.one_per_node(role),
                    topology_spread_constraints=workload.over_zones(role, spec.sentinels),
                    containers=[_container(role, spec, mounts)],
                    volumes=[volume for volume, _ in volumes],
                ),
            ),
            volume_claim_templates=[
                PersistentVolumeClaimArgs(
                    metadata=ObjectMetaArgs(name="data"), spec=workload.claim(role, facts.SENTINEL_STORAGE)
                )
            ],
        ),
        opts=pulumi.ResourceOptions.merge(
            role.options,
            pulumi.ResourceOptions(depends_on=[*after, *claims], ignore_changes=["spec.volumeClaimTemplates"]),
        ),
    )


def _container(role: Role, spec: ReplicatedSpec, mounts: Sequence[VolumeMountArgs]) -> ContainerArgs:
    return ContainerArgs(
        name="sentinel",
        image=versions.REDIS_KUBERNETES[spec.engine] if spec.image is None else spec.image,
        image_pull_policy="IfNotPresent",
        command=["sh", f"{CONFIG_FOLDER}/start-sentinel.sh"],
        ports=[ContainerPortArgs(name="sentinel", container_port=facts.SENTINEL_PORT, protocol="TCP")],
        env=[
            EnvVarArgs(name="ENGINE", value=spec.engine),
            EnvVarArgs(name="CLI_OPTIONS", value=f"-p {facts.SENTINEL_PORT} {workload.TLS_OPTIONS}"),
            *group_variables(role, spec, "sentinels"),
        ],
        resources=workload.resources(facts.SENTINEL_CPU, facts.SENTINEL_MEMORY),
        security_context=restricted_container(),
        startup_probe=workload.probe("alive", every=5, failures=24),
        readiness_probe=workload.probe("alive", every=5, failures=3),
        liveness_probe=workload.probe("alive", every=10, failures=6),
        lifecycle=LifecycleArgs(
            post_start=LifecycleHandlerArgs(exec_=ExecActionArgs(command=["sh", f"{CONFIG_FOLDER}/watch-closely.sh"]))
        ),
        volume_mounts=list(mounts),
    )
