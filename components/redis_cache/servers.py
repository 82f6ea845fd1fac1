"""The servers of a RedisCache on Kubernetes: one StatefulSet, each pod with an exporter beside the server."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet, StatefulSetSpecArgs, StatefulSetUpdateStrategyArgs
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    ContainerPortArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    ExecActionArgs,
    LifecycleArgs,
    LifecycleHandlerArgs,
    ObjectFieldSelectorArgs,
    PersistentVolumeClaimArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components import versions
from components.folders import CONFIG_FOLDER, TLS_FOLDER
from components.redis_cache import configuration, facts, workload
from components.redis_cache.spec import ReplicatedSpec
from components.redis_cache.workload import Role
from components.targets.kubernetes import metadata, restricted_container, restricted_pod

USER = 999
"""The images' own user, of either engine."""

START_SECONDS = 300
"""For a volume, an image, the Sentinels' word and the data; then the container is started anew."""

STOP_SECONDS = 60
"""Handing over takes 25 s at most, and a store writes its file after it."""

EXPORTER_FOLDER = "/run/exporter"
ADDRESS = f"rediss://exporter@localhost:{facts.PORT}"

VolumePair = tuple[VolumeArgs, VolumeMountArgs]


def create(
    role: Role, passwords: Mapping[str, pulumi.Output[str]], acl: pulumi.Output[str], after: Sequence[pulumi.Resource]
) -> StatefulSet:
    spec = role.spec
    count = spec.servers if isinstance(spec, ReplicatedSpec) else 1
    volumes = [] if spec.storage is None else workload.claims(role, count, spec.storage)
    if count > 1:
        workload.disruption(role)
    return StatefulSet(
        f"{role.name}-server",
        metadata=metadata(role.target, role.labels, role.name),
        spec=StatefulSetSpecArgs(
            service_name=f"{role.instance}-servers",
            replicas=count,
            selector=LabelSelectorArgs(match_labels=dict(role.labels)),
            # In order, the first would wait to be ready for a primary that is not started before it is.
            pod_management_policy="Parallel",
            update_strategy=StatefulSetUpdateStrategyArgs(type="RollingUpdate"),
            min_ready_seconds=10 if count > 1 else 0,
            template=_template(role, count, passwords, acl),
            volume_claim_templates=None if spec.storage is None else [_template_claim(role, spec.storage)],
        ),
        opts=pulumi.ResourceOptions.merge(
            role.options,
            pulumi.ResourceOptions(
                depends_on=[*after, *volumes],
                # Claims are objects of their own; the template only gives them their names, and can't be changed.
                ignore_changes=["spec.volumeClaimTemplates"],
                custom_timeouts=pulumi.CustomTimeouts(
                    create=f"{START_SECONDS + 300}s", update=f"{count * (START_SECONDS + STOP_SECONDS)}s"
                ),
            ),
        ),
    )


def _template_claim(role: Role, size: str) -> PersistentVolumeClaimArgs:
    return PersistentVolumeClaimArgs(metadata=ObjectMetaArgs(name="data"), spec=workload.claim(role, size))


def _template(
    role: Role, count: int, passwords: Mapping[str, pulumi.Output[str]], acl: pulumi.Output[str]
) -> PodTemplateSpecArgs:
    spec = role.spec
    secrets: dict[str, pulumi.Input[str]] = {
        "users.acl": acl,
        "health": passwords["health"],
        "passwords.json": passwords["exporter"].apply(lambda known: json.dumps({ADDRESS: known})),
    }
    files = {"server.conf": configuration.server(spec, tls=True), "health.sh": configuration.script("health.sh")}
    if isinstance(spec, ReplicatedSpec):
        secrets["replication"] = passwords["replication"]
        files |= {name: configuration.script(name) for name in ("start-server.sh", "step-down.sh")}
    secret = workload.secret(role, secrets)
    own: list[VolumePair] = [
        workload.config_volume(workload.config(role, files)),
        workload.secret_volume(secret, sorted(secrets.keys() - {"passwords.json"})),
        workload.tls_volume(role, with_key=True),
        workload.scratch("server", "/run/server", "1Mi", in_memory=True),
    ]
    if spec.storage is None:
        own.append(workload.scratch("data", configuration.DATA_FOLDER, "16Mi", in_memory=False))
    beside = workload.secret_volume(secret, ["passwords.json"], EXPORTER_FOLDER)
    mounts = [mount for _, mount in own] + ([workload.data_mount()] if spec.storage is not None else [])
    own_tls = workload.tls_volume(role, with_key=False)[1]
    return PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(labels=dict(role.labels)),
        spec=PodSpecArgs(
            service_account_name=role.account,
            automount_service_account_token=False,
            enable_service_links=False,
            termination_grace_period_seconds=STOP_SECONDS,
            security_context=restricted_pod(role.user),
            priority_class_name=role.kubernetes.priority_class,
            node_selector=dict(role.kubernetes.node_selector) or None,
            affinity=workload.one_per_node(role) if count > 1 else None,
            topology_spread_constraints=workload.over_zones(role, count) if count > 1 else None,
            containers=[_server(role, mounts), _exporter([own_tls, beside[1]])],
            volumes=[*(volume for volume, _ in own), beside[0]],
        ),
    )


