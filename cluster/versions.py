"""Everything that this layer installs, in one table: chart, version, what it works with and who says so.

Owns: the pins. An upgrade is one row here, its definitions (`make definitions`), and a look at the row's source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LOWEST_KUBERNETES = "1.30"
"""ValidatingAdmissionPolicy is stable since then. https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/"""

ENVOY = "envoy"
"""Name of the GatewayClass."""
ENVOY_CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"
"""config.envoyGateway.gateway.controllerName of the chart."""
ENVOY_PROXIES = {"app.kubernetes.io/name": "envoy"}
"""Labels that Envoy Gateway gives to the proxies it starts, in its own namespace."""

NODE_AGENTS = "node-agents"
"""Namespace of what looks into every node, apart from everything else as it needs Pod Security `privileged`."""

_NAME = "app.kubernetes.io/name"

_PROMETHEUS_COMMUNITY = "https://prometheus-community.github.io/helm-charts"
_CLOUDNATIVE_PG = "https://cloudnative-pg.github.io/charts"


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A Helm chart."""

    chart: str
    """Name in its repository, or an OCI reference."""
    version: str
    repository: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Ours; whatever would create definitions is off."""
    own_definitions: tuple[tuple[str, ...], ...] = ()
    """Values by which the chart would bring definitions of its own."""


@dataclass(frozen=True, kw_only=True)
class AddOn:
    """One row."""

    minor: str
    """Minor version of the program, as stacks are told."""
    source: str
    """Where `kubernetes` and `needs` stand."""
    kubernetes: tuple[str, str] | None = None
    """Lowest and highest minor of Kubernetes; None where its makers name no bounds."""
    namespace: str = ""
    chart: Chart | None = None
    definitions: str | None = None
    """File of `definitions/released` that it needs."""
    groups: tuple[str, ...] = ()
    """API groups in that file."""
    scraped: Mapping[str, Any] | None = None
    """How the stacks' monitoring finds it, in the words of `AgentSpec`; only for what runs in NODE_AGENTS."""
    metrics: int | None = None
    """Port at which its pods tell how they are, for operators that the stacks ask."""
    needs: Mapping[str, str] = field(default_factory=dict[str, str])
    """Other add-ons, with the lowest minor of each that it works with."""
    after: tuple[str, ...] = ()
    """Add-ons that come first where both are there."""


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A row as one cluster installs it."""

    name: str
    row: AddOn
    chart: Chart
    values: Mapping[str, Any]
    """Ours with the stack file's over them."""
    after: Sequence[str]
    """Add-ons of this layer that come first."""
    definitions: Sequence[str]
    """Releases of definitions that come first."""


_PROMETHEUS_OPERATOR_ALONE: Mapping[str, Any] = {
    "crds": {"enabled": False},
    "defaultRules": {"create": False},
    **{
        part: {"enabled": False}
        for part in (
            "alertmanager",
            "coreDns",
            "grafana",
            "kubeApiServer",
            "kubeControllerManager",
            "kubeEtcd",
            "kubeProxy",
            "kubeScheduler",
            "kubeStateMetrics",
            "kubelet",
            "kubernetesServiceMonitors",
            "nodeExporter",
            "prometheus",
        )
    },
}
"""The operator has no chart of its own; this is its chart without everything else."""

