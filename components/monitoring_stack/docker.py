"""MonitoringStack on Docker: one container for each program, told everything by files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_docker as docker

from components import versions
from components.connections import Instance, Network
from components.folders import CONFIG_FOLDER, SECRETS_FOLDER
from components.monitoring_stack import blackbox, collector, dashboards, facts, grafana, loki, prometheus, sizing
from components.monitoring_stack.alertmanager import configuration as alertmanager
from components.monitoring_stack.body import Wiring, administrator
from components.monitoring_stack.facts import Role
from components.monitoring_stack.spec import DockerMonitoringSpec, MonitoringSpec
from components.targets import DockerTarget
from components.targets.docker import (
    TOOLS_FOLDER,
    files,
    hardened,
    image,
    kept,
    tmpfs,
    tools,
)

Folders = Mapping[str, Mapping[str, pulumi.Input[str]]]

HEALTH_PATHS = {
    "prometheus": "/-/ready",
    "alertmanager": "/-/ready",
    "grafana": "/api/health",
    "loki": "/ready",
    "blackbox": "/-/healthy",
    "pushgateway": "/-/ready",
    "node": "/",
    "cadvisor": "/healthz",
    "collector": "/api/v1/health",
}


NODE_COLLECTORS = (
    "cpu",
    "diskstats",
    "filefd",
    "filesystem",
    "loadavg",
    "meminfo",
    "stat",
    "time",
    "timex",
    "uname",
    "vmstat",
)
"""The rest would tell a container about itself."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """What is particular about one program's container."""

    role: Role
    command: Sequence[str] = ()
    entrypoint: Sequence[str] | None = None
    """Where the image's own is not only the program."""
    folders: Folders = field(default_factory=dict[str, Mapping[str, pulumi.Input[str]]])
    """Files by folder and name."""
    data: str | None = None
    """Folder of its named volume; None if it keeps nothing. The image made it for its own user, and Docker keeps that."""
    binds: Mapping[str, str] = field(default_factory=dict[str, str])
    """Folders of this machine that it reads, by where they appear."""
    scratch: Mapping[str, str] = field(default_factory=dict[str, str])
    envs: Sequence[str] = ()
    memory: str | None = None
    adds: Sequence[str] = ()
    """Capabilities."""
    publish: int | None = None
    """Port of 127.0.0.1 that leads to it."""
    pid_of_host: bool = False


def create(name: str, spec: MonitoringSpec, wiring: Wiring, target: DockerTarget, *, parent: pulumi.Resource) -> str:
    """The address of Grafana: on this machine if it is published, else inside."""
    local = spec.docker or DockerMonitoringSpec()
    programs = [
        _prometheus(spec, wiring, local, target.prefix),
        _alertmanager(spec, wiring),
        _grafana(name, spec, wiring, local, target.prefix, parent),
        Program(
            role=facts.BLACKBOX,
            command=[f"--config.file={CONFIG_FOLDER}/blackbox.yml"],
            folders={CONFIG_FOLDER: {"blackbox.yml": blackbox.configuration(wiring.telemetry, "docker")}},
        ),
        *((Program(role=facts.PUSHGATEWAY),) if wiring.is_pushed_to else ()),
        _node(),
        _cadvisor(),
        *(() if spec.logs is None else (_loki(spec, target.prefix), _collector(target.prefix))),
    ]
    for program in programs:
        _container(name, program, spec, wiring, local, target, parent)
    return _address(local)


def _address(local: DockerMonitoringSpec) -> str:
    port = local.publish
    return f"http://{facts.GRAFANA.name}:{facts.GRAFANA.port}" if port is None else f"http://127.0.0.1:{port}"


def _prometheus(spec: MonitoringSpec, wiring: Wiring, local: DockerMonitoringSpec, stack: str) -> Program:
    metrics = spec.metrics
    return Program(
        role=facts.PROMETHEUS,
        command=[
            f"--config.file={CONFIG_FOLDER}/prometheus.yml",
            "--storage.tsdb.path=/prometheus",
            f"--storage.tsdb.retention.time={metrics.retention}",
            f"--storage.tsdb.retention.size={sizing.kept(metrics.volume) // 2**20}MB",
        ],
        folders={CONFIG_FOLDER: prometheus.files(spec, wiring.telemetry, stack=stack)},
        data="/prometheus",
        memory=local.memory,
        publish=local.publish_metrics,
    )


