"""What the monitoring's programs have alike on Kubernetes: accounts, services, volumes, files, pods that run once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apps.v1 import (
    Deployment,
    DeploymentSpecArgs,
    DeploymentStrategyArgs,
    RollingUpdateDeploymentArgs,
)
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    ConfigMapVolumeSourceArgs,
    ContainerArgs,
    EmptyDirVolumeSourceArgs,
    HTTPGetActionArgs,
    KeyToPathArgs,
    PersistentVolumeClaim,
    PersistentVolumeClaimSpecArgs,
    PersistentVolumeClaimVolumeSourceArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    ResourceRequirementsArgs,
    Secret,
    SecretVolumeSourceArgs,
    Service,
    ServiceAccount,
    ServicePortArgs,
    ServiceSpecArgs,
    TopologySpreadConstraintArgs,
    VolumeArgs,
    VolumeMountArgs,
    VolumeResourceRequirementsArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetSpecArgs

from components.folders import CONFIG_FOLDER, SECRETS_FOLDER
from components.monitoring_stack import facts
from components.monitoring_stack.body import Wiring
from components.monitoring_stack.facts import Role
from components.monitoring_stack.spec import MonitoringSpec
from components.targets import KubernetesTarget
from components.targets.kubernetes import guarded, kept, metadata, network_policy, restricted_pod

SCRATCH = "256Mi"
"""Of a node's disk, for a pod's temporary files and logs."""
PATIENCE = "10m"
"""For a node, a volume, an image and the first answer."""

VolumePair = tuple[VolumeArgs, VolumeMountArgs]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a program goes, and everything that it is made from."""

    role: Role
    spec: MonitoringSpec
    wiring: Wiring
    target: KubernetesTarget
    parent: pulumi.Resource

    @property
    def name(self) -> str:
        return self.role.name

    @property
    def labels(self) -> dict[str, str]:
        return facts.selector(self.role)

    @property
    def port(self) -> str:
        """Name of the port that others ask."""
        return facts.PORT_NAMES.get(self.role.program, "http")

    @property
    def options(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self.parent, provider=self.target.provider)

    def meta(self, name: str | None = None) -> ObjectMetaArgs:
        return metadata(self.target, self.labels, name)


def ground(place: Place, *, token: bool = False, sticky: bool = False) -> pulumi.Output[str]:
    """Who it is, who it talks to and where it answers. Returns its account; `sticky` keeps a client with one replica."""
    account = ServiceAccount(
        f"{place.name}-account",
        metadata=place.meta(place.name),
        automount_service_account_token=token,
        opts=place.options,
    )
    edges = place.wiring.edges.get(place.name, ((), ()))
    network_policy(place.name, place.labels, place.labels, edges, place.target, place.parent)
    Service(
        f"{place.name}-service",
        metadata=place.meta(place.name),
        spec=ServiceSpecArgs(
            selector=place.labels,
            session_affinity="ClientIP" if sticky else "None",
            ports=[ServicePortArgs(name=place.port, port=place.role.port, target_port=place.port, protocol="TCP")],
        ),
        opts=place.options,
    )
    return account.metadata.name


def claim(place: Place, logical: str, physical: str, size: str, *, lasting: bool = True) -> PersistentVolumeClaim:
    """An object of its own, which outlives every controller. `lasting`: whether what it holds is nowhere else."""
    protect = lasting and place.spec.deletion_protection
    return PersistentVolumeClaim(
        logical,
        metadata=metadata(
            place.target,
            guarded(place.labels, protect=protect),
            physical,
            # Many classes bind a volume only once a pod needs it, and the pod comes later.
            {"pulumi.com/skipAwait": "true"},
        ),
        spec=PersistentVolumeClaimSpecArgs(
            access_modes=["ReadWriteOnce"],
            storage_class_name=place.target.storage_class,
            resources=VolumeResourceRequirementsArgs(requests={"storage": size}),
        ),
        opts=kept(place.parent, place.target, protect=protect),
    )


def data(place: Place, folder: str, size: str, *, lasting: bool = True) -> tuple[PersistentVolumeClaim, VolumePair]:
    """The volume of a program that runs once, mounted by its name."""
    made = claim(place, f"{place.name}-data", f"{place.name}-data", size, lasting=lasting)
    volume = VolumeArgs(
        name="data", persistent_volume_claim=PersistentVolumeClaimVolumeSourceArgs(claim_name=f"{place.name}-data")
    )
    return made, (volume, VolumeMountArgs(name="data", mount_path=folder))


