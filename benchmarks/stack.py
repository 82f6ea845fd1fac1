"""The generated stack: pairs of apps around one database, at the largest quota.

Of each pair, one app has everything (database, generated secret, configuration, autoscaler, metrics) and one is a front
page that uses it. `flat/__main__.py` says the same by hand.
"""

from __future__ import annotations

from typing import Any

import yaml

PROJECT = "bench"
STACK = "flat-out"

PAIRS = {100: 5, 500: 29, 2000: 117}
"""Pairs by the number of resources that they come to, roughly: 9 and 17 for each pair, components not counted."""

_ENGINE = {"pulumi:disable-default-providers": ["kubernetes", "docker"], "kubernetes:strictMode": "true"}


def values(pairs: int) -> dict[str, Any]:
    """What the engine hands over to our program."""
    apps: dict[str, Any] = {}
    for number in range(pairs):
        apps |= {f"api-{number:03}": _api(number), f"front-{number:03}": _front(number)}
    return {
        **_ENGINE,
        f"{PROJECT}:environment": {"target": _target()},
        f"{PROJECT}:postgres_clusters": {"main": _postgres()},
        f"{PROJECT}:app_services": apps,
    }


def text(pairs: int) -> str:
    """The stack file of our program."""
    return _written(values(pairs))


def flat_values(pairs: int) -> dict[str, Any]:
    """What the engine hands over to the plain program: it holds all else in its code."""
    return {**_ENGINE, f"{PROJECT}:pairs": str(pairs)}


def flat_text(pairs: int) -> str:
    """The stack file of the plain program."""
    return _written(flat_values(pairs))


def _written(given: dict[str, Any]) -> str:
    """By libyaml where it is: what writes the file is measured with what reads it."""
    return yaml.dump({"config": given}, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False)


def _target() -> dict[str, Any]:
    return {
        "kind": "kubernetes",
        "kubeconfig": "~/.kube/config",
        "context": "bench",
        "cluster": {
            "version": "1.36",
            "id": "00000000-0000-0000-0000-000000000000",
            "api_server": ["10.0.0.1/32:6443"],
            "zones": ["a", "b", "c"],
            "storage_classes": {"default": "fast"},
            "operators": {"cloudnative_pg": {"version": "1.30", "namespace": "cnpg-system"}},
        },
        "quota": {"cpu": "1000", "memory": "4Ti", "pods": 2000, "storage": "2Ti", "volume_claims": 100},
    }


def _postgres() -> dict[str, Any]:
    return {
        "major": 18,
        "instances": 3,
        "storage": {"size": "100Gi"},
        "resources": {"cpu": "2", "memory": "8Gi"},
        "max_connections": 1000,
        "databases": {"shared": {}},
    }


def _api(number: int) -> dict[str, Any]:
    return {
        "image": f"ghcr.io/example/api@sha256:{number:064x}",
        "ports": {"http": 8000, "metrics": 9464},
        "probes": {
            "readiness": {"http": "/healthz"},
            "liveness": {"http": "/livez", "every": "10s", "failures": 6},
        },
        "env": {"LOG_LEVEL": "info", "SESSION_KEY": {"generate": 32}},
        "config_files": {"app.toml": f"number = {number}\n"},
        "connects_to": [
            {"postgres": "main", "database": "shared", "pool": 2},
            {"external": "prices.example.com", "port": 443},
        ],
        "resources": {"cpu": "500m", "memory": "768Mi"},
        "autoscaling": {"min": 2, "max": 3},
    }


def _front(number: int) -> dict[str, Any]:
    return {
        "image": f"ghcr.io/example/front@sha256:{number:064x}",
        "ports": {"http": 8080},
        "probes": {"readiness": {"http": "/healthz"}},
        "connects_to": [{"app": f"api-{number:03}"}],
        "replicas": 2,
    }
