"""The monitoring's own programs on Kubernetes that no operator runs: Grafana, Loki, the prober, the push gateway."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet, StatefulSetSpecArgs, StatefulSetUpdateStrategyArgs
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    ConfigMapProjectionArgs,
    ContainerArgs,
    ContainerPortArgs,
    EnvVarArgs,
    ProjectedVolumeSourceArgs,
    VolumeArgs,
    VolumeMountArgs,
    VolumeProjectionArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs

from components import versions
from components.folders import CONFIG_FOLDER, SECRETS_FOLDER
from components.monitoring_stack import blackbox, dashboards, facts, grafana, loki, sizing, workload
from components.monitoring_stack.body import administrator
from components.monitoring_stack.spec import LogsSpec
from components.monitoring_stack.workload import Place, VolumePair
from components.targets.kubernetes import metadata, restricted_container

LOCAL = f"http://localhost:{facts.GRAFANA.port}"
"""By which people come who have no way in but `kubectl port-forward`."""


def show(place: Place) -> None:
    """Grafana: settings roll its pod, dashboards are read again where they lie."""
    spec, route = place.spec, place.spec.dashboards.route
    account = workload.ground(place)
    claim, data = workload.data(place, grafana.DATA_FOLDER, facts.GRAFANA_STORAGE)
    known = {grafana.ADMINISTRATOR: administrator(facts.NAME, spec, place.parent)}
    if spec.dashboards.oidc is not None:
        known[grafana.CLIENT_SECRET] = place.wiring.secret(spec.dashboards.oidc.client_secret.secret)
    address = LOCAL if route is None else f"https://{route.host}"
    settings = {grafana.SETTINGS: grafana.settings(spec, secrets=SECRETS_FOLDER, address=address)}
    provisioned = {
        "dashboards/slipway.yaml": grafana.providers(),
        "datasources/slipway.yaml": grafana.data_sources(spec),
    }
    volumes = [
        data,
        workload.files(place, settings),
        workload.files(place, provisioned, grafana.PROVISIONING_FOLDER),
        workload.secrets(place, known),
        _dashboards(place),
        workload.scratch(),
    ]
    container = _container(place, volumes, health="/api/health", env=grafana.environment())
    workload.deployment(place, workload.pod(place, account, container, volumes), after=[claim], alone=True)


def _dashboards(place: Place) -> VolumePair:
    """One ConfigMap each, whose name stays: Grafana looks for changes by itself."""
    stack, logs = place.target.prefix, place.spec.logs is not None
    texts = dashboards.files(place.wiring.telemetry, "kubernetes", stack=stack, logs=logs)
    sources: list[VolumeProjectionArgs] = []
    for file, text in sorted(texts.items()):
        name = f"{facts.NAME}-dashboard-{file.removesuffix('.json')}"
        made = ConfigMap(name, metadata=place.meta(name), data={file: text}, opts=place.options)
        sources.append(VolumeProjectionArgs(config_map=ConfigMapProjectionArgs(name=made.metadata.name)))
    return (
        VolumeArgs(name="dashboards", projected=ProjectedVolumeSourceArgs(sources=sources, default_mode=0o444)),
        VolumeMountArgs(name="dashboards", mount_path=grafana.DASHBOARDS_FOLDER, read_only=True),
    )


def keep_lines(place: Place, spec: LogsSpec) -> None:
    """Loki, in one process with one volume."""
    account = workload.ground(place)
    claim, data = workload.data(place, loki.DATA_FOLDER, sizing.written(spec.volume))
    # Each of them by itself: those that agree tell each other what was told, not what is true.
    tellers = ",".join(
        f"http://alertmanager-{facts.NAME}-{index}.alertmanager-operated:{facts.ALERTMANAGER.port}"
        for index in range(place.spec.alertmanagers)
    )
    settings = {"loki.yaml": loki.configuration(spec, alertmanager=tellers)}
    rules = {f"{loki.TENANT}/rules.yaml": loki.rules(place.spec.runbooks, stack=place.target.prefix)}
    volumes = [
        data,
        workload.files(place, settings),
        workload.files(place, rules, loki.RULES_FOLDER),
        workload.scratch(),
    ]
    flags = [f"-config.file={CONFIG_FOLDER}/loki.yaml"]
    container = _container(place, volumes, health="/ready", flags=flags, alive="/loki/api/v1/status/buildinfo")
    StatefulSet(
        f"{place.name}-stateful-set",
        metadata=metadata(place.target, place.labels, place.name),
        spec=StatefulSetSpecArgs(
            service_name=place.name,
            replicas=1,
            selector=LabelSelectorArgs(match_labels=place.labels),
            update_strategy=StatefulSetUpdateStrategyArgs(type="RollingUpdate"),
            template=workload.pod(place, account, container, volumes),
        ),
        opts=pulumi.ResourceOptions.merge(
            place.options,
            pulumi.ResourceOptions(
                depends_on=[claim],
                custom_timeouts=pulumi.CustomTimeouts(create=workload.PATIENCE, update=workload.PATIENCE),
            ),
        ),
    )


def probe(place: Place) -> None:
    """The blackbox exporter."""
    account = workload.ground(place)
    settings = {"blackbox.yaml": blackbox.configuration(place.wiring.telemetry, "kubernetes")}
    volumes = [workload.files(place, settings)]
    flags = [f"--config.file={CONFIG_FOLDER}/blackbox.yaml"]
    container = _container(place, volumes, health="/-/healthy", flags=flags)
    replicas = facts.probers(place.spec)
    spread = workload.over_zones(place) if replicas > 1 else []
    if replicas > 1:
        workload.disruption(place)
    workload.deployment(place, workload.pod(place, account, container, volumes, spread), replicas=replicas)


def take_pushes(place: Place) -> None:
    """The push gateway, for jobs that are gone before anybody could scrape them.

    Its volume lets the last pushes outlive a restart, and goes with the last app that pushes: Prometheus has the samples.
    """
    account = workload.ground(place)
    claim, data = workload.data(place, "/data", facts.PUSHGATEWAY_STORAGE, lasting=False)
    flags = ["--persistence.file=/data/pushed", "--persistence.interval=1m"]
    container = _container(place, [data], health="/-/ready", flags=flags, alive="/-/healthy")
    workload.deployment(place, workload.pod(place, account, container, [data]), after=[claim], alone=True)


def _container(
    place: Place,
    volumes: list[VolumePair],
    *,
    health: str,
    alive: str | None = None,
    flags: list[str] | None = None,
    env: dict[str, str] | None = None,
) -> ContainerArgs:
    role = place.role
    return ContainerArgs(
        name=role.program,
        image=versions.MONITORING_KUBERNETES[role.program],
        image_pull_policy="IfNotPresent",
        args=flags,
        env=None if env is None else [EnvVarArgs(name=key, value=value) for key, value in sorted(env.items())],
        ports=[ContainerPortArgs(name=place.port, container_port=role.port, protocol="TCP")],
        resources=workload.resources(role.cpu, role.memory),
        security_context=restricted_container(),
        startup_probe=workload.asks(health, place.port, every=5, failures=60),
        readiness_probe=workload.asks(health, place.port, every=5, failures=3),
        liveness_probe=workload.asks(health if alive is None else alive, place.port, every=10, failures=6),
        volume_mounts=[mount for _, mount in volumes],
    )