def _alertmanager(spec: MonitoringSpec, wiring: Wiring) -> Program:
    servers = wiring.servers
    text = alertmanager(spec.alerts, folder=SECRETS_FOLDER, servers=servers)
    return Program(
        role=facts.ALERTMANAGER,
        command=[
            f"--config.file={CONFIG_FOLDER}/alertmanager.yml",
            "--storage.path=/alertmanager",
            "--cluster.listen-address=",  # there is nobody to agree with
        ],
        folders={CONFIG_FOLDER: {"alertmanager.yml": text}, SECRETS_FOLDER: wiring.told(spec)},
        data="/alertmanager",
    )


def _grafana(
    name: str, spec: MonitoringSpec, wiring: Wiring, local: DockerMonitoringSpec, stack: str, parent: pulumi.Resource
) -> Program:
    oidc = spec.dashboards.oidc
    secrets = {grafana.ADMINISTRATOR: administrator(name, spec, parent)}
    if oidc is not None:
        secrets[grafana.CLIENT_SECRET] = wiring.secret(oidc.client_secret.secret)
    settings = grafana.settings(spec, secrets=SECRETS_FOLDER, address=f"{_address(local)}/")
    return Program(
        role=facts.GRAFANA,
        envs=[f"{name}={value}" for name, value in grafana.environment().items()],
        folders={
            CONFIG_FOLDER: {grafana.SETTINGS: settings},
            SECRETS_FOLDER: secrets,
            f"{grafana.PROVISIONING_FOLDER}/datasources": {"slipway.yaml": grafana.data_sources(spec)},
            f"{grafana.PROVISIONING_FOLDER}/dashboards": {"slipway.yaml": grafana.providers()},
            grafana.DASHBOARDS_FOLDER: dashboards.files(
                wiring.telemetry, "docker", stack=stack, logs=spec.logs is not None
            ),
        },
        data=grafana.DATA_FOLDER,
        scratch={"/tmp": "64Mi"},  # noqa: S108  # a path inside the container
        publish=local.publish,
    )


def _loki(spec: MonitoringSpec, stack: str) -> Program:
    assert spec.logs is not None, "asked for with logs"
    text = loki.configuration(spec.logs, alertmanager=f"http://{facts.ALERTMANAGER.name}:{facts.ALERTMANAGER.port}")
    return Program(
        role=facts.LOKI,
        command=[f"-config.file={CONFIG_FOLDER}/loki.yaml"],
        folders={
            CONFIG_FOLDER: {"loki.yaml": text},
            f"{loki.RULES_FOLDER}/{loki.TENANT}": {"logs.yaml": loki.rules(spec.runbooks, stack=stack)},
        },
        data=loki.DATA_FOLDER,
        scratch={"/tmp": "64Mi"},  # noqa: S108  # a path inside the container
    )


def _node() -> Program:
    return Program(
        role=facts.NODE,
        command=[
            "--path.rootfs=/host",
            "--collector.disable-defaults",
            *(f"--collector.{one}" for one in NODE_COLLECTORS),
        ],
        binds={"/": "/host"},
        pid_of_host=True,
    )


def _cadvisor() -> Program:
    """The daemon's socket tells it names, and would let it do anything: a reason to run it on a developer's machine alone."""
    return Program(
        role=facts.CADVISOR,
        command=["--docker_only=true", "--store_container_labels=false", "--housekeeping_interval=15s"],
        binds={
            "/": "/rootfs",
            "/sys": "/sys",
            "/var/lib/docker": "/var/lib/docker",
            "/var/run/docker.sock": "/var/run/docker.sock",
        },
    )


