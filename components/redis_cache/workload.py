"""What servers, Sentinels and proxies have alike on Kubernetes: settings, volumes, places, probes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import (
    AffinityArgs,
    ConfigMap,
    ConfigMapVolumeSourceArgs,
    EmptyDirVolumeSourceArgs,
    ExecActionArgs,
    KeyToPathArgs,
    PersistentVolumeClaim,
    PersistentVolumeClaimSpecArgs,
    PodAffinityTermArgs,
    PodAntiAffinityArgs,
    ProbeArgs,
    ResourceRequirementsArgs,
    Secret,
    SecretVolumeSourceArgs,
    TopologySpreadConstraintArgs,
    VolumeArgs,
    VolumeMountArgs,
    VolumeResourceRequirementsArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetSpecArgs

from components.folders import CONFIG_FOLDER, SECRETS_FOLDER, TLS_FOLDER
from components.redis_cache.configuration import DATA_FOLDER
from components.redis_cache.spec import RedisCacheSpec, RedisKubernetesSpec
from components.targets import KubernetesTarget
from components.targets.kubernetes import guarded, kept, metadata

TLS_OPTIONS = f"--tls --cacert {TLS_FOLDER}/ca.crt"


@dataclass(frozen=True, kw_only=True)
class Role:
    """Servers, Sentinels or proxies of one instance."""

    name: str
    """Of its controller."""
    instance: str
    labels: Mapping[str, str]
    spec: RedisCacheSpec
    target: KubernetesTarget
    parent: pulumi.Resource
    account: pulumi.Output[str]
    user: int

    @property
    def options(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self.parent, provider=self.target.provider)

    @property
    def kubernetes(self) -> RedisKubernetesSpec:
        return RedisKubernetesSpec() if self.spec.kubernetes is None else self.spec.kubernetes


def secret(role: Role, contents: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
    """Immutable and named by the engine: changed contents are a new Secret, and roll the pods that read it."""
    made = Secret(
        f"{role.name}-secrets",
        metadata=metadata(role.target, role.labels),
        string_data=dict(sorted(contents.items())),
        immutable=True,
        opts=role.options,
    )
    return made.metadata.name


def config(role: Role, files: Mapping[str, str]) -> pulumi.Output[str]:
    """Immutable and named by the engine, as the Secret."""
    made = ConfigMap(
        f"{role.name}-config",
        metadata=metadata(role.target, role.labels),
        data=dict(sorted(files.items())),
        immutable=True,
        opts=role.options,
    )
    return made.metadata.name


def claims(role: Role, count: int, size: str) -> list[pulumi.Resource]:
    """Volume claims under the names that the claim template gives, so that the controller takes them up as its own."""
    return [
        PersistentVolumeClaim(
            f"{role.name}-data-{index}",
            metadata=metadata(
                role.target,
                guarded(role.labels, protect=role.spec.deletion_protection),
                f"data-{role.name}-{index}",
                # Many classes bind a volume only once a pod needs it, and the pod comes later.
                {"pulumi.com/skipAwait": "true"},
            ),
            spec=claim(role, size),
            opts=kept(role.parent, role.target, protect=role.spec.deletion_protection),
        )
        for index in range(count)
    ]


def claim(role: Role, size: str) -> PersistentVolumeClaimSpecArgs:
    own = role.kubernetes.storage_class
    return PersistentVolumeClaimSpecArgs(
        access_modes=["ReadWriteOnce"],
        storage_class_name=role.target.storage_class if own is None else own,
        resources=VolumeResourceRequirementsArgs(requests={"storage": size}),
    )


def config_volume(name: pulumi.Output[str]) -> tuple[VolumeArgs, VolumeMountArgs]:
    return (
        VolumeArgs(name="config", config_map=ConfigMapVolumeSourceArgs(name=name, default_mode=0o444)),
        VolumeMountArgs(name="config", mount_path=CONFIG_FOLDER, read_only=True),
    )


def secret_volume(
    name: pulumi.Output[str], keys: Sequence[str], folder: str = SECRETS_FOLDER
) -> tuple[VolumeArgs, VolumeMountArgs]:
    """Some keys of a Secret, readable by the pod's group alone."""
    volume = folder.rpartition("/")[2]
    return (
        VolumeArgs(
            name=volume,
            secret=SecretVolumeSourceArgs(
                secret_name=name, default_mode=0o440, items=[KeyToPathArgs(key=key, path=key) for key in sorted(keys)]
            ),
        ),
        VolumeMountArgs(name=volume, mount_path=folder, read_only=True),
    )


def tls_volume(role: Role, *, with_key: bool) -> tuple[VolumeArgs, VolumeMountArgs]:
    keys = ["ca.crt", "tls.crt", "tls.key"] if with_key else ["ca.crt"]
    return secret_volume(pulumi.Output.from_input(f"{role.instance}-tls"), keys, TLS_FOLDER)


def scratch(name: str, folder: str, size: str, *, in_memory: bool) -> tuple[VolumeArgs, VolumeMountArgs]:
    medium = "Memory" if in_memory else None
    return (
        VolumeArgs(name=name, empty_dir=EmptyDirVolumeSourceArgs(size_limit=size, medium=medium)),
        VolumeMountArgs(name=name, mount_path=folder),
    )


def data_mount() -> VolumeMountArgs:
    return VolumeMountArgs(name="data", mount_path=DATA_FOLDER)


def resources(cpu: str, memory: str, disk: str = "64Mi") -> ResourceRequirementsArgs:
    """No limit on processor time: throttling a server of one thread makes every client wait."""
    common = {"memory": memory, "ephemeral-storage": disk}
    return ResourceRequirementsArgs(requests={**common, "cpu": cpu}, limits=common)


def one_per_node(role: Role) -> AffinityArgs:
    return AffinityArgs(
        pod_anti_affinity=PodAntiAffinityArgs(
            required_during_scheduling_ignored_during_execution=[
                PodAffinityTermArgs(
                    label_selector=LabelSelectorArgs(match_labels=dict(role.labels)),
                    topology_key="kubernetes.io/hostname",
                )
            ]
        )
    )


def over_zones(role: Role, pods: int) -> list[TopologySpreadConstraintArgs]:
    by_force = 1 < role.target.zones <= pods
    return [
        TopologySpreadConstraintArgs(
            topology_key="topology.kubernetes.io/zone",
            max_skew=1,
            when_unsatisfiable="DoNotSchedule" if by_force else "ScheduleAnyway",
            label_selector=LabelSelectorArgs(match_labels=dict(role.labels)),
            node_taints_policy="Honor",
        )
    ]


def disruption(role: Role) -> None:
    """One at a time."""
    PodDisruptionBudget(
        f"{role.name}-disruption",
        metadata=metadata(role.target, role.labels, role.name),
        spec=PodDisruptionBudgetSpecArgs(
            selector=LabelSelectorArgs(match_labels=dict(role.labels)),
            max_unavailable=1,
            # A pod that is not ready protects nothing; without this, one broken server blocks every drain.
            unhealthy_pod_eviction_policy="AlwaysAllow",
        ),
        opts=role.options,
    )


def probe(question: str, *, every: int, failures: int) -> ProbeArgs:
    """scripts/health.sh, which has three seconds of its own for each of at most two questions."""
    return ProbeArgs(
        exec_=ExecActionArgs(command=["sh", f"{CONFIG_FOLDER}/health.sh", question]),
        period_seconds=every,
        timeout_seconds=7,
        failure_threshold=failures,
    )
