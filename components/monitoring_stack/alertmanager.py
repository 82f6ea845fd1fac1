"""Alertmanager's configuration, the same file on every target; its secrets are files beside it. Pure.

https://prometheus.io/docs/alerting/latest/configuration/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, assert_never

import yaml

from components.monitoring_stack.alerting import (
    AlertingSpec,
    DeadMansSwitchSpec,
    EmailReceiver,
    IncidentIoReceiver,
    PagerdutyReceiver,
    Receiver,
    Routes,
    SlackReceiver,
    TeamsReceiver,
    WebhookReceiver,
)
from components.telemetry import Severity
from components.vocabulary import NamedSecret, seconds

NOBODY = "nobody"
"""Told nothing: the alert stands in Alertmanager and Grafana alone."""
HEARTBEAT = "dead-mans-switch"
WATCHDOG = "Watchdog"
"""The alert that always fires: its silence is the alarm."""
WORKING_HOURS = "working-hours"

SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")

Entry = dict[str, Any]

_TITLE = (
    "[{{ .Status | toUpper }}] {{ .CommonLabels.severity }} {{ .GroupLabels.alertname }} {{ .GroupLabels.instance_name }}"
    " ({{ .CommonLabels.stack }})"
)
_TEXT = (
    "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.description }}\n"
    "{{ if .Annotations.runbook_url }}Runbook: {{ .Annotations.runbook_url }}\n{{ end }}{{ end }}"
)

MUTES: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (('severity="critical"',), ('severity=~"warning|info"',), ("alertname", "instance_name")),
    (('severity="warning"',), ('severity="info"',), ("alertname", "instance_name")),
    (('alertname="SloBurnsFast"',), ('alertname=~"SloBurnsSlowly|SloBudgetSpent"',), ("instance_name", "slo")),
    (('alertname="NodeDown"',), ('alertname!="NodeDown"', 'node!=""'), ("node",)),
    (('alertname="PostgresDown"',), ('alertname=~"Postgres.+"', 'alertname!="PostgresDown"'), ("instance_name",)),
    # With replicas, one server that is away is a warning, and says nothing of the others.
    (
        ('alertname="RedisDown"', 'severity="critical"'),
        ('alertname=~"Redis.+"', 'alertname!="RedisDown"'),
        ("instance_name",),
    ),
    (('alertname="AppDown"',), ('alertname=~"App.+|SloHasNoEvents"', 'alertname!="AppDown"'), ("instance_name",)),
)
"""What an alert says already of others: sources, targets, and labels that must be equal. Not EdgeUnreachable: it is about one
host, all of them come in one message, and a route that fails has been reached.
"""


def configuration(spec: AlertingSpec, *, folder: str, servers: Sequence[str] = ()) -> str:
    """YAML text. `folder` holds the secrets by name; `servers` are databases and caches whose loss explains their users' alerts."""
    hours = spec.working_hours
    text: Entry = {
        "route": {
            "receiver": NOBODY,
            "group_by": ["alertname", "instance_name"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": spec.repeat,
            "routes": list(_routes(spec)),
        },
        "receivers": [{"name": NOBODY}, *_receivers(spec, folder)],
        "inhibit_rules": [*(_mute(*rule) for rule in MUTES), *(_explains(server) for server in sorted(servers))],
    }
    if hours is not None:
        span = {
            "times": [{"start_time": hours.begin, "end_time": hours.end}],
            "weekdays": list(hours.days),
            "location": hours.location,
        }
        text["time_intervals"] = [{"name": WORKING_HOURS, "time_intervals": [span]}]
    return yaml.safe_dump(text, sort_keys=False, width=1000)


def _routes(spec: AlertingSpec) -> Iterator[Entry]:
    yield _heartbeat(spec.dead_mans_switch)
    for _, team in sorted(spec.teams.items()):
        owned = f'instance_name=~"{"|".join(sorted(team.owns))}"'
        yield from _by_severity(team.routes, (owned,), spec)
    yield from _by_severity(spec.routes, (), spec)


def _heartbeat(switch: DeadMansSwitchSpec | None) -> Entry:
    route: Entry = {"matchers": [f'alertname="{WATCHDOG}"'], "receiver": NOBODY if switch is None else HEARTBEAT}
    if switch is not None:
        every = seconds(switch.every)
        # Looked at every `every`: a repeat of the same length would be missed by a hair each second time.
        route |= {"group_wait": "0s", "group_interval": f"{every}s", "repeat_interval": f"{every // 2}s"}
    return route


def _by_severity(routes: Routes, matchers: tuple[str, ...], spec: AlertingSpec) -> Iterator[Entry]:
    for severity in SEVERITIES:
        receivers = routes.get(severity, ())
        if not receivers:
            continue
        yield {
            "matchers": [*matchers, f'severity="{severity}"'],
            "receiver": receivers[-1],
            "routes": [
                {"receiver": receiver, "continue": index < len(receivers) - 1, **_hours(severity, spec)}
                for index, receiver in enumerate(receivers)
            ],
        }


def _hours(severity: Severity, spec: AlertingSpec) -> Entry:
    """What wakes people waits for nobody's hours."""
    return {"active_time_intervals": [WORKING_HOURS]} if spec.working_hours and severity != "critical" else {}


def _receivers(spec: AlertingSpec, folder: str) -> Iterator[Entry]:
    for name, receiver in sorted(spec.receivers.items()):
        kind, settings = _integration(receiver, folder)
        yield {"name": name, kind: [{"send_resolved": receiver.resolved, **settings}]}
    if spec.dead_mans_switch is not None:
        url = _file(spec.dead_mans_switch.url, folder)
        yield {"name": HEARTBEAT, "webhook_configs": [{"send_resolved": False, "url_file": url}]}


def _integration(receiver: Receiver, folder: str) -> tuple[str, Mapping[str, Any]]:
    match receiver:
        case SlackReceiver():
            told = {"channel": receiver.channel, "title": _TITLE, "text": _TEXT}
            return "slack_configs", {"api_url_file": _file(receiver.url, folder), **told}
        case PagerdutyReceiver():
            # PagerDuty's words for severities are ours; a route, and so a message, has one.
            told = {"severity": "{{ .CommonLabels.severity }}", "class": "{{ .GroupLabels.alertname }}"}
            return "pagerduty_configs", {
                "routing_key_file": _file(receiver.routing_key, folder),
                "description": _TITLE,
                **told,
            }
        case IncidentIoReceiver():
            return "incidentio_configs", {
                "url": receiver.url,
                "alert_source_token_file": _file(receiver.token, folder),
            }
        case TeamsReceiver():
            told = {"title": _TITLE, "text": _TEXT}
            return "msteamsv2_configs", {"webhook_url_file": _file(receiver.url, folder), **told}
        case WebhookReceiver():
            return "webhook_configs", {"url_file": _file(receiver.url, folder)}
        case EmailReceiver():
            return "email_configs", {
                "to": ", ".join(receiver.to),
                "from": receiver.sender,
                "smarthost": receiver.server,
                "auth_username": receiver.username,
                "auth_password_file": _file(receiver.password, folder),
                "require_tls": True,
                "headers": {"Subject": _TITLE},
            }
        case _:
            assert_never(receiver)


def _file(secret: NamedSecret, folder: str) -> str:
    return f"{folder}/{secret.secret}"


def _mute(sources: tuple[str, ...], targets: tuple[str, ...], equal: tuple[str, ...]) -> Entry:
    return {
        "source_matchers": list(sources),
        "target_matchers": list(targets),
        **({"equal": list(equal)} if equal else {}),
    }


def _explains(server: str) -> Entry:
    """A lost server explains what its users' alerts say, which list the servers they use in the label `about`.

    Not what a promise says of its budget: its windows end half an hour after the outage does, and a mute that ends with
    the outage would page people once it is over.
    """
    sources = ('alertname=~"PostgresDown|RedisDown"', 'severity="critical"', f'instance_name="{server}"')
    return _mute(sources, (f'about=~"(.+ )?{server}( .+)?"', 'alertname!~"SloBurns.+|SloBudgetSpent"'), ())
