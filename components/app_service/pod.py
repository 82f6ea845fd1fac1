"""The pod of an AppService on Kubernetes: one container under Pod Security "restricted"."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import pulumi
from pulumi_kubernetes.core.v1 import (
    ConfigMapVolumeSourceArgs,
    ContainerArgs,
    ContainerPortArgs,
    EmptyDirVolumeSourceArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    ExecActionArgs,
    HTTPGetActionArgs,
    KeyToPathArgs,
    LifecycleArgs,
    LifecycleHandlerArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    ProjectedVolumeSourceArgs,
    ResourceRequirementsArgs,
    SecretKeySelectorArgs,
    SecretProjectionArgs,
    SleepActionArgs,
    TCPSocketActionArgs,
    TopologySpreadConstraintArgs,
    VolumeArgs,
    VolumeMountArgs,
    VolumeProjectionArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components.app_service import facts
from components.app_service.delivery import Delivery, SecretValue
from components.app_service.kinds import RollingSpec, StatefulSpec
from components.app_service.probes import CommandProbe, HttpProbe, Probe, ProbesSpec, TcpProbe
from components.app_service.spec import OWN_CONTAINER, AppServiceSpec, ResourcesSpec
from components.connections import SecretKey
from components.folders import CONFIG_FOLDER, SECRETS_FOLDER
from components.targets.kubernetes import restricted_container, restricted_pod
from components.vocabulary import is_pinned, seconds

CONTAINER = OWN_CONTAINER
"""The autoscaler measures it alone."""

SECRETS = "secrets"

DATA = "data"
"""Name of the claim template of a stateful app; the claims are called after it."""


@dataclass(frozen=True, kw_only=True)
class Around:
    """What stands in the namespace already when a pod is described."""

    account: pulumi.Input[str]
    secret: pulumi.Output[str] | None
    """The app's own Secret, where it has one."""
    config: pulumi.Output[str] | None
    """The app's own ConfigMap, where it has one."""
    zones: int


def template(name: str, spec: AppServiceSpec, delivery: Delivery, around: Around) -> PodTemplateSpecArgs:
    """The pod of a replica."""
    volumes = list(_volumes(spec, delivery, around))
    mounts = [mount for _, mount in volumes]
    pod = _pod(spec, around, [volume for volume, _ in volumes])
    if isinstance(spec, StatefulSpec):
        mounts.append(VolumeMountArgs(name=DATA, mount_path=spec.storage.path))
    container = _container(spec, delivery, around.secret, mounts)
    container.ports = [
        ContainerPortArgs(name=port, container_port=number, protocol="TCP")
        for port, number in sorted(spec.ports.items())
    ] or None
    container.startup_probe = _startup(spec.probes)
    container.readiness_probe = _probe(spec.probes.readiness)
    container.liveness_probe = _probe(spec.probes.liveness)
    container.lifecycle = _lifecycle(spec)
    pod.containers = [container]
    pod.init_containers = list(_helpers(spec, mounts)) or None
    pod.termination_grace_period_seconds = spec.shutdown.grace_seconds
    pod.topology_spread_constraints = _spread(name, spec, around.zones)
    return PodTemplateSpecArgs(metadata=ObjectMetaArgs(labels=facts.selector(name)), spec=pod)


def batch_template(
    name: str,
    spec: AppServiceSpec,
    delivery: Delivery,
    around: Around,
    command: Sequence[str],
    setup: Sequence[ContainerArgs] = (),
) -> PodTemplateSpecArgs:
    """The pod of a run beside the replicas: same image, same files, own labels, no probes, and it ends."""
    volumes = list(_volumes(spec, delivery, around))
    pod = _pod(spec, around, [volume for volume, _ in volumes])
    container = _container(spec, delivery, around.secret, [mount for _, mount in volumes])
    container.command = list(command)
    pod.containers = [container]
    pod.init_containers = list(setup) or None
    pod.restart_policy = "Never"
    return PodTemplateSpecArgs(metadata=ObjectMetaArgs(labels=facts.batch_selector(name)), spec=pod)


