"""CDNFrontend on Kubernetes: nginx beside the site's images, which are mounted and never run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

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
    ContainerPortArgs,
    EmptyDirVolumeSourceArgs,
    HTTPGetActionArgs,
    ImageVolumeSourceArgs,
    LifecycleArgs,
    LifecycleHandlerArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    ResourceRequirementsArgs,
    Service,
    ServiceAccount,
    ServicePortArgs,
    ServiceSpecArgs,
    SleepActionArgs,
    TopologySpreadConstraintArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetSpecArgs

from components import versions
from components.app_service.scaling_kubernetes import by_load
from components.cdn_frontend import facts
from components.cdn_frontend.nginx import configuration
from components.cdn_frontend.spec import CdnFrontendSpec
from components.connections import Edge, Gate, asked_on
from components.folders import CONFIG_FOLDER
from components.nginx import counting
from components.nginx.render import Place
from components.targets import KubernetesTarget
from components.targets.kubernetes import metadata, network_policy, restricted_container, restricted_pod
from components.vocabulary import size_bytes

CONTAINER = "nginx"
"""For ever: the autoscaler names it."""
NOBODY = 65534
NGINX_USER = 101
"""User of the nginx-unprivileged images."""
PRE_STOP_SECONDS = 10
GRACE_SECONDS = PRE_STOP_SECONDS + 35
"""nginx's own `worker_shutdown_timeout` is 30 s."""
PATIENCE_SECONDS = 120
"""For one pod: a node, two images, and the first answer."""


def create(
    name: str,
    spec: CdnFrontendSpec,
    ports: Mapping[str, int],
    target: KubernetesTarget,
    *,
    edges: tuple[Sequence[Edge], Sequence[Edge]],
    gates: Sequence[Gate],
    parent: pulumi.Resource,
) -> Gate:
    labels = facts.selector(name)
    opts = pulumi.ResourceOptions(parent=parent, provider=target.provider)
    account = ServiceAccount(
        f"{name}-account", metadata=metadata(target, labels, name), automount_service_account_token=False, opts=opts
    )
    network_policy(name, labels, labels, edges, target, parent)
    service = Service(
        f"{name}-service",
        metadata=metadata(target, labels, name),
        spec=ServiceSpecArgs(
            selector=labels,
            ports=[ServicePortArgs(name="http", port=facts.PORT, target_port="http", protocol="TCP")],
        ),
        # Endpoints come with the Deployment, which comes later; waiting for them here would wait for ever.
        opts=pulumi.ResourceOptions(parent=parent, provider=target.provider, depends_on=[account]),
    )
    counted = asked_on(edges[0], counting.PORT)
    config = _config(name, labels, spec, ports, target, opts, counted=counted)
    beside = [_counter()] if counted else []
    _deployment(
        name,
        labels,
        spec,
        account.metadata.name,
        config.metadata.name,
        target,
        beside=beside,
        parent=parent,
        gates=gates,
    )
    if spec.autoscaling is not None:
        by_load(name, labels, spec.autoscaling, CONTAINER, target, opts)
    if spec.fewest_replicas > 1:  # a budget over a single replica would block every drain
        PodDisruptionBudget(
            f"{name}-disruption",
            metadata=metadata(target, labels, name),
            spec=PodDisruptionBudgetSpecArgs(
                selector=LabelSelectorArgs(match_labels=labels),
                max_unavailable=1,
                unhealthy_pod_eviction_policy="AlwaysAllow",
            ),
            opts=opts,
        )
    return Gate(resources=(service,))


def _config(
    name: str,
    labels: dict[str, str],
    spec: CdnFrontendSpec,
    ports: Mapping[str, int],
    target: KubernetesTarget,
    opts: pulumi.ResourceOptions,
    *,
    counted: bool,
) -> ConfigMap:
    place = Place(resolver="", counter=counting.LOOPBACK if counted else "")
    return ConfigMap(
        f"{name}-config",
        metadata=metadata(target, labels),
        data={
            "config.json": facts.config_json(spec),
            # One process for each core of the node would be far too many for this share of one.
            "nginx.conf": configuration(name, spec, ports, place, workers="2"),
            **({counting.PROGRAM_FILE: counting.program("site")} if counted else {}),
        },
        immutable=True,
        opts=opts,
    )


