"""AppService on Kubernetes: the objects around the pod."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import assert_never

import pulumi
from pulumi_kubernetes.apps.v1 import (
    Deployment,
    DeploymentSpecArgs,
    DeploymentStrategyArgs,
    RollingUpdateDeploymentArgs,
)
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    PodTemplateSpecArgs,
    Secret,
    Service,
    ServiceAccount,
    ServicePortArgs,
    ServiceSpecArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetSpecArgs

from components.app_service import batch_kubernetes as batch
from components.app_service import facts, named_hosts, pod, stateful_set
from components.app_service import scaling_kubernetes as scaling
from components.app_service.body import Made, Wiring
from components.app_service.delivery import Delivery
from components.app_service.kinds import AnyAppServiceSpec, RollingSpec, StatefulSpec, WebSpec, WorkerSpec
from components.app_service.spec import AppServiceSpec
from components.connections import Gate
from components.targets import KubernetesTarget
from components.targets.kubernetes import metadata, network_policy
from components.vocabulary import seconds

SCHEDULING_SECONDS = 60
"""For a pod to find a node and its image, on top of what the app itself needs."""


def create(
    name: str,
    spec: AnyAppServiceSpec,
    wiring: Wiring,
    target: KubernetesTarget,
    *,
    parent: pulumi.Resource,
) -> Made:
    labels = facts.selector(name)
    opts = pulumi.ResourceOptions(parent=parent, provider=target.provider)
    account = ServiceAccount(
        f"{name}-account",
        metadata=metadata(target, labels, name),
        automount_service_account_token=False,
        opts=opts,
    )
    network_policy(name, labels, labels, (wiring.inbound, wiring.outbound), target, parent)
    named_hosts.create(name, labels, wiring.outbound, target, parent)
    service = _service(name, labels, spec, target, account, parent) if spec.ports else None
    around = pod.Around(
        account=account.metadata.name,
        secret=_own_secret(name, labels, wiring.delivery, target, opts),
        config=_config(name, labels, spec, target, opts),
        zones=target.zones,
    )
    migrated = batch.create(name, spec, wiring, around, target, parent)
    before = [*(resource for gate in wiring.gates for resource in gate.resources), *migrated]
    template = pod.template(name, spec, wiring.delivery, around)
    match spec:
        case StatefulSpec():
            workload = stateful_set.create(name, spec, template, target, parent=parent, before=before)
        case WebSpec() | WorkerSpec():
            workload = _deployment(name, labels, spec, template, target, parent=parent, before=before)
            if spec.autoscaling is not None:
                scaling.create(name, labels, spec.autoscaling, wiring, target, opts)
        case _:
            assert_never(spec)
    last: pulumi.CustomResource = workload
    if spec.smoke is not None:
        last = batch.smoke(name, spec.smoke, spec, wiring, around, target, parent=parent, after=[workload])
    scaling.advice(name, labels, workload, target, opts)
    if spec.fewest_replicas > 1:  # a budget over a single replica would block every drain
        _disruption_budget(name, labels, spec, target, opts)
    return Made(gate=Gate(resources=(workload,) if service is None else (service,)), last=last)


def _service(
    name: str,
    labels: dict[str, str],
    spec: AppServiceSpec,
    target: KubernetesTarget,
    account: ServiceAccount,
    parent: pulumi.Resource,
) -> Service:
    return Service(
        f"{name}-service",
        metadata=metadata(target, labels, name),
        spec=ServiceSpecArgs(
            selector=labels,
            ports=[
                ServicePortArgs(name=port, port=number, target_port=port, protocol="TCP")
                for port, number in sorted(spec.ports.items())
            ],
        ),
        # Endpoints come with the workload, which comes later; waiting for them here would wait for ever.
        opts=pulumi.ResourceOptions(parent=parent, provider=target.provider, depends_on=[account]),
    )


def _own_secret(
    name: str, labels: dict[str, str], delivery: Delivery, target: KubernetesTarget, opts: pulumi.ResourceOptions
) -> pulumi.Output[str] | None:
    """The app's own secret values. Immutable and named by the engine: a changed value is a new Secret, and rolls the app."""
    # What migrations read differs only in what lies in a Secret of the database's.
    own = {
        key: secret.value
        for key, secret in sorted({**delivery.files, **delivery.secret_variables}.items())
        if secret.at is None and secret.value is not None
    }
    if not own:
        return None
    return Secret(
        f"{name}-secrets", metadata=metadata(target, labels), string_data=own, immutable=True, opts=opts
    ).metadata.name


def _config(
    name: str, labels: dict[str, str], spec: AppServiceSpec, target: KubernetesTarget, opts: pulumi.ResourceOptions
) -> pulumi.Output[str] | None:
    if not spec.config_files:
        return None
    return ConfigMap(
        f"{name}-config",
        metadata=metadata(target, labels),
        data=dict(sorted(spec.config_files.items())),
        immutable=True,
        opts=opts,
    ).metadata.name


def _deployment(
    name: str,
    labels: dict[str, str],
    spec: RollingSpec,
    template: PodTemplateSpecArgs,
    target: KubernetesTarget,
    *,
    parent: pulumi.Resource,
    before: Sequence[pulumi.Resource],
) -> Deployment:
    start = seconds(spec.probes.startup_budget) + seconds(spec.rollout.min_ready) + SCHEDULING_SECONDS
    waves = math.ceil(spec.most_replicas / spec.rollout.max_surge)
    patience = f"{waves * (start + spec.shutdown.grace_seconds)}s"
    return Deployment(
        f"{name}-deployment",
        metadata=metadata(target, labels, name),
        spec=DeploymentSpecArgs(
            # With an autoscaler the field is not ours: writing it would undo what the autoscaler did.
            replicas=spec.replicas if spec.autoscaling is None else None,
            selector=LabelSelectorArgs(match_labels=labels),
            strategy=DeploymentStrategyArgs(
                type="RollingUpdate",
                rolling_update=RollingUpdateDeploymentArgs(max_surge=spec.rollout.max_surge, max_unavailable=0),
            ),
            min_ready_seconds=seconds(spec.rollout.min_ready),
            progress_deadline_seconds=start,
            revision_history_limit=spec.rollout.history,
            template=template,
        ),
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=target.provider,
            depends_on=list(before),
            custom_timeouts=pulumi.CustomTimeouts(create=patience, update=patience),
        ),
    )


def _disruption_budget(
    name: str,
    labels: dict[str, str],
    spec: AppServiceSpec,
    target: KubernetesTarget,
    opts: pulumi.ResourceOptions,
) -> None:
    budget = spec.disruption
    unavailable = 1 if budget.max_unavailable is None and budget.min_available is None else budget.max_unavailable
    PodDisruptionBudget(
        f"{name}-disruption",
        metadata=metadata(target, labels, name),
        spec=PodDisruptionBudgetSpecArgs(
            selector=LabelSelectorArgs(match_labels=labels),
            max_unavailable=unavailable,
            min_available=budget.min_available,
            # A pod that is not ready protects nothing; without this, one broken replica blocks every drain.
            unhealthy_pod_eviction_policy="AlwaysAllow",
        ),
        opts=opts,
    )
