"""What Prometheus is told on Kubernetes: a PodMonitor for each endpoint, a Probe for each question, the rules.

All of them stand in the monitoring's own namespace and have Prometheus' labels, by which it finds them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_kubernetes.apiextensions import CustomResource

from components import versions
from components.monitoring_stack import blackbox, discovery, facts, operated, prometheus
from components.monitoring_stack.workload import Place
from components.telemetry import BlackboxProbe, Scrape

Relabeling = dict[str, Any]

OF_THE_CLUSTER = frozenset({"kube-state-metrics"})
"""Jobs that see every stack of the cluster."""
HOST = re.compile(r"(?<=//)[^:/]+|^[^:/]+(?=:\d|$)")
"""The host in a URL, or in HOST:PORT."""

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
        _object(place, "Probe", _name(asked.probe), _probe(asked, hosts))
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
    # A number is enough where an agent's chart names the port.
    port = {"port": scrape.port_name} if scrape.port_name else {"portNumber": scrape.port}
    endpoint: dict[str, Any] = {
        **port,
        "path": scrape.path,
        "scheme": scrape.scheme,
        "relabelings": [*_named(scrape.job, scrape.instance), *_placed(scrape)],
    }
    if scrape.own_labels:
        endpoint["honorLabels"] = True
    if scrape.scheme == "https":
        # Whom it asks is narrowed by labels, and what it is told is no secret.
        endpoint["tlsConfig"] = {"insecureSkipVerify": True}
    if _sees_everybody(scrape):
        endpoint["metricRelabelings"] = [_of(place, or_none=True)]
    if scrape.only_up:
        endpoint["metricRelabelings"] = [{"action": "drop", "sourceLabels": ["__name__"], "regex": ".+"}]
    return {
        "selector": {"matchLabels": dict(scrape.labels)},
        "namespaceSelector": {"matchNames": [discovery.home(scrape, place.wiring, own)]},
        "podMetricsEndpoints": [endpoint],
    }


def _sees_everybody(scrape: Scrape) -> bool:
    """Whether an agent of the cluster tells of other stacks' objects too."""
    return scrape.own_labels and scrape.namespace is not None


def _named(job: str, instance: str) -> list[Relabeling]:
    return [
        {"targetLabel": "job", "replacement": job},
        {"targetLabel": "instance_name", "replacement": instance},
    ]


def _placed(scrape: Scrape) -> Iterable[Relabeling]:
    if _sees_everybody(scrape):
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


def _probe(asked: blackbox.Question, hosts: Mapping[str, str]) -> dict[str, Any]:
    probe = asked.probe
    home = hosts.get(probe.instance)
    inside = probe.vantage == "inside" and home is not None
    # The prober is in another namespace than what it asks.
    target = HOST.sub(rf"\g<0>.{home}", probe.target, count=1) if inside else probe.target
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


def _name(probe: BlackboxProbe) -> str:
    """By what is asked of whom, so that a new probe renames no other."""
    host = HOST.search(probe.target)
    asked = probe.server_name if probe.server_name or host is None else host[0]
    return re.sub(r"[^a-z0-9]+", "-", f"{probe.instance}-{probe.module}-{asked}")