def _deployment(
    name: str,
    labels: dict[str, str],
    spec: CdnFrontendSpec,
    account: pulumi.Input[str],
    config: pulumi.Input[str],
    target: KubernetesTarget,
    *,
    beside: list[ContainerArgs],
    parent: pulumi.Resource,
    gates: Sequence[Gate],
) -> None:
    patience = f"{spec.most_replicas * (PATIENCE_SECONDS + GRACE_SECONDS)}s"
    volumes = list(_volumes(spec, config))
    Deployment(
        f"{name}-deployment",
        metadata=metadata(target, labels, name),
        spec=DeploymentSpecArgs(
            # Two that write this number would fight over it.
            replicas=spec.replicas if spec.autoscaling is None else None,
            selector=LabelSelectorArgs(match_labels=labels),
            strategy=DeploymentStrategyArgs(
                type="RollingUpdate",
                rolling_update=RollingUpdateDeploymentArgs(max_surge=facts.SURGE, max_unavailable=0),
            ),
            min_ready_seconds=5,
            progress_deadline_seconds=PATIENCE_SECONDS,
            revision_history_limit=5,
            template=PodTemplateSpecArgs(
                metadata=ObjectMetaArgs(labels=labels),
                spec=PodSpecArgs(
                    service_account_name=account,
                    automount_service_account_token=False,
                    enable_service_links=False,
                    termination_grace_period_seconds=GRACE_SECONDS,
                    security_context=restricted_pod(NGINX_USER),
                    topology_spread_constraints=_spread(labels, spec, target.zones),
                    containers=[_container(spec, [mount for _, mount in volumes]), *beside],
                    volumes=[volume for volume, _ in volumes],
                ),
            ),
        ),
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=target.provider,
            depends_on=[resource for gate in gates for resource in gate.resources],
            custom_timeouts=pulumi.CustomTimeouts(create=patience, update=patience),
        ),
    )


def _container(spec: CdnFrontendSpec, mounts: list[VolumeMountArgs]) -> ContainerArgs:
    resources = {"memory": spec.memory, "ephemeral-storage": str(_disk(spec))}
    return ContainerArgs(
        name=CONTAINER,
        image=versions.NGINX_KUBERNETES,
        image_pull_policy="IfNotPresent",
        command=["nginx", "-c", f"{CONFIG_FOLDER}/nginx.conf", "-e", "stderr"],
        ports=[ContainerPortArgs(name="http", container_port=facts.PORT, protocol="TCP")],
        resources=ResourceRequirementsArgs(requests={**resources, "cpu": spec.cpu}, limits=resources),
        security_context=restricted_container(),
        startup_probe=_probe(failures=15, every=2),
        readiness_probe=_probe(failures=3, every=5),
        liveness_probe=_probe(failures=6, every=10),
        lifecycle=LifecycleArgs(pre_stop=LifecycleHandlerArgs(sleep=SleepActionArgs(seconds=PRE_STOP_SECONDS))),
        volume_mounts=mounts,
    )


def _counter() -> ContainerArgs:
    """mtail, told by nginx over the pod's own loopback. A site serves without it, so nothing depends on its health."""
    limits = {"memory": counting.MEMORY, "ephemeral-storage": counting.DISK}
    return ContainerArgs(
        name="exporter",
        image=versions.MTAIL,
        image_pull_policy="IfNotPresent",
        command=counting.arguments(f"udp://{counting.LOOPBACK}", "/run/config"),
        ports=[ContainerPortArgs(name=counting.PORT_NAME, container_port=counting.PORT, protocol="TCP")],
        resources=ResourceRequirementsArgs(requests={**limits, "cpu": counting.CPU}, limits=limits),
        security_context=restricted_container(NOBODY),
        volume_mounts=[VolumeMountArgs(name="config", mount_path="/run/config", read_only=True)],
    )


def _probe(*, failures: int, every: int) -> ProbeArgs:
    return ProbeArgs(
        http_get=HTTPGetActionArgs(path="/healthz", port="http"),
        period_seconds=every,
        timeout_seconds=2,
        failure_threshold=failures,
    )


def _disk(spec: CdnFrontendSpec) -> int:
    return size_bytes(facts.SCRATCH) + size_bytes(spec.cache.size)


def _volumes(spec: CdnFrontendSpec, config: pulumi.Input[str]) -> Iterator[tuple[VolumeArgs, VolumeMountArgs]]:
    yield (
        VolumeArgs(name="config", config_map=ConfigMapVolumeSourceArgs(name=config, default_mode=0o444)),
        VolumeMountArgs(name="config", mount_path=CONFIG_FOLDER, read_only=True),
    )
    images = {"site": (spec.image, "/srv/current"), "previous": (spec.previous_image, "/srv/previous")}
    for volume, (reference, path) in images.items():
        if reference is not None:
            yield (
                VolumeArgs(name=volume, image=ImageVolumeSourceArgs(reference=reference, pull_policy="IfNotPresent")),
                VolumeMountArgs(name=volume, mount_path=path, sub_path=spec.root.removeprefix("/"), read_only=True),
            )
    yield (
        VolumeArgs(name="scratch", empty_dir=EmptyDirVolumeSourceArgs(size_limit=str(_disk(spec)))),
        VolumeMountArgs(name="scratch", mount_path="/tmp"),  # noqa: S108  # a path inside the container
    )


def _spread(labels: dict[str, str], spec: CdnFrontendSpec, zones: int) -> list[TopologySpreadConstraintArgs] | None:
    """Over nodes if possible; over zones by force once there is a replica for each."""
    if spec.fewest_replicas == 1:
        return None
    places = (
        ("kubernetes.io/hostname", False),
        ("topology.kubernetes.io/zone", zones > 1 and spec.fewest_replicas >= zones),
    )
    return [
        TopologySpreadConstraintArgs(
            topology_key=key,
            max_skew=1,
            when_unsatisfiable="DoNotSchedule" if force else "ScheduleAnyway",
            label_selector=LabelSelectorArgs(match_labels=labels),
            match_label_keys=["pod-template-hash"],
            node_taints_policy="Honor",
        )
        for key, force in places
    ]
