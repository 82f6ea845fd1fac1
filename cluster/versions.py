"""Everything that this layer installs, in one table: chart, version, what it works with and who says so.

Owns: the pins. An upgrade is one row here, its definitions (`make definitions`), and a look at the row's source.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cluster.addons import AddOn, Chart

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


ONE_AFTER_ANOTHER: Mapping[str, str] = {"CLUSTERS_ROLLOUT_DELAY": "60", "INSTANCES_ROLLOUT_DELAY": "10"}
"""Seconds from one server, and from one instance, to the next when CloudNativePG is upgraded; by default it restarts all
servers of the cluster at once. https://cloudnative-pg.io/documentation/1.30/operator_conf/#available-options"""

_PROMETHEUS_OPERATOR_ALONE: Mapping[str, Any] = {
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
            own_definitions=("crds.enabled", "installCRDs"),
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
            values={"config": {"data": ONE_AFTER_ANOTHER}},
            own_definitions=("crds.create",),
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
            values={"image": {"tag": "v0.14.0"}, "sidecarImage": {"tag": "v0.14.0"}},
            own_definitions=("crds.create",),
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
            own_definitions=("crds.enabled",),
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
            values={"deployment": {"replicas": 2}},
            own_definitions=("crds.enabled",),
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
        minor="2.21",
        source="https://keda.sh/docs/2.22/operate/cluster/: what it is tested on, and no more is promised",
        kubernetes=("1.34", "1.36"),
        namespace="keda",
        chart=Chart(
            chart="keda",
            version="2.21.0",
            repository="https://kedacore.github.io/charts",
            values={"prometheus": {"operator": {"enabled": True}}},
            own_definitions=("crds.install",),
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
