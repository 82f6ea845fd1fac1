"""What CloudNativePG would make of a Cluster: pods and volume claims, for a cluster where the operator does not run.

Names, labels and requests are the operator's, so that quota and scheduler see what they would see.
https://cloudnative-pg.io/documentation/1.30/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MANIFEST_OF_A_CONTAINER = {
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
}


def pods_and_claims(cluster: dict[str, Any]) -> list[dict[str, Any]]:
    """Every instance, and the job's pod that joins another one: the peak that the quota must hold."""
    name, namespace = cluster["metadata"]["name"], cluster["metadata"]["namespace"]
    found: list[dict[str, Any]] = []
    for number in range(1, cluster["spec"]["instances"] + 1):
        claims = list(_claims(cluster, f"{name}-{number}"))
        found += [*claims, _pod(cluster, f"{name}-{number}", [claim["metadata"]["name"] for claim in claims])]
    joining = _pod(cluster, f"{name}-{cluster['spec']['instances'] + 1}-join", [])
    del joining["spec"]["affinity"], joining["spec"]["topologySpreadConstraints"]
    return [{**each, "metadata": {**each["metadata"], "namespace": namespace}} for each in [*found, joining]]


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
            "securityContext": {"runAsNonRoot": True, "runAsUser": 26, "seccompProfile": spec["seccompProfile"]},
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
                    **MANIFEST_OF_A_CONTAINER,
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
    return {"cnpg.io/cluster": cluster["metadata"]["name"]}
