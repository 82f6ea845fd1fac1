"""What does not hold in the stack file of a cluster."""

from __future__ import annotations

from tests.stacks.refusals.case import GONE, Case

CNPG = "https://cloudnative-pg.io/documentation/1.30/supported_releases/"
CERT_MANAGER = "https://cert-manager.io/docs/releases/"
BARMAN = "https://cloudnative-pg.io/plugin-barman-cloud/docs/installation/"
OWNER = "a second owner: this layer owns the definitions, and those of a chart go with its release; remove it"

LOKI = "http://monitoring-loki.shop-prod-monitoring:3100/loki/api/v1/push"

CASES: tuple[Case, ...] = (
    Case(
        "A cluster without a place",
        {"cluster": GONE},
        (
            'cluster: is missing: the stack does not say where it runs; e.g. {kubeconfig: ~/.kube/config, context: prod, version: "1.36", ...}',
        ),
        "cluster",
    ),
    Case(
        "A Kubernetes that an operator does not support",
        {"cluster.version": "1.33"},
        (
            f"cluster.version: is no version that cloudnative_pg 1.30 supports, which are 1.34 to 1.36 ({CNPG}); adopt another cloudnative_pg, or leave it out",
        ),
        "cluster",
    ),
    Case(
        "A Kubernetes that KEDA was not tried on",
        {"cluster.version": "1.33", "addons.keda": {}},
        (
            f"cluster.version: is no version that cloudnative_pg 1.30 supports, which are 1.34 to 1.36 ({CNPG}); adopt another cloudnative_pg, or leave it out",
            "cluster.version: is no version that keda 2.21 supports, which are 1.34 to 1.36 (https://keda.sh/docs/2.22/operate/cluster/: what it is tested on, and no more is promised); adopt another keda, or leave it out",
        ),
        "cluster",
    ),
    Case(
        "A Kubernetes without admission policies",
        {"cluster.version": "1.29"},
        ("cluster.version: must be 1.30 or later, for ValidatingAdmissionPolicy",),
        "cluster",
    ),
    Case(
        "An add-on that nobody knows",
        {"addons.istio": {}},
        ("addons.istio: must be one of: 'barman_cloud', *",),
        "cluster",
    ),
    Case(
        "An add-on without what it needs",
        {"addons.cert_manager": GONE},
        (
            f"addons.barman_cloud: needs cert_manager, which is not there ({BARMAN}); add it, or adopt the one that is there",
            "stacks.prod.file: this stack goes by cert_manager, which is not there; add it to addons, or take it out of the stack first; e.g. {cert_manager: {}}",
        ),
        "cluster",
    ),
    Case(
        "An adopted operator that is too old",
        {"addons.cloudnative_pg": {"adopt": {"version": "1.25", "namespace": "cnpg-system"}}},
        (
            f"addons.barman_cloud: barman_cloud 0.14 needs cloudnative_pg 1.26 or later, and an older one is adopted ({BARMAN})",
        ),
        "cluster",
    ),
    Case(
        "Two owners of one group of definitions",
        {"addons.cloudnative_pg": {"values": {"crds": {"create": True}}}},
        (f"addons.cloudnative_pg.values.crds.create: gives postgresql.cnpg.io {OWNER}",),
        "cluster",
    ),
    Case(
        "The experimental channel on top of the standard one",
        {"addons.envoy_gateway": {"values": {"crds": {"enabled": True}}}},
        (
            f"addons.envoy_gateway.values.crds.enabled: gives gateway.envoyproxy.io {OWNER}. This chart would also put the experimental channel of the Gateway API on top of the standard one",
        ),
        "cluster",
    ),
    Case(
        "Values for an add-on that is adopted",
        {
            "addons.prometheus_operator": {
                "adopt": {"version": "0.92", "namespace": "monitoring"},
                "values": {"replicas": 2},
            }
        },
        ("addons.prometheus_operator.values: goes to a chart, and an adopted add-on has none here; remove it",),
        "cluster",
    ),
    Case(
        "Values for definitions alone",
        {"addons.gateway_api": {"values": {"channel": "experimental"}}},
        ("addons.gateway_api.values: goes to a chart, and this one has none; remove it",),
        "cluster",
    ),
    Case(
        "An adopted gateway without its class",
        {"addons.envoy_gateway": {"adopt": {"version": "1.9", "namespace": "edge"}}},
        ("addons.envoy_gateway.adopt.gateway_class: is missing: stacks are told which class to use; e.g. envoy",),
        "cluster",
    ),
    Case(
        "A class of gateways for what is none",
        {"addons.keda": {"adopt": {"version": "2.18", "namespace": "keda", "gateway_class": "envoy"}}},
        ("addons.keda.adopt.gateway_class: is only for envoy_gateway; remove it",),
        "cluster",
    ),
    Case(
        "Logs that go nowhere",
        {"addons.log_collector": {}},
        (
            "addons.log_collector: does not say where the logs go: section `logs` is missing, and the chart's own would print them; e.g. logs: {shop-prod: {push: http://monitoring-loki.shop-prod-monitoring:3100/loki/api/v1/push}}",
        ),
        "cluster",
    ),
    Case(
        "A place for logs that nobody collects",
        {"logs": {"shop-prod": {"push": LOKI}}},
        (
            "logs: is for log_collector, which this layer does not install here; add it to addons, or remove this section; e.g. log_collector: {}",
        ),
        "cluster",
    ),
    Case(
        "A place for logs that is no address, and a password in one",
        {
            "addons.log_collector": {},
            "logs": {"shop-prod": {"push": "logs:3100"}, "shop-qa": {"push": "http://me:word@logs/loki/api/v1/push"}},
        },
        (
            "logs.shop-prod.push: must be http:// or https://, a host, *",
            "logs.shop-qa.push: must be http:// or https://, a host, *",
        ),
        "cluster",
    ),
    Case(
        "Lines to drop by what is no regular expression",
        {"addons.log_collector": {}, "logs": {"shop-prod": {"push": LOKI, "drop": ["GET /healthz", "("]}}},
        ("logs.shop-prod.drop: must hold regular expressions of one line each; e.g. ['GET /healthz']",),
        "cluster",
    ),
    Case(
        "Exporters on the nodes' own network, and nodes without addresses",
        {"addons.node_exporter": {}, "cluster.nodes": GONE},
        (
            "cluster.nodes: is missing: node_exporter answers at the addresses of the nodes, and network rules must name them; give their ranges; e.g. [10.0.0.0/16]",
        ),
        "cluster",
    ),
    Case(
        "A chart's own definitions of KEDA",
        {"addons.keda": {"values": {"crds": {"install": True}}}},
        (f"addons.keda.values.crds.install: gives eventing.keda.sh and keda.sh {OWNER}",),
        "cluster",
    ),
    Case(
        "No default storage class",
        {"storage_classes.fast-retain": {"provisioner": "ebs.csi.aws.com"}},
        (
            "storage_classes: must have exactly one class with `default: true`, and none says so; e.g. {fast-retain: {provisioner: ebs.csi.aws.com, default: true}}",
        ),
        "cluster",
    ),
    Case(
        "Two default storage classes",
        {"storage_classes.slow-retain": {"provisioner": "ebs.csi.aws.com", "default": True}},
        (
            "storage_classes: must have exactly one class with `default: true`, and 2 say so: fast-retain, slow-retain; e.g. {fast-retain: {provisioner: ebs.csi.aws.com, default: true}}",
        ),
        "cluster",
    ),
    Case(
        "An add-on switched off that a stack goes by",
        {"addons.envoy_gateway": GONE},
        (
            "stacks.prod.file: this stack goes by envoy_gateway, which is not there; add it to addons, or take it out of the stack first; e.g. {envoy_gateway: {}}",
        ),
        "cluster",
    ),
    Case(
        "A stack that is not there",
        {"stacks.prod.file": "../Pulumi.elsewhere.yaml"},
        ("stacks.prod.file: can't be read as YAML; give its path, seen from the folder of this project",),
        "cluster",
    ),
)
