"""The stateful kind on Kubernetes: a StatefulSet, and volume claims that are resources of their own.

A claim that a StatefulSet makes can't be protected and can't grow: `volumeClaimTemplates` is immutable. So each claim is
made here, under the name that the template gives, and the controller adopts it. Growing patches the claims; the
template keeps the size it was made with, which decides nothing once the claims exist.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.apps.v1 import (
    RollingUpdateStatefulSetStrategyArgs,
    StatefulSet,
    StatefulSetPersistentVolumeClaimRetentionPolicyArgs,
    StatefulSetSpecArgs,
    StatefulSetUpdateStrategyArgs,
)
from pulumi_kubernetes.core.v1 import (
    PersistentVolumeClaim,
    PersistentVolumeClaimArgs,
    PersistentVolumeClaimSpecArgs,
    PodTemplateSpecArgs,
    Service,
    ServicePortArgs,
    ServiceSpecArgs,
    VolumeResourceRequirementsArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components.app_service import facts, pod
from components.app_service.kinds import StatefulSpec
from components.targets import KubernetesTarget
from components.targets.kubernetes import guarded, kept, metadata
from components.vocabulary import seconds

NOT_AWAITED = {"pulumi.com/skipAwait": "true"}

SCHEDULING_SECONDS = 120
"""For a volume to be made and attached, on top of what the app itself needs."""


def create(
    name: str,
    spec: StatefulSpec,
    template: PodTemplateSpecArgs,
    target: KubernetesTarget,
    *,
    parent: pulumi.Resource,
    before: Sequence[pulumi.Resource],
) -> StatefulSet:
    labels = facts.selector(name)
    claims = [_claim(name, spec, index, target, parent) for index in range(spec.replicas)]
    members = _members(name, labels, spec, target, parent)
    each = seconds(spec.probes.startup_budget) + spec.shutdown.grace_seconds + SCHEDULING_SECONDS
    patience = f"{spec.replicas * each}s"
    return StatefulSet(
        f"{name}-stateful-set",
        metadata=metadata(target, labels, name, None if spec.is_awaited else NOT_AWAITED),
        spec=StatefulSetSpecArgs(
            replicas=spec.replicas,
            service_name=members.metadata.name,
            selector=LabelSelectorArgs(match_labels=labels),
            # Hours to the first readiness: the next replica need not wait for it. Updates still go one by one.
            pod_management_policy="Parallel",
            update_strategy=StatefulSetUpdateStrategyArgs(
                type="RollingUpdate", rolling_update=RollingUpdateStatefulSetStrategyArgs(partition=0)
            ),
            persistent_volume_claim_retention_policy=StatefulSetPersistentVolumeClaimRetentionPolicyArgs(
                when_deleted="Retain", when_scaled="Retain"
            ),
            template=template,
            volume_claim_templates=[
                PersistentVolumeClaimArgs(metadata=ObjectMetaArgs(name=pod.DATA), spec=_claim_spec(spec, target))
            ],
        ),
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=target.provider,
            depends_on=[*claims, *before],
            ignore_changes=["spec.volumeClaimTemplates"],
            custom_timeouts=pulumi.CustomTimeouts(create=patience, update=patience),
        ),
    )


def _claim(
    name: str, spec: StatefulSpec, index: int, target: KubernetesTarget, parent: pulumi.Resource
) -> PersistentVolumeClaim:
    return PersistentVolumeClaim(
        f"{name}-data-{index}",
        # Bound only once a pod wants it, where the class waits for one: the pod is what is awaited.
        metadata=metadata(
            target,
            guarded(facts.selector(name), protect=spec.deletion_protection),
            f"{pod.DATA}-{name}-{index}",
            NOT_AWAITED,
        ),
        spec=_claim_spec(spec, target),
        opts=kept(parent, target, protect=spec.deletion_protection),
    )


def _claim_spec(spec: StatefulSpec, target: KubernetesTarget) -> PersistentVolumeClaimSpecArgs:
    assert spec.storage.size is not None, "the loader refuses a stack on Kubernetes without it"
    return PersistentVolumeClaimSpecArgs(
        access_modes=["ReadWriteOnce"],
        storage_class_name=spec.storage.storage_class or target.storage_class,
        volume_mode="Filesystem",
        resources=VolumeResourceRequirementsArgs(requests={"storage": spec.storage.size}),
    )


def _members(
    name: str, labels: dict[str, str], spec: StatefulSpec, target: KubernetesTarget, parent: pulumi.Resource
) -> Service:
    """Gives each replica a name of its own: `{name}-0.{name}-members`."""
    return Service(
        f"{name}-members",
        metadata=metadata(target, labels, f"{name}-members", NOT_AWAITED),
        spec=ServiceSpecArgs(
            cluster_ip="None",
            publish_not_ready_addresses=True,
            selector=labels,
            ports=[
                ServicePortArgs(name=port, port=number, target_port=port, protocol="TCP")
                for port, number in sorted(spec.ports.items())
            ],
        ),
        opts=pulumi.ResourceOptions(parent=parent, provider=target.provider),
    )
