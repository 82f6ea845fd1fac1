"""Prometheus and Alertmanager as the operator's objects, with volume claims under the names that it will look for.

https://prometheus-operator.dev/docs/api-reference/api/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret

from components import versions
from components.footprint import cores, size
from components.monitoring_stack import alertmanager, facts, sizing, workload
from components.monitoring_stack.workload import SCRATCH, Place
from components.targets.kubernetes import metadata

AVAILABLE = {"pulumi.com/waitFor": "condition=Available"}
TIMEOUT = "20m"
"""For volumes, images, and the log of the last hours, which is read again at each start."""

TOKEN_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
KUBELETS = "kubelets"
"""Scrape class of endpoints that ask who comes."""

CONFIG_KEY = "alertmanager.yaml"
ALERTMANAGER_CONFIG = f"{facts.ALERTMANAGER.name}-config"
ALERTMANAGER_SECRETS = f"{facts.ALERTMANAGER.name}-secrets"


def claims(place: Place, count: int, volume: str) -> list[pulumi.Resource]:
    """Under the names that the operator's StatefulSet will give, so that it takes them up as its own."""
    kind = place.role.program
    return [
        workload.claim(
            place,
            f"{facts.NAME}-{kind}-data-{index}",
            f"{kind}-{facts.NAME}-db-{kind}-{facts.NAME}-{index}",
            volume,
        )
        for index in range(count)
    ]


def collect(place: Place, account: pulumi.Output[str], after: Sequence[pulumi.Resource]) -> CustomResource:
    metrics = place.spec.metrics
    series, interval = metrics.expected_series, metrics.interval_seconds
    volume = sizing.written(metrics.volume)
    ours = {"matchLabels": place.labels}
    body: dict[str, Any] = {
        **_common(place, account, metrics.replicas),
        "resources": _resources(cores(sizing.cpu(series, interval)), size(sizing.memory(series))),
        "storage": _storage(place, volume),
        "retention": f"{sizing.days(metrics.retention)}d",
        "retentionSize": f"{sizing.kept(metrics.volume) // 2**20}MiB",
        "scrapeInterval": metrics.scrape_interval,
        "evaluationInterval": metrics.scrape_interval,
        "scrapeTimeout": f"{min(10, interval)}s",
        # One endpoint can't take the room of all the others.
        "enforcedSampleLimit": series,
        "externalLabels": {"stack": place.target.prefix},
        "replicaExternalLabelName": "replica",
        "prometheusExternalLabelName": "",  # the label `stack` says it
        "serviceDiscoveryRole": "EndpointSlice",
        "podMonitorSelector": ours,
        "serviceMonitorSelector": ours,
        "probeSelector": ours,
        "ruleSelector": ours,
        # Only this object names files of the pod: who may write a monitor must not read a token by it.
        "arbitraryFSAccessThroughSMs": {"deny": True},
        "scrapeClasses": [
            {
                "name": KUBELETS,
                "authorization": {"type": "Bearer", "credentialsFile": f"{TOKEN_FOLDER}/token"},
                # Kubelets sign their certificates themselves unless a cluster was told otherwise; who is asked is
                # narrowed to the nodes' networks.
                "tlsConfig": {"caFile": f"{TOKEN_FOLDER}/ca.crt", "insecureSkipVerify": True},
            }
        ],
        "alerting": {
            "alertmanagers": [
                {
                    "name": facts.ALERTMANAGER.name,
                    "namespace": facts.namespace(place.target.prefix),
                    "port": facts.PORT_NAMES["alertmanager"],
                    "apiVersion": "v2",
                }
            ]
        },
    }
    made = claims(place, metrics.replicas, volume)
    if metrics.replicas > 1:
        workload.disruption(place)
    return _object(place, "Prometheus", body, [*after, *made])


