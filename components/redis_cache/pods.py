"""The pods of a RedisCache's servers on Kubernetes: the server, and an exporter beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import (
    AffinityArgs,
    ContainerArgs,
    ContainerPortArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    ExecActionArgs,
    LifecycleArgs,
    LifecycleHandlerArgs,
    ObjectFieldSelectorArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    TopologySpreadConstraintArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components import versions
from components.folders import CONFIG_FOLDER, TLS_FOLDER
from components.redis_cache import configuration, facts, workload
from components.redis_cache.workload import Role
from components.targets.kubernetes import restricted_container, restricted_pod

USER = 999
"""The images' own user, of either engine."""

START_SECONDS = 300
"""For a volume, an image, the others' word and the data; then the container is started anew."""

STOP_SECONDS = 60
"""Handing over takes 25 s at most, and a store writes its file after it."""

LOG_MEBIBYTES = 48
"""What a server may log before it is rotated, beside its files."""

EXPORTER_FOLDER = "/run/exporter"
ADDRESS = f"rediss://exporter@localhost:{facts.PORT}"

VolumePair = tuple[VolumeArgs, VolumeMountArgs]


@dataclass(frozen=True, kw_only=True)
class Manner:
    """What a mode changes about a server."""

    start: str | None = None
    """Script that starts it; None starts it as it is configured."""
    stop: str | None = None
    """Script that runs before it stops."""
    variables: tuple[EnvVarArgs, ...] = ()
    """What the scripts read."""
    bus: bool = False
    """Whether servers talk among themselves on a port of its own."""

    @property
    def scripts(self) -> tuple[str, ...]:
        return tuple(script for script in (self.start, self.stop) if script is not None)


@dataclass(frozen=True, kw_only=True)
class Files:
    """What all servers of an instance read: a ConfigMap, and keys of a Secret."""

    config: pulumi.Output[str]
    secret: pulumi.Output[str]
    keys: tuple[str, ...]
    """Those for the server itself."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the scheduler may put a pod."""

    affinity: AffinityArgs | None = None
    spread: list[TopologySpreadConstraintArgs] | None = None


def files(role: Role, manner: Manner, passwords: Mapping[str, pulumi.Output[str]], acl: pulumi.Output[str]) -> Files:
    secrets: dict[str, pulumi.Input[str]] = {
        "users.acl": acl,
        "health": passwords["health"],
        "passwords.json": passwords["exporter"].apply(lambda known: json.dumps({ADDRESS: known})),
    }
    if manner.scripts:
        secrets["replication"] = passwords["replication"]
    settings = {"server.conf": configuration.server(role.spec, tls=True)}
    secret = workload.secret(role, secrets)
    return Files(
        config=workload.config(
            role, settings | {name: configuration.script(name) for name in ("health.sh", *manner.scripts)}
        ),
        secret=secret,
        keys=tuple(sorted(secrets.keys() - {"passwords.json"})),
    )


def template(role: Role, read: Files, manner: Manner, place: Place) -> PodTemplateSpecArgs:
    own: list[VolumePair] = [
        workload.config_volume(read.config),
        workload.secret_volume(read.secret, read.keys),
        workload.tls_volume(role, with_key=True),
        workload.scratch("server", "/run/server", "1Mi", in_memory=True),
    ]
    mounts = [mount for _, mount in own]
    if facts.volume(role.spec) is None:
        room = f"{facts.scratch_mebibytes(role.spec)}Mi"
        own.append(workload.scratch("data", configuration.DATA_FOLDER, room, in_memory=False))
    beside = workload.secret_volume(read.secret, ["passwords.json"], EXPORTER_FOLDER)
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
            affinity=place.affinity,
            topology_spread_constraints=place.spread,
            containers=[_server(role, manner, [*mounts, workload.data_mount()]), _exporter([own_tls, beside[1]])],
            volumes=[*(volume for volume, _ in own), beside[0]],
        ),
    )


def _server(role: Role, manner: Manner, mounts: Sequence[VolumeMountArgs]) -> ContainerArgs:
    spec = role.spec
    ports = [ContainerPortArgs(name="redis", container_port=facts.PORT, protocol="TCP")]
    if manner.bus:
        ports.append(ContainerPortArgs(name="bus", container_port=facts.BUS_PORT, protocol="TCP"))
    return ContainerArgs(
        name="server",
        image=versions.REDIS_KUBERNETES[spec.engine] if spec.image is None else spec.image,
        image_pull_policy="IfNotPresent",
        command=[f"{spec.engine}-server", f"{CONFIG_FOLDER}/server.conf"]
        if manner.start is None
        else ["sh", f"{CONFIG_FOLDER}/{manner.start}"],
        ports=ports,
        env=[
            EnvVarArgs(name="ENGINE", value=spec.engine),
            EnvVarArgs(name="CLI_OPTIONS", value=workload.TLS_OPTIONS),
            *manner.variables,
        ],
        resources=workload.resources(spec.cpu, spec.memory, disk=f"{facts.scratch_mebibytes(spec) + LOG_MEBIBYTES}Mi"),
        security_context=restricted_container(),
        startup_probe=workload.probe("alive", every=5, failures=START_SECONDS // 5),
        readiness_probe=workload.probe("ready", every=5, failures=3),
        liveness_probe=workload.probe("alive", every=10, failures=6),
        lifecycle=None
        if manner.stop is None
        else LifecycleArgs(
            pre_stop=LifecycleHandlerArgs(exec_=ExecActionArgs(command=["sh", f"{CONFIG_FOLDER}/{manner.stop}"]))
        ),
        volume_mounts=list(mounts),
    )


def self_variables(role: Role, service: str) -> list[EnvVarArgs]:
    """The pod's own host name, for scripts."""
    return [
        EnvVarArgs(
            name="POD",
            value_from=EnvVarSourceArgs(field_ref=ObjectFieldSelectorArgs(field_path="metadata.name")),
        ),
        EnvVarArgs(name="SELF", value=f"$(POD).{role.instance}-{service}.{role.target.domain}"),
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