def _collector(prefix: str) -> Program:
    return Program(
        role=facts.COLLECTOR,
        entrypoint=["/fluent-bit/bin/fluent-bit"],
        command=["-c", f"{CONFIG_FOLDER}/fluent-bit.yaml"],
        folders={CONFIG_FOLDER: collector.files(prefix)},
        data=collector.POSITIONS_FOLDER,
        binds={collector.CONTAINERS_FOLDER: collector.CONTAINERS_FOLDER},
        adds=["CAP_DAC_READ_SEARCH"],  # the files belong to root
    )


def _container(
    name: str,
    program: Program,
    spec: MonitoringSpec,
    wiring: Wiring,
    local: DockerMonitoringSpec,
    target: DockerTarget,
    parent: pulumi.Resource,
) -> None:
    role = program.role
    own = f"{name}-{role.program}"
    written = files(own, program.folders, role.user, target, parent)
    memory = role.memory if program.memory is None else program.memory
    docker.Container(
        f"{own}-container",
        name=f"{target.prefix}-{role.name}",
        hostname=role.name,
        image=image(own, versions.MONITORING_DOCKER[role.program], target, parent).image_id,
        entrypoints=None if program.entrypoint is None else list(program.entrypoint),
        command=list(program.command) or None,
        envs=list(program.envs),
        user=f"{role.user}:{role.user}",
        read_only=True,
        tmpfs={path: tmpfs(size, role.user) for path, size in program.scratch.items()},
        **hardened(memory, local.cpu, adds=program.adds),
        pid_mode="host" if program.pid_of_host else None,
        restart="unless-stopped",
        networks_advanced=[
            docker.ContainerNetworksAdvancedArgs(
                name=target.networks[network], aliases=[role.name] if network in (facts.NAME, role.name) else None
            )
            for network in _networks(program, wiring)
        ],
        ports=None
        if program.publish is None
        else [docker.ContainerPortArgs(internal=role.port, external=program.publish, ip="127.0.0.1", protocol="tcp")],
        mounts=[*written.mounts, *_data(own, program, spec, target, parent), *_binds(program, target)],
        healthcheck=_health(role),
        wait=True,
        wait_timeout=120,
        start=written.written,
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=target.provider,
            depends_on=list(written.written_by),
            replace_with=list(written.written_by),
        ),
    )


def _networks(program: Program, wiring: Wiring) -> list[str]:
    """The monitoring's own, one for those of other parts that ask it, those of what it asks, and the way out."""
    inbound, outbound = wiring.edges[program.role.name]
    ours = set(facts.claims())
    called = any(isinstance(edge.consumer, Instance) and edge.consumer.name not in ours for edge in inbound)
    asked = {edge.producer.name for edge in outbound if isinstance(edge.producer, Instance)}
    out = program.publish is not None or any(isinstance(edge.producer, Network) for edge in outbound)
    own = {program.role.name} if called else set[str]()
    return sorted({facts.NAME, *own, *(asked - ours), *({f"{facts.NAME}-egress"} if out else ())})


def _data(
    own: str, program: Program, spec: MonitoringSpec, target: DockerTarget, parent: pulumi.Resource
) -> list[docker.ContainerMountArgs]:
    if program.data is None:
        return []
    # No labels: a change of one would replace the volume.
    volume = docker.Volume(
        f"{own}-data",
        name=f"{target.prefix}-{own}-data",
        opts=kept(parent, target, protect=spec.deletion_protection),
    )
    return [docker.ContainerMountArgs(type="volume", source=volume.name, target=program.data)]


def _binds(program: Program, target: DockerTarget) -> list[docker.ContainerMountArgs]:
    """Folders of this machine, and the tools for the health check."""
    return [
        *(
            docker.ContainerMountArgs(type="bind", source=source, target=place, read_only=True)
            for source, place in program.binds.items()
        ),
        tools(target),
    ]


def _health(role: Role) -> docker.ContainerHealthcheckArgs:
    url = f"http://127.0.0.1:{role.port}{HEALTH_PATHS[role.program]}"
    return docker.ContainerHealthcheckArgs(
        tests=["CMD", f"{TOOLS_FOLDER}/busybox", "wget", "-q", "-T", "3", "-O", "/dev/null", url],
        interval="10s",
        timeout="5s",
        retries=6,
        start_period="1m0s",
    )