def tell(place: Place, account: pulumi.Output[str]) -> CustomResource:
    """With its configuration and the receivers' secrets, which change in place: a sidecar sees to it."""
    spec, told = place.spec, place.wiring.told(place.spec)
    folder = f"/etc/alertmanager/secrets/{ALERTMANAGER_SECRETS}"
    text = alertmanager.configuration(spec.alerts, folder=folder, servers=place.wiring.servers)
    after: list[pulumi.Resource] = [_secret(place, "config", ALERTMANAGER_CONFIG, {CONFIG_KEY: text})]
    if told:
        after.append(_secret(place, "secrets", ALERTMANAGER_SECRETS, told))
    body: dict[str, Any] = {
        **_common(place, account, spec.alertmanagers),
        "automountServiceAccountToken": False,
        "resources": _resources(place.role.cpu, place.role.memory),
        "storage": _storage(place, facts.ALERTMANAGER_STORAGE),
        "configSecret": ALERTMANAGER_CONFIG,
    }
    if told:
        body["secrets"] = [ALERTMANAGER_SECRETS]
    if spec.alertmanagers > 1:
        workload.disruption(place)
    made = claims(place, spec.alertmanagers, facts.ALERTMANAGER_STORAGE)
    return _object(place, "Alertmanager", body, [*after, *made])


def _secret(place: Place, role: str, name: str, contents: Mapping[str, pulumi.Input[str]]) -> Secret:
    return Secret(f"{place.name}-{role}", metadata=place.meta(name), string_data=dict(contents), opts=place.options)


def _common(place: Place, account: pulumi.Output[str], replicas: int) -> dict[str, Any]:
    image = versions.MONITORING_KUBERNETES[place.role.program]
    reloader = _resources(facts.RELOADER_CPU, facts.RELOADER_MEMORY)
    return {
        "replicas": replicas,
        "image": image,
        # What the operator goes by: it does not look at the image.
        "version": image.partition("@")[0].rpartition(":")[2],
        "imagePullPolicy": "IfNotPresent",
        "serviceAccountName": account,
        "enableServiceLinks": False,
        "podMetadata": {"labels": {"app.kubernetes.io/part-of": place.target.project}},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": place.role.user,
            "runAsGroup": place.role.user,
            "fsGroup": place.role.user,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        # Merged into the operator's own containers; without limits the quota would refuse the pods.
        "containers": [{"name": "config-reloader", "resources": reloader}],
        "initContainers": [{"name": "init-config-reloader", "resources": reloader}],
        **(_apart(place) if replicas > 1 else {}),
    }


def _apart(place: Place) -> dict[str, Any]:
    """Each on a node of its own, and in a zone of its own while there are enough."""
    selector = {"labelSelector": {"matchLabels": place.labels}}
    term = {**selector, "topologyKey": "kubernetes.io/hostname"}
    return {
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}},
        "topologySpreadConstraints": [
            {
                **selector,
                "topologyKey": "topology.kubernetes.io/zone",
                "maxSkew": 1,
                "whenUnsatisfiable": "ScheduleAnyway",
                "nodeTaintsPolicy": "Honor",
            }
        ],
    }


def _resources(cpu: str, memory: str) -> dict[str, Any]:
    common = {"memory": memory, "ephemeral-storage": SCRATCH}
    return {"requests": {**common, "cpu": cpu}, "limits": common}


def _storage(place: Place, volume: str) -> dict[str, Any]:
    return {
        "volumeClaimTemplate": {
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": place.target.storage_class,
                "resources": {"requests": {"storage": volume}},
            }
        }
    }


def _object(place: Place, kind: str, body: Mapping[str, Any], after: Sequence[pulumi.Resource]) -> CustomResource:
    return CustomResource(
        f"{facts.NAME}-{place.role.program}",
        api_version=versions.PROMETHEUS_OPERATOR_API,
        kind=kind,
        metadata=metadata(place.target, place.labels, facts.NAME, AVAILABLE),
        spec=dict(body),
        opts=pulumi.ResourceOptions.merge(
            place.options,
            pulumi.ResourceOptions(
                depends_on=list(after),
                # Claims are objects of their own and grow by themselves; another template would make the operator
                # take its StatefulSet down.
                ignore_changes=["spec.storage"],
                custom_timeouts=pulumi.CustomTimeouts(create=TIMEOUT, update=TIMEOUT),
            ),
        ),
    )
