"""The keeper of a sharded RedisCache: makes one cluster of its servers, and takes in again whoever comes back as another.

No server depends on it; while it is away, elections go on and newcomers wait. It needs no right in Kubernetes: it knows
the servers by their host names. scripts/cluster-plan.awk says what it does, scripts/keep-cluster.sh does it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment, DeploymentSpecArgs, DeploymentStrategyArgs
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    EnvVarArgs,
    ExecActionArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    TolerationArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components import versions
from components.redis_cache import configuration, facts, workload
from components.redis_cache.configuration import CONFIG_FOLDER
from components.redis_cache.spec import ClusterSpec
from components.redis_cache.workload import Role
from components.targets.kubernetes import metadata, restricted_container, restricted_pod

FILES = ("cluster-plan.awk", "keep-cluster.sh", "spread-slots.sh", "take-over.sh")

FOLDER = "/run/keeper"

FOUNDING_SECONDS = 300

GONE_SECONDS = 30
"""After so long on a node that does not answer, it starts on another one: there may be servers to take in."""


def create(
    role: Role, spec: ClusterSpec, passwords: Mapping[str, pulumi.Output[str]], after: Sequence[pulumi.Resource]
) -> Deployment:
    """Ready once every slot has a server."""
    volumes = [
        workload.config_volume(workload.config(role, {name: configuration.script(name) for name in FILES})),
        workload.secret_volume(workload.secret(role, {"keeper": passwords["keeper"]}), ["keeper"]),
        workload.tls_volume(role, with_key=False),
        workload.scratch("keeper", FOLDER, "8Mi", in_memory=True),
    ]
    return Deployment(
        f"{role.name}-deployment",
        metadata=metadata(role.target, role.labels, role.name),
        spec=DeploymentSpecArgs(
            replicas=1,
            selector=LabelSelectorArgs(match_labels=dict(role.labels)),
            strategy=DeploymentStrategyArgs(type="Recreate"),
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
                    tolerations=[
                        TolerationArgs(
                            key=f"node.kubernetes.io/{state}",
                            operator="Exists",
                            effect="NoExecute",
                            toleration_seconds=GONE_SECONDS,
                        )
                        for state in ("not-ready", "unreachable")
                    ],
                    containers=[_container(role, spec, [mount for _, mount in volumes])],
                    volumes=[volume for volume, _ in volumes],
                ),
            ),
        ),
        opts=pulumi.ResourceOptions.merge(role.options, pulumi.ResourceOptions(depends_on=list(after))),
    )


def _container(role: Role, spec: ClusterSpec, mounts: Sequence[VolumeMountArgs]) -> ContainerArgs:
    hosts = facts.shard_hosts(role.instance, spec, role.target.domain)
    return ContainerArgs(
        name="keeper",
        image=versions.REDIS_KUBERNETES[spec.engine] if spec.image is None else spec.image,
        image_pull_policy="IfNotPresent",
        command=["sh", f"{CONFIG_FOLDER}/keep-cluster.sh"],
        env=[
            EnvVarArgs(name="ENGINE", value=spec.engine),
            EnvVarArgs(name="LAYOUT", value=" ".join(",".join(shard) for shard in hosts)),
        ],
        resources=workload.resources(facts.KEEPER_CPU, facts.KEEPER_MEMORY),
        security_context=restricted_container(),
        startup_probe=_probe(f"test -f {FOLDER}/whole", every=2, failures=FOUNDING_SECONDS // 2),
        readiness_probe=_probe(f"test -f {FOLDER}/whole", every=5, failures=3),
        liveness_probe=_probe(f"find {FOLDER}/looked -mmin -2 | grep -q .", every=30, failures=3),
        volume_mounts=list(mounts),
    )


def _probe(script: str, *, every: int, failures: int) -> ProbeArgs:
    return ProbeArgs(
        exec_=ExecActionArgs(command=["sh", "-c", script]), period_seconds=every, failure_threshold=failures
    )
