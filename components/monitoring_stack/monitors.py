"""What Prometheus is told on Kubernetes: a PodMonitor for each endpoint, a Probe for each question, the rules.

All of them stand in the monitoring's own namespace and have Prometheus' labels, by which it finds them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from pulumi_kubernetes.apiextensions import CustomResource

from components import versions
from components.monitoring_stack import blackbox, discovery, facts, operated, prometheus
from components.monitoring_stack.workload import Place
from components.telemetry import Scrape

Relabeling = dict[str, Any]

OF_OTHERS = frozenset({"kube-state-metrics", "pushgateway"})
"""Jobs whose series speak of other objects than their endpoint, and so keep labels of their own."""

OF_THE_CLUSTER = frozenset({"kube-state-metrics"})
"""Jobs that see every stack of the cluster."""

VOLUMES = "kubelet_volume_stats_(available_bytes|capacity_bytes|used_bytes|inodes|inodes_free|inodes_used)"
CONTAINERS = (
    "container_(cpu_cfs_periods_total|cpu_cfs_throttled_periods_total|cpu_usage_seconds_total|memory_working_set_bytes"
    "|network_receive_bytes_total|network_transmit_bytes_total|oom_events_total|spec_cpu_quota|spec_cpu_period"
    "|spec_memory_limit_bytes|start_time_seconds)"
)
"""Series of the kubelet that are kept: of hundreds, and of every pod on the node."""


def create(place: Place) -> None:
    """`place` is Prometheus'."""
    for scrape in (scrape for one in place.wiring.telemetry for scrape in one.scrapes):
        _object(place, "PodMonitor", f"{scrape.instance}{scrape.role}-{scrape.job}", _pod_monitor(place, scrape))
    _object(place, "ServiceMonitor", "kubelet", _kubelet(place))
    hosts = discovery.homes(place.wiring, facts.BLACKBOX.name)
    for asked in blackbox.questions(place.wiring.telemetry):
        _object(place, "Probe", _probe_name(asked), _probe(asked, hosts))
    rules = prometheus.groups(place.spec, place.wiring.telemetry, "kubernetes")
    _object(place, "PrometheusRule", "rules", {"groups": rules})


def _object(place: Place, kind: str, name: str, spec: Mapping[str, Any]) -> None:
    CustomResource(
        f"{facts.NAME}-{kind.lower()}-{name}",
        api_version=versions.PROMETHEUS_OPERATOR_API,
        kind=kind,
        metadata=place.meta(name),
        spec=dict(spec),
        opts=place.options,
    )


def _pod_monitor(place: Place, scrape: Scrape) -> dict[str, Any]:
    own = facts.namespace(place.target.prefix)
    endpoint: dict[str, Any] = {
        "port": scrape.port_name,
        "path": scrape.path,
        "scheme": scrape.scheme,
        "relabelings": [*_named(scrape.job, scrape.instance), *_placed(scrape)],
    }
    if scrape.job in OF_OTHERS:
        endpoint["honorLabels"] = True
    if scrape.job in OF_THE_CLUSTER:
        endpoint["metricRelabelings"] = [_of(place, or_none=True)]
    return {
        "selector": {"matchLabels": dict(scrape.labels)},
        "namespaceSelector": {"matchNames": [discovery.home(scrape, place.wiring, own)]},
        "podMetricsEndpoints": [endpoint],
    }


def _named(job: str, instance: str) -> list[Relabeling]:
    return [
        {"targetLabel": "job", "replacement": job},
        {"targetLabel": "instance_name", "replacement": instance},
    ]


def _placed(scrape: Scrape) -> Iterable[Relabeling]:
    if scrape.job in OF_THE_CLUSTER:
        # Where the agent itself runs would be taken for where the objects are that it speaks of.
        yield {"action": "labeldrop", "regex": "container|endpoint|namespace|pod"}
    else:
        yield {"sourceLabels": ["__meta_kubernetes_pod_node_name"], "targetLabel": "node"}
        yield {"action": "labeldrop", "regex": "endpoint"}


def _of(place: Place, *, or_none: bool = False) -> Relabeling:
    """Keeps series about the stack's own namespaces, and those about none."""
    known = {*place.wiring.namespaces, facts.namespace(place.target.prefix)}
    names = [*([""] if or_none else []), *sorted(known)]
    return {"action": "keep", "sourceLabels": ["namespace"], "regex": "|".join(names)}


def _kubelet(place: Place) -> dict[str, Any]:
    return {
        "selector": {"matchLabels": {"app.kubernetes.io/name": "kubelet"}},
        "namespaceSelector": {"matchNames": [discovery.KUBELET_NAMESPACE]},
        "scrapeClass": operated.KUBELETS,
        "endpoints": [_of_kubelet(place, "/metrics", VOLUMES), _of_kubelet(place, "/metrics/cadvisor", CONTAINERS)],
    }


def _of_kubelet(place: Place, path: str, series: str) -> dict[str, Any]:
    return {
        "port": "https-metrics",
        "scheme": "https",
        "path": path,
        "honorLabels": True,
        # Containers' samples bear the time of their reading, which may be older than a scrape.
        "honorTimestamps": False,
        "relabelings": [
            {"targetLabel": "job", "replacement": "kubelet"},
            {"sourceLabels": ["__meta_kubernetes_endpointslice_address_target_name"], "targetLabel": "node"},
            {"action": "labeldrop", "regex": "container|endpoint|namespace|pod|service"},
        ],
        "metricRelabelings": [
            {"action": "keep", "sourceLabels": ["__name__"], "regex": series},
            _of(place),
            {"action": "labeldrop", "regex": "id|image|name"},
        ],
    }


def _probe_name(asked: blackbox.Question) -> str:
    """By what is asked: an instance may answer under several hosts."""
    probe = asked.probe
    address = urlsplit(probe.target if "//" in probe.target else f"//{probe.target}")
    return f"{probe.instance}-{probe.module.replace('_', '-')}-{(probe.server_name or address.hostname or '').replace('.', '-')}"


def _probe(asked: blackbox.Question, hosts: Mapping[str, str]) -> dict[str, Any]:
    probe = asked.probe
    target = probe.target
    if probe.vantage == "inside":
        target = re.sub(r"^(\w+://)?([^:/]+)", lambda found: _full(found, hosts), target)
    labels = {"instance_name": probe.instance, "vantage": probe.vantage}
    shown = probe.server_name or probe.target
    return {
        "jobName": "probes",
        "module": asked.module,
        "prober": {"url": f"{facts.BLACKBOX.name}:{facts.BLACKBOX.port}", "path": "/probe"},
        "targets": {
            "staticConfig": {
                "static": [target],
                "labels": labels,
                "relabelingConfigs": [{"targetLabel": "instance", "replacement": shown}],
            }
        },
    }


def _full(found: re.Match[str], hosts: Mapping[str, str]) -> str:
    """A host of the stack as its prober must call it, which is in another namespace."""
    scheme, host = found[1] or "", found[2]
    return f"{scheme}{host}.{hosts[host]}" if host in hosts else found[0]
