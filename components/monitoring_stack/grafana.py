"""Grafana's settings: who may come in, where the data is, which dashboards there are. Pure.

Everything is provisioned, and so read-only in the browser. https://grafana.com/docs/grafana/latest/administration/provisioning/
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from components.folders import CONFIG_FOLDER
from components.monitoring_stack import dashboards
from components.monitoring_stack.facts import ALERTMANAGER, GRAFANA, LOKI, PROMETHEUS
from components.monitoring_stack.spec import MonitoringSpec, OidcSpec

DASHBOARDS_FOLDER = "/run/pages"
DATA_FOLDER = "/var/lib/grafana"
PROVISIONING_FOLDER = "/run/provisioning"
SETTINGS = "grafana.ini"

ADMINISTRATOR = "admin"
"""Name of the one administrator where people don't log in by OpenID Connect; also the file with the password."""
CLIENT_SECRET = "oidc"  # the name of a file
"""File with the secret that Grafana shows the provider."""


def environment() -> dict[str, str]:
    """Variables of the container: where things are. The image sets these itself, and a variable wins over the settings.

    https://grafana.com/docs/grafana/latest/setup-grafana/configure-docker/#default-paths
    """
    return {
        "GF_LOG_MODE": "console",
        "GF_PATHS_CONFIG": f"{CONFIG_FOLDER}/{SETTINGS}",
        "GF_PATHS_DATA": DATA_FOLDER,
        "GF_PATHS_LOGS": "/tmp",  # noqa: S108  # a path inside the container
        "GF_PATHS_PLUGINS": f"{DATA_FOLDER}/plugins",
        "GF_PATHS_PROVISIONING": PROVISIONING_FOLDER,
    }


def settings(spec: MonitoringSpec, *, secrets: str, address: str) -> str:
    """Text of `SETTINGS`. `secrets` is the folder with the files, `address` the URL by which people come."""
    lines = [
        "[server]",
        f"http_port = {GRAFANA.port}",
        f"root_url = {address}",
        "[analytics]",
        "reporting_enabled = false",
        "check_for_updates = false",
        "check_for_plugin_updates = false",
        "[security]",
        f"admin_user = {ADMINISTRATOR}",
        f"admin_password = $__file{{{secrets}/{ADMINISTRATOR}}}",
        "disable_gravatar = true",
        f"cookie_secure = {str(address.startswith('https://')).lower()}",
        "cookie_samesite = lax",
        "[users]",
        "allow_sign_up = false",
        "viewers_can_edit = false",
        "[auth.anonymous]",
        "enabled = false",
        "[unified_alerting]",
        "enabled = false",  # Prometheus judges, Alertmanager tells: two of a kind would disagree
        "[log.console]",
        "format = json",
        "[metrics]",
        "enabled = true",
        "[plugins]",
        "preinstall_disabled = true",
        *(() if spec.dashboards.oidc is None else _oidc(spec.dashboards.oidc, secrets)),
    ]
    return "\n".join(lines) + "\n"


def _oidc(oidc: OidcSpec, secrets: str) -> Iterator[str]:
    yield "[auth]"
    yield "disable_login_form = true"
    yield "oauth_allow_insecure_email_lookup = false"
    yield "[auth.generic_oauth]"
    yield "enabled = true"
    yield "name = Sign in"
    yield "scopes = openid profile email groups"
    yield "use_pkce = true"
    yield "allow_sign_up = true"
    yield f"client_id = {oidc.client_id}"
    yield f"client_secret = $__file{{{secrets}/{CLIENT_SECRET}}}"
    yield f"auth_url = {oidc.authorize_url}"
    yield f"token_url = {oidc.token_url}"
    yield f"api_url = {oidc.userinfo_url}"
    yield f"role_attribute_path = {_roles(oidc)}"
    # Without it, somebody of no group would come in as a viewer.
    yield "role_attribute_strict = true"


def _roles(oidc: OidcSpec) -> str:
    """JMESPath: the highest role that one of the person's groups gives."""
    roles = (("GrafanaAdmin", oidc.admins), ("Editor", oidc.editors), ("Viewer", oidc.viewers))
    return " || ".join(
        f"contains({oidc.groups_claim}[*], '{group}') && '{role}'" for role, groups in roles for group in groups
    )


def data_sources(spec: MonitoringSpec) -> str:
    """Data sources by uid; the dashboards' variables choose among them."""
    metrics = {
        "name": "Metrics",
        "uid": dashboards.METRICS,
        "type": "prometheus",
        "access": "proxy",
        "url": f"http://{PROMETHEUS.name}:{PROMETHEUS.port}",
        "isDefault": True,
        "jsonData": {"timeInterval": spec.metrics.scrape_interval, "httpMethod": "POST"},
    }
    alerts = {
        "name": "Alerts",
        "uid": "alerts",
        "type": "alertmanager",
        "access": "proxy",
        "url": f"http://{ALERTMANAGER.name}:{ALERTMANAGER.port}",
        "jsonData": {"implementation": "prometheus", "handleGrafanaManagedAlerts": False},
    }
    logs = {
        "name": "Logs",
        "uid": dashboards.LOGS,
        "type": "loki",
        "access": "proxy",
        "url": f"http://{LOKI.name}:{LOKI.port}",
    }
    sources = [metrics, alerts, *(() if spec.logs is None else (logs,))]
    return yaml.safe_dump(
        {"apiVersion": 1, "prune": True, "datasources": [{**source, "editable": False} for source in sources]},
        sort_keys=False,
    )


def providers() -> str:
    """Where the dashboards are."""
    provider = {
        "name": "slipway",
        "type": "file",
        "disableDeletion": True,
        "allowUiUpdates": False,
        "options": {"path": DASHBOARDS_FOLDER},
    }
    return yaml.safe_dump({"apiVersion": 1, "providers": [provider]}, sort_keys=False)
