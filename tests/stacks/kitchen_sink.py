"""Two stacks that switch everything on that can tell the monitoring something, one for each target."""

from __future__ import annotations

import functools
from typing import Any

import yaml

import config
import topology
from components.telemetry import TargetKind, Telemetry
from stack_file import StackFile

PROJECT = "sink"
STACKS: tuple[TargetKind, ...] = ("docker", "kubernetes")
"""Each named after its target; names of containers and namespaces start with `sink-docker`, `sink-kubernetes`."""
DIGEST = "registry.example.com/app@sha256:" + "1" * 64
RUNBOOKS = "https://example.com/runbooks"

ORDERS = {
    "series": "shop_orders_total",
    "kind": "counter",
    "help": "Orders that were paid.",
    "alert": {"below": 5, "hold": "1h"},
}
QUEUE = {
    "series": "shop_queue_length",
    "kind": "gauge",
    "help": "Mails that wait.",
    "alert": {"above": 100, "hold": "10m", "severity": "critical"},
}
STALE = {
    "expr": "time() - max(shop_price_timestamp_seconds) > 3600",
    "hold": "10m",
    "severity": "critical",
    "summary": "Prices are an hour old",
    "description": "Customers see prices that are not true any more.",
    "runbook": "https://example.com/prices",
}

SHOP: dict[str, Any] = {
    "ports": {"http": 8000, "metrics": 9464},
    "probes": {"readiness": {"http": "/healthz"}},
    "connects_to": [{"postgres": "main"}],
    "migrations": {"command": ["migrate"]},
    "metrics": {
        "requests": {"style": "prom_client", "buckets": [0.05, 0.1, 0.2, 0.5, 1]},
        "push": True,
        "business": {"orders": ORDERS, "queue": QUEUE},
        "series": ["shop_price_timestamp_seconds"],
        "alerts": {"ShopPricesStale": STALE},
    },
    "slo": {"availability": 99.9, "latency": {"below": "200ms", "percent": 99}},
    "route": {"host": "shop.example.com"},
}
PLAIN: dict[str, Any] = {
    "ports": {"http": 8000, "admin": 9000},
    "probes": {"readiness": {"http": "/healthz"}},
    "metrics": {
        "port": "admin",
        "path": "/prometheus",
        "requests": {"style": "custom", "series": "plain_seconds", "status": "code", "buckets": [0.1, 1, 5]},
    },
    "slo": {"latency": {"below": "1s", "percent": 95}, "window": "28d"},
}
OTHER: dict[str, Any] = {
    "ports": {"http": 8000, "metrics": 9464},
    "probes": {"readiness": {"http": "/healthz"}},
    "metrics": {"requests": {"style": "opentelemetry"}},
    "slo": {"availability": 99.5, "window": "7d"},
}
STORE: dict[str, Any] = {
    "kind": "stateful",
    "ports": {"http": 8000},
    "probes": {"readiness": {"http": "/healthz"}, "startup_budget": "2h"},
}

MONITORING: dict[str, Any] = {"runbooks": RUNBOOKS, "anomalies": True}


def _on(app: dict[str, Any], image: str, **more: Any) -> dict[str, Any]:
    return {**app, "image": image, **more}


def _apps(image: str) -> dict[str, Any]:
    return {"plain": _on(PLAIN, image), "other": _on(OTHER, image)}


