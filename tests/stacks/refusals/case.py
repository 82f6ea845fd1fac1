"""Every way a stack file is refused: what stands in it, and the line a person reads. the pieces of the table.

`change` maps dotted paths of a small valid stack to what is put there; `Text` stands in the file without quotes, as a
person would type it; `GONE` takes the key out.
"""

from __future__ import annotations

import copy
import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

PROJECT = "shop"
DIGEST = "registry.example.com/api@sha256:" + "1" * 64


class Text(str):
    """A plain YAML scalar, unquoted."""

    __slots__ = ()


GONE = object()


@dataclass(frozen=True)
class Case:
    title: str
    """What a person did, as a heading."""
    change: Mapping[str, Any]
    lines: tuple[str, ...]
    """What is printed, without file name and line number."""
    target: str = "kubernetes"
    contracts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What Pulumi.yaml says of the apps' variables."""


APP: dict[str, Any] = {
    "image": DIGEST,
    "ports": {"http": 8000},
    "probes": {"readiness": {"http": "/healthz"}},
}

KUBERNETES: dict[str, Any] = {
    "environment": {
        "target": {
            "kind": "kubernetes",
            "kubeconfig": "~/.kube/config",
            "context": "shop-prod",
            "cluster": {
                "version": "1.36",
                "id": "00000000-0000-0000-0000-000000000001",
                "api_server": ["10.0.0.1/32:6443"],
                "zones": ["a", "b", "c"],
                "storage_classes": {"default": "fast-retain"},
                "operators": {"cloudnative_pg": {"version": "1.30", "namespace": "cnpg-system"}},
            },
            "quota": {"cpu": "20", "memory": "40Gi", "pods": 40, "storage": "1Ti", "volume_claims": 20},
        }
    },
    "postgres_clusters": {"main": {"major": 18, "storage": {"size": "10Gi"}, "databases": {"api": {}}}},
    "app_services": {"api": {**APP, "connects_to": [{"postgres": "main"}]}},
}

DOCKER: dict[str, Any] = {
    "environment": {"target": {"kind": "docker"}},
    "postgres_clusters": {"main": {"major": 18, "databases": {"api": {}}}},
    "app_services": {"api": {**APP, "image": "shop/api:dev", "connects_to": [{"postgres": "main"}]}},
}


CLUSTER_LAYER: dict[str, Any] = {
    "cluster": {
        "kubeconfig": "~/.kube/config",
        "context": "shop-prod",
        "version": "1.36",
        "id": "00000000-0000-0000-0000-000000000001",
        "api_server": ["10.0.0.1/32:6443"],
        "zones": ["a", "b", "c"],
        "nodes": ["10.0.0.0/16"],
    },
    "addons": {
        "gateway_api": {},
        "cert_manager": {},
        "cloudnative_pg": {},
        "barman_cloud": {},
        "prometheus_operator": {},
        "envoy_gateway": {},
    },
    "storage_classes": {"fast-retain": {"provisioner": "ebs.csi.aws.com", "default": True}},
    "stacks": {"prod": {"file": "../Pulumi.prod.yaml"}},
}

BASES = {"kubernetes": KUBERNETES, "docker": DOCKER, "cluster": CLUSTER_LAYER}
"""By `Case.target`; `cluster` is the stack file of the cluster layer."""


def stack_text(case: Case) -> str:
    """The whole stack file of a case, as a person would have it on disk."""
    sections = copy.deepcopy(BASES[case.target])
    foreign: dict[str, Any] = {}
    for path, value in case.change.items():
        if ":" in path:
            foreign[path] = value
        else:
            _put(sections, path.split("."), value if value is GONE else copy.deepcopy(value))
    config = {f"{PROJECT}:{section}": body for section, body in sections.items()} | foreign
    text = yaml.dump({"config": config}, Dumper=_Dumper, sort_keys=False, width=200)
    return re.sub(r"'?@@(.*?)@@'?", r"\1", text)


def project_text(case: Case) -> str:
    """Pulumi.yaml of a case."""
    return yaml.dump({"config": {"contracts": {"value": dict(case.contracts)}}}, Dumper=_Dumper, sort_keys=False)


class _Dumper(yaml.SafeDumper):
    """Writes everything out, and marks what must stand without quotes."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the base class's signature
        return True


_Dumper.add_representer(Text, lambda dumper, value: dumper.represent_str(f"@@{value}@@"))


def _put(body: Any, path: list[str], value: Any) -> None:
    *parents, last = path
    for part in parents:
        body = body[int(part)] if isinstance(body, list) else body.setdefault(part, {})
    if value is GONE:
        del body[last]
    elif isinstance(body, list):
        body[int(last) :] = [value]
    else:
        body[last] = value


def as_the_engine_reads(text: str) -> dict[str, Any]:
    """A stack file's values as the engine hands them over: dates become timestamps, `secure` becomes plaintext."""

    def plain(value: Any) -> Any:
        match value:
            case {"secure": str(secret)}:
                return secret
            case dict():
                return {key: plain(item) for key, item in value.items()}
            case list():
                return [plain(item) for item in value]
            case datetime.datetime() | datetime.date():
                return f"{value.isoformat()}T00:00:00Z"
            case _:
                return value

    return {key: plain(value) for key, value in yaml.safe_load(text)["config"].items()}


API = "app_services.api"
CLUSTER = "environment.target.cluster"
"""Where most cases change something."""
