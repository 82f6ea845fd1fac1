"""What operators would make of their objects, where they do not run: CloudNativePG's pods and volume claims of a Cluster and
a Pooler, the Prometheus operator's StatefulSets.

Names, labels and requests are the operators', so that quota and scheduler see what they would see.
https://cloudnative-pg.io/documentation/1.30/ https://prometheus-operator.dev/docs/platform/storage/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

RESTRICTED_POD = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
RESTRICTED_CONTAINER = {
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
}


def made_by_operators(each: dict[str, Any]) -> list[dict[str, Any]]:
    """What an operator makes of an object; nothing for what none knows."""
    known = {"Cluster": _server, "Pooler": _pooler, "Alertmanager": _watching, "Prometheus": _watching}
    made = known.get(each["kind"], lambda _: [])(each)
    space = each["metadata"].get("namespace")
    return [{**one, "metadata": {**one["metadata"], "namespace": space}} for one in made]


def _server(cluster: dict[str, Any]) -> list[dict[str, Any]]:
    """Every instance, and the job's pod that joins another one: the peak that the quota must hold."""
    name = cluster["metadata"]["name"]
    found: list[dict[str, Any]] = []
    for number in range(1, cluster["spec"]["instances"] + 1):
        claims = list(_claims(cluster, f"{name}-{number}"))
        found += [*claims, _pod(cluster, f"{name}-{number}", [claim["metadata"]["name"] for claim in claims])]
    joining = _pod(cluster, f"{name}-{cluster['spec']['instances'] + 1}-join", [])
    del joining["spec"]["affinity"], joining["spec"]["topologySpreadConstraints"]
    joining["metadata"]["labels"]["cnpg.io/podRole"] = "join"
    return [*found, joining]


def _pooler(pooler: dict[str, Any]) -> list[dict[str, Any]]:
    """Every instance and one more, as a rollout has it."""
    name, spec = pooler["metadata"]["name"], pooler["spec"]
    template = spec["template"]["spec"]
    (container,), (bootstrap,) = template["containers"], template["initContainers"]
    return [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"{name}-{number}", "labels": {"cnpg.io/poolerName": name}},
            "spec": {
                "securityContext": {**RESTRICTED_POD, "runAsUser": 998},
                "containers": [{**container, **RESTRICTED_CONTAINER, "image": "example.com/pgbouncer"}],
                "initContainers": [{**bootstrap, **RESTRICTED_CONTAINER, "image": "example.com/manager"}],
            },
        }
        for number in range(spec["instances"] + 1)
    ]


def _claims(cluster: dict[str, Any], instance: str) -> Iterator[dict[str, Any]]:
    for field, suffix in (("storage", ""), ("walStorage", "-wal")):
        volume = cluster["spec"].get(field)
        if volume is not None:
            yield {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": f"{instance}{suffix}", "labels": _labels(cluster)},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "storageClassName": volume["storageClass"],
                    "resources": {"requests": {"storage": volume["size"]}},
                },
            }


def _pod(cluster: dict[str, Any], name: str, claims: list[str]) -> dict[str, Any]:
    spec = cluster["spec"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": _labels(cluster)},
        "spec": {
            "securityContext": {**RESTRICTED_POD, "runAsUser": 26},
            "affinity": {
                "podAntiAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": [
                        {
                            "labelSelector": {"matchLabels": _labels(cluster)},
                            "topologyKey": spec["affinity"]["topologyKey"],
                        }
                    ]
                }
            },
            "topologySpreadConstraints": spec["topologySpreadConstraints"],
            "containers": [
                {
                    **RESTRICTED_CONTAINER,
                    "name": "postgres",
                    "image": spec["imageName"],
                    "resources": spec["resources"],
                    "volumeMounts": [{"name": claim, "mountPath": f"/var/lib/{claim}"} for claim in claims],
                }
            ],
            "volumes": [{"name": claim, "persistentVolumeClaim": {"claimName": claim}} for claim in claims],
        },
    }


def _labels(cluster: dict[str, Any]) -> dict[str, str]:
    return {"cnpg.io/cluster": cluster["metadata"]["name"], "cnpg.io/podRole": "instance"}


def _watching(each: dict[str, Any]) -> list[dict[str, Any]]:
    """One StatefulSet; its containers are the program and the sidecar that sees changed files."""
    kind, name, spec = each["kind"].lower(), each["metadata"]["name"], each["spec"]
    labels = {"app.kubernetes.io/name": kind, "app.kubernetes.io/instance": name, kind: name}
    controller = f"{kind}-{name}"
    program = {"name": kind, "image": spec["image"], "resources": spec["resources"]}
    program["volumeMounts"] = [{"name": f"{controller}-db", "mountPath": "/data"}]
    sidecars = [{**one, "image": "example.com/reloader"} for one in (*spec["initContainers"], *spec["containers"])]
    placed = {key: spec[key] for key in ("affinity", "topologySpreadConstraints") if key in spec}
    before, *beside = [{**one, **RESTRICTED_CONTAINER} for one in (*sidecars, program)]
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": controller, "labels": labels},
            "spec": {
                "serviceName": f"{kind}-operated",
                "replicas": spec["replicas"],
                "podManagementPolicy": "Parallel",
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "serviceAccountName": spec["serviceAccountName"],
                        "securityContext": spec["securityContext"],
                        "initContainers": [before],
                        "containers": beside,
                        **placed,
                    },
                },
                "volumeClaimTemplates": [
                    {"metadata": {"name": f"{controller}-db"}, "spec": spec["storage"]["volumeClaimTemplate"]["spec"]}
                ],
            },
        }
    ]