KUBERNETES: dict[str, Any] = {
    "environment": {
        "target": {
            "kind": "kubernetes",
            "kubeconfig": "~/.kube/config",
            "context": "sink",
            "cluster": {
                "version": "1.36",
                "id": "00000000-0000-0000-0000-000000000001",
                "api_server": ["10.0.0.1/32:6443"],
                "zones": ["a", "b", "c"],
                "storage_classes": {"default": "fast-retain", "snapshots": "csi-snapshots"},
                "operators": {
                    "barman_cloud": {"version": "0.14", "namespace": "cnpg-system"},
                    "cert_manager": {"version": "1.21", "namespace": "cert-manager", "metrics": 9402},
                    "cloudnative_pg": {"version": "1.30", "namespace": "cnpg-system", "metrics": 8080},
                    "envoy_gateway": {"version": "1.9", "namespace": "envoy-gateway-system", "metrics": 19001},
                    "keda": {"version": "2.20", "namespace": "keda", "metrics": 8080},
                    "prometheus_operator": {"version": "0.93", "namespace": "monitoring-system", "metrics": 10250},
                },
                "gateway": {
                    "class": "envoy",
                    "proxy_namespace": "envoy-gateway-system",
                    "proxy_labels": {"app.kubernetes.io/name": "envoy"},
                },
                "agents": {
                    "namespace": "node-agents",
                    "kube_state_metrics": {"labels": {"app.kubernetes.io/name": "kube-state-metrics"}, "port": 8080},
                    "node_exporter": {
                        "labels": {"app.kubernetes.io/name": "node-exporter"},
                        "port": 9100,
                        "host_network": True,
                    },
                    "log_collector": {"labels": {"app.kubernetes.io/name": "log-collector"}, "port": 2020},
                },
                "nodes": ["10.0.0.0/16"],
            },
            "quota": {"cpu": "100", "memory": "200Gi", "pods": 100, "storage": "2Ti", "volume_claims": 60},
        }
    },
    "object_stores": {
        "backups": {
            "bucket": "s3://sink/backups",
            "endpoint": "https://s3.example.com",
            "credentials": {"access_key": {"secret": "key"}, "secret_key": {"secret": "word"}},
        }
    },
    "postgres_clusters": {
        "main": {
            "major": 18,
            "instances": 3,
            "storage": {"size": "100Gi"},
            "wal": {"size": "20Gi"},
            "max_connections": 100,
            "databases": {"shop": {}},
            "backup": {"store": "backups", "snapshots": {}},
            "pooler": {"max_clients": 1000},
        }
    },
    "redis_caches": {
        "cache": {"mode": "replicated", "purpose": "cache", "memory": "256Mi"},
        "sessions": {"mode": "replicated", "purpose": "store", "memory": "256Mi", "storage": "1Gi"},
        "shards": {"mode": "cluster", "purpose": "cache", "memory": "256Mi"},
    },
    "app_services": {
        **_apps(DIGEST),
        "shop": _on(
            SHOP,
            DIGEST,
            autoscaling={"min": 2, "max": 4},
            jobs={"sweep": {"schedule": "15 3 * * *", "command": ["sweep"]}},
            resources={"cpu": "500m", "cpu_limit": "1", "memory": "256Mi"},
        ),
        "store": _on(STORE, DIGEST, storage={"path": "/data", "size": "10Gi"}),
        "runner": {**PLAIN, "image": DIGEST, "isolation": {"profile": "untrusted"}},
    },
    "cdn_frontends": {
        "web": {"image": DIGEST, "proxies": {"/api": {"app": "shop", "fresh": "5s"}}, "route": {"host": "example.com"}}
    },
    "edge": {"certificates": {"main": {"hosts": ["example.com", "shop.example.com"], "acme": "staging"}}},
    "monitoring": {**MONITORING, "metrics": {"replicas": 2}, "alertmanagers": 3},
    "secrets": {"key": {"secure": "v1:key"}, "word": {"secure": "v1:word"}},
}

DOCKER: dict[str, Any] = {
    "environment": {"target": {"kind": "docker"}},
    "postgres_clusters": {"main": {"major": 18, "databases": {"shop": {}}, "pooler": {}, "docker": {"archive": True}}},
    "redis_caches": {"cache": {"mode": "standalone", "purpose": "cache", "memory": "128Mi"}},
    "app_services": {
        **_apps("sink/app:dev"),
        "shop": _on(SHOP, "sink/app:dev"),
        "store": _on(STORE, "sink/app:dev", storage={"path": "/data"}),
    },
    "cdn_frontends": {
        "web": {
            "image": "sink/web:dev",
            "proxies": {"/api": {"app": "shop", "fresh": "5s"}},
            "route": {"host": "example.localhost"},
        }
    },
    "edge": {"certificates": {"main": {"hosts": ["example.localhost", "shop.example.com"]}}},
    "monitoring": MONITORING,
}

SECTIONS = {"docker": DOCKER, "kubernetes": KUBERNETES}


@functools.cache
def topology_of(target: TargetKind) -> topology.Topology:
    """The whole stack, held together."""
    values = {f"{PROJECT}:{section}": body for section, body in SECTIONS[target].items()}
    file = StackFile(
        f"Pulumi.{target}.yaml", yaml.safe_dump({"config": values}, sort_keys=False), PROJECT, "config: {}\n"
    )
    return topology.plan(config.parse(PROJECT, target, file, values))


def told_by(target: TargetKind, instance: str) -> list[Telemetry]:
    """What one instance of a stack tells."""
    return [one for one in topology_of(target).telemetry if instance in _instances(one)]


def _instances(one: Telemetry) -> set[str]:
    pages = [] if one.dashboard is None else [one.dashboard]
    return {record.instance for record in (*one.alerts, *one.slos, *one.scrapes, *pages)}