INSTALLED: Mapping[str, AddOn] = {
    "gateway_api": AddOn(
        minor="1.6",
        source="https://gateway-api.sigs.k8s.io/concepts/versioning/: the five most recent minors of Kubernetes",
        kubernetes=("1.32", "1.36"),
        definitions="gateway-api",
        groups=("gateway.networking.k8s.io",),
    ),
    "cert_manager": AddOn(
        minor="1.21",
        source="https://cert-manager.io/docs/releases/",
        kubernetes=("1.33", "1.36"),
        namespace="cert-manager",
        chart=Chart(
            chart="oci://quay.io/jetstack/charts/cert-manager",
            version="v1.21.1",
            values={"crds": {"enabled": False}},
            own_definitions=(("crds", "enabled"), ("installCRDs",)),
        ),
        definitions="cert-manager",
        groups=("acme.cert-manager.io", "cert-manager.io"),
        metrics=9402,
        after=("gateway_api",),  # its controller looks for the Gateway API once, when it starts
    ),
    "cloudnative_pg": AddOn(
        minor="1.30",
        source="https://cloudnative-pg.io/documentation/1.30/supported_releases/",
        kubernetes=("1.34", "1.36"),
        namespace="cnpg-system",
        chart=Chart(
            chart="cloudnative-pg",
            version="0.29.0",
            repository=_CLOUDNATIVE_PG,
            values={"crds": {"create": False}},
            own_definitions=(("crds", "create"),),
        ),
        definitions="cloudnative-pg",
        groups=("postgresql.cnpg.io",),
        metrics=8080,
    ),
    "barman_cloud": AddOn(
        minor="0.14",
        source="https://cloudnative-pg.io/plugin-barman-cloud/docs/installation/",
        namespace="cnpg-system",  # the operator finds plugins in its own namespace alone
        chart=Chart(
            chart="plugin-barman-cloud",
            version="0.7.0",
            repository=_CLOUDNATIVE_PG,
            # The newest chart is made for 0.13; 0.14 takes the same arguments, ports and rights.
            values={
                "crds": {"create": False},
                "image": {"tag": "v0.14.0"},
                "sidecarImage": {"tag": "v0.14.0"},
            },
            own_definitions=(("crds", "create"),),
        ),
        definitions="plugin-barman-cloud",
        groups=("barmancloud.cnpg.io",),
        needs={"cloudnative_pg": "1.26", "cert_manager": "1.0"},
    ),
    "prometheus_operator": AddOn(
        minor="0.93",
        source="https://github.com/prometheus-community/helm-charts charts/kube-prometheus-stack/Chart.yaml, kubeVersion",
        namespace="prometheus-operator",
        chart=Chart(
            chart="kube-prometheus-stack",
            version="88.5.3",
            repository=_PROMETHEUS_COMMUNITY,
            values=_PROMETHEUS_OPERATOR_ALONE,
            own_definitions=(("crds", "enabled"),),
        ),
        definitions="prometheus-operator",
        groups=("monitoring.coreos.com",),
        metrics=10250,
    ),
    "envoy_gateway": AddOn(
        minor="1.9",
        source="https://gateway.envoyproxy.io/news/releases/matrix/",
        kubernetes=("1.33", "1.36"),
        namespace="envoy-gateway-system",
        chart=Chart(
            chart="oci://docker.io/envoyproxy/gateway-helm",
            version="v1.9.0",
            values={"crds": {"enabled": False}, "deployment": {"replicas": 2}},
            own_definitions=(("crds", "enabled"),),
        ),
        definitions="gateway",
        groups=("gateway.envoyproxy.io",),
        metrics=19001,
        needs={"gateway_api": "1.6"},
    ),
    "kube_state_metrics": AddOn(
        minor="2.20",
        source="https://github.com/kubernetes/kube-state-metrics#compatibility-matrix",
        namespace=NODE_AGENTS,
        chart=Chart(
            chart="kube-state-metrics",
            version="8.4.0",
            repository=_PROMETHEUS_COMMUNITY,
            values={"collectorsExclude": ["secrets"]},  # it would hold every Secret of the cluster to count them
        ),
        scraped={"labels": {_NAME: "kube-state-metrics"}, "port": 8080},
    ),
    "node_exporter": AddOn(
        minor="1.12",
        source="https://github.com/prometheus/node_exporter: knows no Kubernetes",
        namespace=NODE_AGENTS,
        chart=Chart(
            chart="prometheus-node-exporter",
            version="4.56.1",
            repository=_PROMETHEUS_COMMUNITY,
            values={"nameOverride": "node-exporter", "priorityClassName": "system-node-critical"},
        ),
        # The chart's default: only there are a node's own network interfaces to be seen.
        scraped={"labels": {_NAME: "node-exporter"}, "port": 9100, "host_network": True},
    ),
    "log_collector": AddOn(
        minor="5.1",
        source="https://github.com/fluent/helm-charts charts/fluent-bit-collector/Chart.yaml",
        namespace=NODE_AGENTS,
        chart=Chart(
            chart="fluent-bit-collector",
            version="1.1.1",
            repository="https://fluent.github.io/helm-charts",
            values={
                "nameOverride": "log-collector",
                "priorityClassName": "system-node-critical",
                "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
                "tolerations": [{"operator": "Exists"}],  # every node has containers
            },
        ),
        scraped={"labels": {_NAME: "log-collector"}, "port": 2020, "path": "/api/v2/metrics/prometheus"},
    ),
    "keda": AddOn(
        minor="2.20",
        source="https://keda.sh/docs/2.20/operate/cluster/: tested on three minors, to 1.35, and bound to none",
        namespace="keda",
        chart=Chart(
            chart="keda",
            version="2.20.2",
            repository="https://kedacore.github.io/charts",
            values={"crds": {"install": False}, "prometheus": {"operator": {"enabled": True}}},
            own_definitions=(("crds", "install"),),
        ),
        definitions="keda",
        groups=("eventing.keda.sh", "keda.sh"),
        metrics=8080,
    ),
    "vertical_pod_autoscaler": AddOn(
        minor="1.7",
        source="https://github.com/kubernetes/autoscaler vertical-pod-autoscaler/docs/installation.md: 1.28 or later",
        namespace="vertical-pod-autoscaler",
        chart=Chart(
            chart="vertical-pod-autoscaler",
            version="0.9.0",
            repository="https://kubernetes.github.io/autoscaler",
            # Recommendations alone: nothing restarts a pod to give it other resources. Its definitions lie in `crds/`.
            values={"admissionController": {"enabled": False}, "updater": {"enabled": False}},
        ),
        definitions="vertical-pod-autoscaler",
        groups=("autoscaling.k8s.io",),
    ),
    "metrics_server": AddOn(
        minor="0.8",
        source="https://github.com/kubernetes-sigs/metrics-server#compatibility-matrix: 1.31 or later",
        namespace="kube-system",
        chart=Chart(
            chart="metrics-server",
            version="3.13.1",
            repository="https://kubernetes-sigs.github.io/metrics-server",
            values={"replicas": 2, "podDisruptionBudget": {"enabled": True, "minAvailable": 1}},
        ),
    ),
}
"""In the order in which they go in."""