def with_variables(template: PodTemplateSpecArgs, told: Mapping[str, str]) -> PodTemplateSpecArgs:
    """The same pod, whose container is told more."""
    container = cast("ContainerArgs", cast("list[object]", cast("PodSpecArgs", template.spec).containers)[0])
    known = cast("list[EnvVarArgs] | None", container.env)
    container.env = [*(known or []), *(EnvVarArgs(name=name, value=value) for name, value in told.items())]
    return template


def _pod(spec: AppServiceSpec, around: Around, volumes: list[VolumeArgs]) -> PodSpecArgs:
    kubernetes = spec.kubernetes
    return PodSpecArgs(
        service_account_name=around.account,
        automount_service_account_token=False,
        enable_service_links=False,
        security_context=restricted_pod(spec.user),
        priority_class_name=None if kubernetes is None else kubernetes.priority_class,
        runtime_class_name=None if spec.isolation is None else spec.isolation.runtime_class,
        node_selector=None if kubernetes is None or not kubernetes.node_selector else dict(kubernetes.node_selector),
        containers=[],
        volumes=volumes or None,
    )


def _container(
    spec: AppServiceSpec, delivery: Delivery, secret: pulumi.Output[str] | None, mounts: list[VolumeMountArgs]
) -> ContainerArgs:
    return ContainerArgs(
        name=CONTAINER,
        image=spec.image,
        image_pull_policy="IfNotPresent" if is_pinned(spec.image) else "Always",
        command=None if spec.command is None else list(spec.command),
        env=list(_variables(delivery, secret)) or None,
        resources=_resources(spec.resources, spec.most_cpu),
        security_context=restricted_container(),
        volume_mounts=mounts or None,
    )


def _helpers(spec: AppServiceSpec, mounts: Sequence[VolumeMountArgs]) -> Iterator[ContainerArgs]:
    """Sidecars first, so that init containers may use them; a sidecar is an init container that goes on running."""
    if spec.kubernetes is None:
        return
    shared = [mount for mount in mounts if mount.name != SECRETS] or None
    for block, policy in ((spec.kubernetes.sidecars, "Always"), (spec.kubernetes.init, None)):
        for name, helper in sorted(block.items()):
            yield ContainerArgs(
                name=name,
                image=helper.image,
                image_pull_policy="IfNotPresent",
                command=None if helper.command is None else list(helper.command),
                env=[EnvVarArgs(name=key, value=value) for key, value in sorted(helper.env.items())] or None,
                resources=_resources(
                    ResourcesSpec(cpu=helper.cpu, memory=helper.memory), None if spec.isolation is None else helper.cpu
                ),
                security_context=restricted_container(),
                restart_policy=policy,
                volume_mounts=shared,
            )


def _variables(delivery: Delivery, secret: pulumi.Output[str] | None) -> Iterator[EnvVarArgs]:
    for name, value in delivery.variables.items():
        yield EnvVarArgs(name=name, value=value)
    for name, value in delivery.secret_variables.items():
        at = _location(name, value, secret)
        yield EnvVarArgs(
            name=name,
            value_from=EnvVarSourceArgs(secret_key_ref=SecretKeySelectorArgs(name=at.secret, key=at.key)),
        )


def _location(name: str, value: SecretValue, own: pulumi.Output[str] | None) -> SecretKey:
    if value.at is not None:
        return value.at
    assert own is not None, "a value of the app's own has brought the app's Secret into being"
    return SecretKey(secret=own, key=name)


def _resources(spec: ResourcesSpec, most_cpu: str | None) -> ResourceRequirementsArgs:
    common = {"memory": spec.memory, "ephemeral-storage": spec.ephemeral_storage}
    limit = {} if most_cpu is None else {"cpu": most_cpu}
    return ResourceRequirementsArgs(requests={**common, "cpu": spec.cpu}, limits={**common, **limit})


