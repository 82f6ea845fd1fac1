"""Two HAProxies in front of a replicated RedisCache, for apps that can't ask Sentinels. https://docs.haproxy.org/3.2/"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.apps.v1 import (
    Deployment,
    DeploymentSpecArgs,
    DeploymentStrategyArgs,
    RollingUpdateDeploymentArgs,
)
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    ContainerPortArgs,
    HTTPGetActionArgs,
    LifecycleArgs,
    LifecycleHandlerArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    Service,
    ServicePortArgs,
    ServiceSpecArgs,
    SleepActionArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components import versions
from components.folders import SECRETS_FOLDER
from components.redis_cache import configuration, facts, workload
from components.redis_cache.spec import ReplicatedSpec
from components.redis_cache.workload import Role
from components.targets.kubernetes import metadata, restricted_container, restricted_pod

USER = 99
"""The image's own user."""


def create(
    role: Role, spec: ReplicatedSpec, password: pulumi.Output[str], after: Sequence[pulumi.Resource]
) -> Deployment:
    hosts = facts.server_hosts(role.instance, spec.servers, role.target.domain)
    text = password.apply(lambda known: configuration.proxy(spec, hosts, known))
    volumes = [
        workload.secret_volume(workload.secret(role, {"haproxy.cfg": text}), ["haproxy.cfg"]),
        workload.tls_volume(role, with_key=False),
    ]
    workload.disruption(role)
    Service(
        f"{role.name}-service",
        metadata=metadata(role.target, role.labels, role.name),
        spec=ServiceSpecArgs(
            selector=dict(role.labels),
            ports=[ServicePortArgs(name="redis", port=facts.PORT, target_port="redis", protocol="TCP")],
        ),
        opts=role.options,
    )
    container = _container([mount for _, mount in volumes])
    return Deployment(
        f"{role.name}-deployment",
        metadata=metadata(role.target, role.labels, role.name),
        spec=DeploymentSpecArgs(
            replicas=facts.PROXIES,
            selector=LabelSelectorArgs(match_labels=dict(role.labels)),
            strategy=DeploymentStrategyArgs(
                type="RollingUpdate", rolling_update=RollingUpdateDeploymentArgs(max_surge=1, max_unavailable=0)
            ),
            template=PodTemplateSpecArgs(
                metadata=ObjectMetaArgs(labels=dict(role.labels)),
                spec=PodSpecArgs(
                    service_account_name=role.account,
                    automount_service_account_token=False,
                    enable_service_links=False,
                    termination_grace_period_seconds=configuration.PROXY_STOP_SECONDS + 10,
                    security_context=restricted_pod(role.user),
                    priority_class_name=role.kubernetes.priority_class,
                    node_selector=dict(role.kubernetes.node_selector) or None,
                    topology_spread_constraints=workload.over_zones(role, facts.PROXIES),
                    containers=[container],
                    volumes=[volume for volume, _ in volumes],
                ),
            ),
        ),
        opts=pulumi.ResourceOptions.merge(role.options, pulumi.ResourceOptions(depends_on=list(after))),
    )


def _container(mounts: Sequence[VolumeMountArgs]) -> ContainerArgs:
    status = HTTPGetActionArgs(path="/healthz", port="metrics")
    return ContainerArgs(
        name="proxy",
        image=versions.HAPROXY,
        image_pull_policy="IfNotPresent",
        command=["haproxy", "-db", "-f", f"{SECRETS_FOLDER}/haproxy.cfg"],
        ports=[
            ContainerPortArgs(name="redis", container_port=facts.PORT, protocol="TCP"),
            ContainerPortArgs(name="metrics", container_port=facts.PROXY_STATUS_PORT, protocol="TCP"),
        ],
        resources=workload.resources(facts.PROXY_CPU, facts.PROXY_MEMORY),
        security_context=restricted_container(),
        # That there is no primary is no reason to take the proxies away too: they will be the first to know.
        readiness_probe=ProbeArgs(http_get=status, period_seconds=5, failure_threshold=3),
        # A busy one is left out after 15 s and keeps its connections; only one that hangs for a minute loses them.
        liveness_probe=ProbeArgs(http_get=status, period_seconds=5, failure_threshold=12),
        # New connections stop coming before the old ones are closed.
        lifecycle=LifecycleArgs(pre_stop=LifecycleHandlerArgs(sleep=SleepActionArgs(seconds=5))),
        volume_mounts=list(mounts),
    )
