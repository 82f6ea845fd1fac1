"""Monitoring: what contradicts itself, whom nobody tells, and what a cluster does not have."""

from __future__ import annotations

from typing import Any

from tests.stacks.refusals.case import APP, CLUSTER, GONE, Case

THERE: dict[str, Any] = {
    f"{CLUSTER}.operators.prometheus_operator": {"version": "0.93", "namespace": "prometheus-operator"},
    f"{CLUSTER}.agents": {
        "namespace": "node-agents",
        "kube_state_metrics": {"labels": {"app.kubernetes.io/name": "kube-state-metrics"}, "port": 8080},
        "node_exporter": {"labels": {"app.kubernetes.io/name": "node-exporter"}, "port": 9100, "host_network": True},
        "log_collector": {"labels": {"app.kubernetes.io/name": "log-collector"}, "port": 2020},
    },
    f"{CLUSTER}.nodes": ["10.1.0.0/16"],
    "secrets": {"chat_url": {"secure": "v1:abc"}},
}
"""What the cluster has, and a secret that is set."""

WATCHED: dict[str, Any] = {"runbooks": "https://example.com/runbooks"}
CHAT: dict[str, Any] = {"kind": "slack", "url": {"secret": "chat_url"}, "channel": "#shop"}
TOLD: dict[str, Any] = {"receivers": {"chat": CHAT}, "routes": {"warning": ["chat"]}}
OIDC: dict[str, Any] = {
    "authorize_url": "https://id.example.com/authorize",
    "token_url": "https://id.example.com/token",
    "userinfo_url": "https://id.example.com/userinfo",
    "client_id": "grafana",
    "client_secret": {"secret": "chat_url"},
    "viewers": ["staff"],
}


HOST = "grafana.example.com"
SHOWN: dict[str, Any] = {"dashboards": {"route": {"host": "grafana.example.com"}, "oidc": OIDC}}
IN: dict[str, Any] = {
    f"{CLUSTER}.gateway": {"class": "envoy", "proxy_namespace": "envoy", "proxy_labels": {"app": "envoy"}},
    f"{CLUSTER}.operators.cert_manager": {"version": "1.21", "namespace": "cert-manager"},
    "edge": {"certificates": {"main": {"hosts": [HOST]}}},
}
"""A way in."""


def _case(title: str, said: dict[str, Any], *lines: str, **others: Any) -> Case:
    return Case(title, {**THERE, "monitoring": {**WATCHED, **said}, **others}, lines)


def _alerts(title: str, said: dict[str, Any], *lines: str) -> Case:
    return _case(title, {"alerts": said}, *lines)