def _lifecycle(spec: AppServiceSpec) -> LifecycleArgs:
    """Removal of endpoints races with the stop signal: serve on until everybody has heard of it."""
    pause = seconds(spec.shutdown.pre_stop)
    return LifecycleArgs(pre_stop=LifecycleHandlerArgs(sleep=SleepActionArgs(seconds=pause)))


def _probe(probe: Probe | None) -> ProbeArgs | None:
    return None if probe is None else _asked(probe)


def _asked(probe: Probe) -> ProbeArgs:
    arguments = ProbeArgs(
        period_seconds=seconds(probe.every),
        timeout_seconds=seconds(probe.timeout),
        failure_threshold=probe.failures,
    )
    match probe:
        case HttpProbe(http=path, port=port):
            arguments.http_get = HTTPGetActionArgs(path=path, port=port)
        case TcpProbe(tcp=port):
            arguments.tcp_socket = TCPSocketActionArgs(port=port)
        case CommandProbe(command=command):
            arguments.exec_ = ExecActionArgs(command=list(command))
    return arguments


def _startup(probes: ProbesSpec) -> ProbeArgs | None:
    """Asked until the budget is used up; the other probes begin after it."""
    if (probe := probes.first) is None:
        return None
    arguments = _asked(probe)
    arguments.failure_threshold = math.ceil(seconds(probes.startup_budget) / seconds(probe.every))
    return arguments


def _spread(name: str, spec: AppServiceSpec, zones: int) -> list[TopologySpreadConstraintArgs] | None:
    """Over nodes if possible; over zones by force once there is a replica for each."""
    if spec.most_replicas == 1:
        return None
    by_force = zones > 1 and spec.fewest_replicas >= zones
    places = (("kubernetes.io/hostname", False), ("topology.kubernetes.io/zone", by_force))
    return [
        TopologySpreadConstraintArgs(
            topology_key=key,
            max_skew=1,
            when_unsatisfiable="DoNotSchedule" if force else "ScheduleAnyway",
            label_selector=LabelSelectorArgs(match_labels=facts.selector(name)),
            # Count only the new version, or the old one's places decide where the new one may go.
            match_label_keys=["pod-template-hash" if isinstance(spec, RollingSpec) else "controller-revision-hash"],
            node_taints_policy="Honor",
        )
        for key, force in places
    ]


def _volumes(spec: AppServiceSpec, delivery: Delivery, around: Around) -> Iterator[tuple[VolumeArgs, VolumeMountArgs]]:
    for index, (path, size) in enumerate(sorted(spec.scratch.items())):
        yield (
            VolumeArgs(name=f"scratch-{index}", empty_dir=EmptyDirVolumeSourceArgs(size_limit=size)),
            VolumeMountArgs(name=f"scratch-{index}", mount_path=path),
        )
    if around.config is not None:
        yield (
            VolumeArgs(name="config", config_map=ConfigMapVolumeSourceArgs(name=around.config, default_mode=0o444)),
            VolumeMountArgs(name="config", mount_path=CONFIG_FOLDER, read_only=True),
        )
    if delivery.files:
        yield (
            VolumeArgs(name=SECRETS, projected=_secret_files(delivery.files, around.secret)),
            VolumeMountArgs(name=SECRETS, mount_path=SECRETS_FOLDER, read_only=True),
        )


def _secret_files(files: Mapping[str, SecretValue], secret: pulumi.Output[str] | None) -> ProjectedVolumeSourceArgs:
    """One folder from several Secrets: only the named keys, readable by the app's group alone."""
    return ProjectedVolumeSourceArgs(
        default_mode=0o440,
        sources=[
            VolumeProjectionArgs(
                secret=SecretProjectionArgs(name=at.secret, items=[KeyToPathArgs(key=at.key, path=name)])
            )
            for name, value in files.items()
            for at in (_location(name, value, secret),)
        ],
    )