def _server(role: Role, mounts: Sequence[VolumeMountArgs]) -> ContainerArgs:
    spec = role.spec
    replicated = isinstance(spec, ReplicatedSpec)
    return ContainerArgs(
        name="server",
        image=versions.REDIS_KUBERNETES[spec.engine] if spec.image is None else spec.image,
        image_pull_policy="IfNotPresent",
        command=["sh", f"{CONFIG_FOLDER}/start-server.sh"]
        if replicated
        else [f"{spec.engine}-server", f"{CONFIG_FOLDER}/server.conf"],
        ports=[ContainerPortArgs(name="redis", container_port=facts.PORT, protocol="TCP")],
        env=[
            EnvVarArgs(name="ENGINE", value=spec.engine),
            EnvVarArgs(name="CLI_OPTIONS", value=workload.TLS_OPTIONS),
            *(group_variables(role, spec, "servers") if isinstance(spec, ReplicatedSpec) else ()),
        ],
        resources=workload.resources(spec.cpu, spec.memory),
        security_context=restricted_container(),
        startup_probe=workload.probe("alive", every=5, failures=START_SECONDS // 5),
        readiness_probe=workload.probe("ready", every=5, failures=3),
        liveness_probe=workload.probe("alive", every=10, failures=6),
        lifecycle=LifecycleArgs(
            pre_stop=LifecycleHandlerArgs(exec_=ExecActionArgs(command=["sh", f"{CONFIG_FOLDER}/step-down.sh"]))
        )
        if replicated
        else None,
        volume_mounts=list(mounts),
    )


def group_variables(role: Role, spec: ReplicatedSpec, service: str) -> list[EnvVarArgs]:
    """What the start scripts read, of servers and of Sentinels."""
    domain = role.target.domain
    return [
        EnvVarArgs(
            name="POD",
            value_from=EnvVarSourceArgs(field_ref=ObjectFieldSelectorArgs(field_path="metadata.name")),
        ),
        EnvVarArgs(name="SELF", value=f"$(POD).{role.instance}-{service}.{domain}"),
        EnvVarArgs(name="GROUP", value=role.instance),
        EnvVarArgs(name="SENTINELS", value=" ".join(facts.sentinel_hosts(role.instance, spec.sentinels, domain))),
        EnvVarArgs(name="SERVERS", value=" ".join(facts.server_hosts(role.instance, spec.servers, domain))),
        EnvVarArgs(name="MAJORITY", value=str(spec.majority)),
        EnvVarArgs(name="QUORUM", value=str(spec.majority if spec.quorum is None else spec.quorum)),
    ]


def _exporter(mounts: Sequence[VolumeMountArgs]) -> ContainerArgs:
    """https://github.com/oliver006/redis_exporter#command-line-flags"""
    return ContainerArgs(
        name="exporter",
        image=versions.REDIS_EXPORTER,
        image_pull_policy="IfNotPresent",
        ports=[ContainerPortArgs(name="metrics", container_port=facts.EXPORTER_PORT, protocol="TCP")],
        env=[
            EnvVarArgs(name="REDIS_ADDR", value=f"rediss://localhost:{facts.PORT}"),
            EnvVarArgs(name="REDIS_USER", value="exporter"),
            EnvVarArgs(name="REDIS_PASSWORD_FILE", value=f"{EXPORTER_FOLDER}/passwords.json"),
            EnvVarArgs(name="REDIS_EXPORTER_TLS_CA_CERT_FILE", value=f"{TLS_FOLDER}/ca.crt"),
            # The answer holds the replication password, so the exporter's user may not ask.
            EnvVarArgs(name="REDIS_EXPORTER_CONFIG_COMMAND", value="-"),
        ],
        resources=workload.resources(facts.EXPORTER_CPU, facts.EXPORTER_MEMORY),
        security_context=restricted_container(),
        volume_mounts=list(mounts),
    )