CASES: tuple[Case, ...] = (
    Case(
        "A port of an operator that nobody knows how to ask",
        {f"{CLUSTER}.operators.barman_cloud": {"version": "0.14", "namespace": "cnpg-system", "metrics": 8080}},
        (
            f"{CLUSTER}.operators.barman_cloud.metrics: is for cert_manager, cloudnative_pg, envoy_gateway, keda, prometheus_operator: of others nobody knows what they tell; remove it",
        ),
    ),
    _case(
        "Samples taken too seldom",
        {"metrics": {"scrape_interval": "5m"}},
        "monitoring.metrics.scrape_interval: must be between 5s and 2m: after five minutes without a sample a series counts as gone; e.g. 30s",
    ),
    _case(
        "A volume too small for what is kept",
        {
            "metrics": {"expected_series": 100_000, "retention": "30d", "storage": "10Gi"},
            "logs": {"daily": "10Gi", "storage": "5Gi"},
        },
        "monitoring.metrics.storage: is less than 100000 series every 30 s for 30d need: 21Gi (series / interval x retention x 2 bytes / 0.8); give more, or keep less; e.g. 21Gi",
        "monitoring.logs.storage: is less than 10Gi a day for 30d need: 167Gi (daily text x (retention + 10 % x audit retention) / 5 / 0.8); give more, or keep less; e.g. 167Gi",
    ),
    _case(
        "Two Alertmanagers",
        {"alertmanagers": 2},
        "monitoring.alertmanagers: must be 1 or 3: two can't outvote each other; e.g. 3",
    ),
    _case(
        "Two Prometheus that one Alertmanager listens to",
        {"metrics": {"replicas": 2}},
        "monitoring.alertmanagers: must be 3 beside two Prometheus: alerts would survive a node, and nobody would be told; e.g. 3",
    ),
    _case(
        "A page for the world that asks for a password",
        {"dashboards": {"route": {"host": "grafana.example.com"}}},
        "monitoring.dashboards.route: lets the world knock at a password; say who people are with oidc; e.g. oidc: {client_id: grafana, ...}",
    ),
    _case(
        "A page on a port and below a path that Grafana has not",
        {"dashboards": {"route": {"host": "grafana.example.com", "port": "web", "paths": ["/grafana"]}, "oidc": OIDC}},
        "monitoring.dashboards.route.port: must be http: Grafana has no other; e.g. http",
        "monitoring.dashboards.route.paths: must be / alone: give Grafana a host of its own; e.g. [/]",
    ),
    _case(
        "A page for people in a stack without a way in",
        SHOWN,
        "monitoring.dashboards.route: needs a way in: the stack has no `edge`; e.g. {certificates: {main: {hosts: [grafana.example.com]}}}",
    ),
    _case(
        "A page on a host where an app is",
        SHOWN,
        "monitoring.dashboards.route: leads grafana.example.com/ here, and app_services.shop takes it too",
        **IN,
        **{"app_services.shop": {**APP, "route": {"host": HOST}}},
    ),
    _case(
        "A page on a host without a certificate",
        SHOWN,
        "monitoring.dashboards.route.host: is covered by no certificate of the edge; add it to one of: edge.certificates.main",
        **{**IN, "edge": {"certificates": {"main": {"hosts": ["shop.example.com"]}}}},
    ),
    _case(
        "A group that would end the sentence it stands in",
        {"dashboards": {"oidc": {**OIDC, "viewers": ["o'hara"]}}},
        "monitoring.dashboards.oidc.viewers[0]: must be a name without quotes and backslashes",
    ),
    _case(
        "Runbooks in a folder of this machine",
        {"runbooks": "docs/runbooks"},
        "monitoring.runbooks: must be an address that starts with https://, without spaces and without a slash at the end; e.g. https://github.com/blocksight/platform/blob/main/docs/runbooks",
    ),
    _alerts(
        "A severity that nobody knows",
        {**TOLD, "routes": {"fatal": ["chat"]}},
        "monitoring.alerts.routes.fatal: must be one of: 'critical', 'warning' or 'info'; e.g. critical",
    ),
    _alerts(
        "A receiver that is not there",
        {
            **TOLD,
            "routes": {"critical": ["chat", "pager"]},
            "teams": {"data": {"owns": ["main"], "routes": {"warning": ["desk"]}}},
        },
        "monitoring.alerts.routes.critical[1]: is no receiver; there are: chat",
        "monitoring.alerts.teams.data.routes.warning[0]: is no receiver; there are: chat",
    ),
    _alerts(
        "A receiver that is told nothing",
        {"receivers": {"chat": CHAT}},
        "monitoring.alerts.receivers.chat: is told nothing: no route names it; e.g. routes: {critical: [chat]}",
    ),
    _alerts(
        "A receiver whose secret is not set",
        {
            "receivers": {"chat": {**CHAT, "url": {"secret": "slack_url"}}},
            "routes": {"warning": ["chat"]},
            "dead_mans_switch": {"url": {"secret": "heartbeat_url"}},
        },
        "monitoring.alerts.receivers.chat.url.secret: names a secret that is not set; set it: pulumi config set --secret --path secrets.slack_url",
        "monitoring.alerts.dead_mans_switch.url.secret: names a secret that is not set; set it: pulumi config set --secret --path secrets.heartbeat_url",
    ),
    _alerts(
        "A receiver of a kind that nobody knows",
        {"receivers": {"pigeon": {"kind": "pigeon"}}, "routes": {"warning": ["pigeon"]}},
        'monitoring.alerts.receivers.pigeon: must be a mapping whose `kind` is one of: email, incident_io, pagerduty, slack, teams, webhook; e.g. {kind: slack, url: {secret: slack_url}, channel: "#blocksight-alerts"}',
    ),
    _alerts(
        "A mailbox without a name",
        {
            "receivers": {
                "mail": {
                    "kind": "email",
                    "to": ["example.com"],
                    "sender": "a@example.com",
                    "server": "smtp.example.com:587",
                    "username": "a",
                    "password": {"secret": "chat_url"},
                }
            },
            "routes": {"warning": ["mail"]},
        },
        "monitoring.alerts.receivers.mail.to[0]: must be one plain mail address, without a name around it; e.g. oncall@blocksight.live",
    ),
    _alerts(
        "Two teams that own one instance",
        {
            **TOLD,
            "teams": {
                "a": {"owns": ["api"], "routes": {"warning": ["chat"]}},
                "b": {"owns": ["api"], "routes": {"warning": ["chat"]}},
            },
        },
        "monitoring.alerts.teams.b.owns[0]: is owned by 'a' already",
    ),
    _alerts(
        "A day of work that ends before it begins",
        {**TOLD, "working_hours": {"begin": "17:00", "end": "09:00"}},
        'monitoring.alerts.working_hours.end: must be later than begin on the same day; e.g. "17:00"',
    ),
    _alerts(
        "A beat that is slower than anybody's patience",
        {**TOLD, "dead_mans_switch": {"url": {"secret": "chat_url"}, "every": "2h"}},
        "monitoring.alerts.dead_mans_switch.every: must be between 30s and 1h; e.g. 1m",
    ),
    _alerts(
        "Alerts that are told again every minute",
        {**TOLD, "repeat": "1m"},
        "monitoring.alerts.repeat: must be between 5m and 5d; e.g. 4h",
    ),
    _alerts(
        "A team that owns what is not there",
        {**TOLD, "teams": {"data": {"owns": ["web"], "routes": {"warning": ["chat"]}}}},
        "monitoring.alerts.teams.data.owns[0]: names nothing in this stack; there are: api, environment, main, monitoring",
    ),
    _case(
        "An app with the monitoring's name",
        {},
        "app_services.monitoring-loki: takes a name that 'monitoring' takes too: names with a suffix (`-rw`, `-secrets`, ...) must differ as well; rename one",
        **{"app_services.monitoring-loki": APP},
    ),
    Case(
        "Monitoring on a cluster without its operator and agents",
        {"monitoring": WATCHED},
        (
            "environment.target.cluster.agents: must name kube_state_metrics and node_exporter: without them nobody sees restarts, full volumes and lost nodes; switch them on in the cluster layer and paste the block that it prints",
            "environment.target.cluster.nodes: is missing: kubelets and node agents answer on the nodes' own addresses, which no pod selector matches; e.g. [10.0.0.0/16]",
            'environment.target.cluster.operators.prometheus_operator: is missing: it runs Prometheus and Alertmanager; install it with the cluster layer and paste the block that it prints; e.g. {version: "0.93", namespace: monitoring-system}',
        ),
    ),
    Case(
        "Lines that nobody brings to Loki",
        {**THERE, f"{CLUSTER}.agents.log_collector": GONE, "monitoring": WATCHED},
        (
            "environment.target.cluster.agents.log_collector: is missing: nobody brings lines to Loki; switch it on in the cluster layer, or say `logs: null`",
        ),
    ),
    Case(
        "An operator that is older than its objects",
        {
            **THERE,
            f"{CLUSTER}.operators.prometheus_operator": {"version": "0.92", "namespace": "prometheus-operator"},
            "monitoring": WATCHED,
        },
        (
            'environment.target.cluster.operators.prometheus_operator.version: must be 0.93 or later: the objects are checked against its definitions; e.g. "0.93"',
        ),
    ),
    Case(
        "What one machine has only once",
        {
            "secrets": {"chat_url": {"secure": "v1:abc"}},
            "monitoring": {
                **WATCHED,
                "metrics": {"replicas": 2},
                "alertmanagers": 3,
                "dashboards": {"route": {"host": "grafana.example.com"}, "oidc": OIDC},
            },
            "edge": {"certificates": {"main": {"hosts": ["grafana.example.com"]}}},
        },
        (
            "monitoring.metrics.replicas: is for kubernetes only: one machine runs one container of each program; remove it",
            "monitoring.alertmanagers: is for kubernetes only: one machine runs one container of each program; remove it",
            "monitoring.dashboards.route: is for kubernetes only: a developer reaches it on this machine; say docker.publish",
        ),
        "docker",
    ),
    _case(
        "Options of the other target",
        {"docker": {"publish": 3001}},
        "monitoring.docker: is for docker only: the block is named after its target; remove it",
    ),
    Case(
        "A port of this machine that Grafana and an app publish",
        {
            "app_services.api.docker": {"publish": {"http": 3001}},
            "monitoring": {**WATCHED, "docker": {"publish": 3001}},
        },
        (
            "monitoring.docker.publish: publishes a port of this machine that app_services.api publishes too; choose another one",
        ),
        "docker",
    ),
)