def files(place: Place, contents: Mapping[str, str], folder: str = CONFIG_FOLDER) -> VolumePair:
    """Immutable and named by the engine: changed contents are a new ConfigMap, and roll the pods that read it.

    `contents` are texts by path below `folder`; a slash in it is a folder of its own.
    """
    volume = folder.rpartition("/")[2]
    keys = {path: path.replace("/", ".") for path in sorted(contents)}
    made = ConfigMap(
        f"{place.name}-{volume}",
        metadata=place.meta(),
        data={keys[path]: contents[path] for path in keys},
        immutable=True,
        opts=place.options,
    )
    source = ConfigMapVolumeSourceArgs(
        name=made.metadata.name,
        default_mode=0o444,
        items=[KeyToPathArgs(key=key, path=path) for path, key in keys.items()],
    )
    return VolumeArgs(name=volume, config_map=source), VolumeMountArgs(name=volume, mount_path=folder, read_only=True)


def secrets(place: Place, contents: Mapping[str, pulumi.Input[str]]) -> VolumePair:
    """As `files`, readable by the pod's group alone."""
    made = Secret(
        f"{place.name}-secrets",
        metadata=place.meta(),
        string_data=dict(sorted(contents.items())),
        immutable=True,
        opts=place.options,
    )
    source = SecretVolumeSourceArgs(secret_name=made.metadata.name, default_mode=0o440)
    return (
        VolumeArgs(name="secrets", secret=source),
        VolumeMountArgs(name="secrets", mount_path=SECRETS_FOLDER, read_only=True),
    )


def scratch() -> VolumePair:
    return (
        VolumeArgs(name="scratch", empty_dir=EmptyDirVolumeSourceArgs(size_limit="64Mi")),
        VolumeMountArgs(name="scratch", mount_path="/tmp"),  # noqa: S108  # a path inside the container
    )


def resources(cpu: str, memory: str) -> ResourceRequirementsArgs:
    common = {"memory": memory, "ephemeral-storage": SCRATCH}
    return ResourceRequirementsArgs(requests={**common, "cpu": cpu}, limits=common)


def asks(path: str, port: str, *, every: int, failures: int) -> ProbeArgs:
    return ProbeArgs(
        http_get=HTTPGetActionArgs(path=path, port=port),
        period_seconds=every,
        timeout_seconds=3,
        failure_threshold=failures,
    )


def pod(
    place: Place,
    account: pulumi.Input[str],
    container: ContainerArgs,
    volumes: Sequence[VolumePair],
    spread: Sequence[TopologySpreadConstraintArgs] = (),
) -> PodTemplateSpecArgs:
    return PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(labels=place.labels),
        spec=PodSpecArgs(
            service_account_name=account,
            automount_service_account_token=False,
            enable_service_links=False,
            termination_grace_period_seconds=30,
            security_context=restricted_pod(place.role.user),
            topology_spread_constraints=list(spread) or None,
            containers=[container],
            volumes=[volume for volume, _ in volumes],
        ),
    )


def deployment(
    place: Place,
    template: PodTemplateSpecArgs,
    *,
    replicas: int = 1,
    after: Sequence[pulumi.Resource] = (),
    alone: bool = False,
) -> None:
    """`alone`: the old pod goes before the new one comes, since both can't have the one volume."""
    rolling = RollingUpdateDeploymentArgs(max_surge=1, max_unavailable=0)
    Deployment(
        f"{place.name}-deployment",
        metadata=place.meta(place.name),
        spec=DeploymentSpecArgs(
            replicas=replicas,
            selector=LabelSelectorArgs(match_labels=place.labels),
            strategy=DeploymentStrategyArgs(type="Recreate")
            if alone
            else DeploymentStrategyArgs(type="RollingUpdate", rolling_update=rolling),
            revision_history_limit=5,
            template=template,
        ),
        opts=pulumi.ResourceOptions.merge(
            place.options,
            pulumi.ResourceOptions(
                depends_on=list(after), custom_timeouts=pulumi.CustomTimeouts(create=PATIENCE, update=PATIENCE)
            ),
        ),
    )


def disruption(place: Place) -> None:
    """One at a time."""
    PodDisruptionBudget(
        f"{place.name}-disruption",
        metadata=place.meta(place.name),
        spec=PodDisruptionBudgetSpecArgs(
            selector=LabelSelectorArgs(match_labels=place.labels),
            max_unavailable=1,
            unhealthy_pod_eviction_policy="AlwaysAllow",
        ),
        opts=place.options,
    )


def over_zones(place: Place) -> list[TopologySpreadConstraintArgs]:
    return [
        TopologySpreadConstraintArgs(
            topology_key=key,
            max_skew=1,
            when_unsatisfiable="ScheduleAnyway",
            label_selector=LabelSelectorArgs(match_labels=place.labels),
            match_label_keys=["pod-template-hash"],
            node_taints_policy="Honor",
        )
        for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
    ]
