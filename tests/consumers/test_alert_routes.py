"""Who would be told of what, as amtool reads what we render: by severity and team, and for every alert of a shipped stack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from components.monitoring_stack.alerting import AlertingSpec
from components.monitoring_stack.alertmanager import HEARTBEAT, NOBODY, configuration
from components.telemetry_rules import groups
from tests.alerts_table import of_lines
from tests.components.monitoring_stack.variants import ALERTS
from tests.consumers.amtool import Amtool
from tests.consumers.rendered import Rendered
from tests.stacks.shipped import STACKS, topology_of

BEAT = {"alertname": "Watchdog", "instance_name": "monitoring", "severity": "info"}

SHIPPED = {
    "dev": {"critical": NOBODY, "warning": NOBODY, "info": NOBODY, "beat": NOBODY},
    "staging": {"critical": "chat", "warning": "chat", "info": NOBODY, "beat": NOBODY},
    "prod": {"critical": "oncall,chat", "warning": "chat", "info": NOBODY, "beat": HEARTBEAT},
}
"""Who is told in each stack, by severity."""

TEAMS = (
    # A team that says nothing of a severity leaves it to the stack.
    ("api", "critical", "pager,incidents,chat"),
    ("api", "warning", "hook"),
    ("api", "info", NOBODY),
    ("main", "critical", "pager"),
    ("main", "warning", "desk"),
    ("main", "info", "hook"),
    ("cache", "critical", "pager"),
    ("web", "critical", "pager,incidents,chat"),
    ("web", "warning", "chat,mail"),
    ("web", "info", NOBODY),
    # A name that only begins as that of an instance which somebody owns.
    ("main-old", "warning", "chat,mail"),
)
"""Instance, severity, and who is told where everything is said that can be."""


@pytest.fixture(scope="module")
def amtool(tmp_path_factory: pytest.TempPathFactory) -> Amtool:
    return Amtool(tmp_path_factory.mktemp("routes"))


def text(rendered: Rendered, stack: str) -> str:
    """Alertmanager's configuration, as `make render` puts it into files."""
    (found,) = [*_in_secrets(rendered, stack), *_in_uploads(rendered, stack)]
    return found


def _in_secrets(rendered: Rendered, stack: str) -> Iterator[str]:
    for each in rendered.objects(stack):
        if each["kind"] == "Secret" and each["metadata"].get("name") == "monitoring-alertmanager-config":
            yield each["stringData"]["alertmanager.yaml"]


def _in_uploads(rendered: Rendered, stack: str) -> Iterator[str]:
    for each in rendered.resources(stack):
        uploads: list[dict[str, Any]] = each["inputs"].get("uploads", [])
        yield from (one["content"] for one in uploads if one["file"].endswith("/alertmanager.yml"))


def everything() -> str:
    return configuration(AlertingSpec.model_validate(ALERTS), folder="/run/secrets", servers=["cache", "main"])


@pytest.mark.parametrize("stack", STACKS)
def test_alertmanager_reads_what_a_shipped_stack_tells_it(amtool: Amtool, rendered: Rendered, stack: str) -> None:
    assert amtool.check(text(rendered, stack)) == ""


def test_alertmanager_reads_every_kind_of_receiver(amtool: Amtool) -> None:
    assert amtool.check(everything()) == ""


@pytest.mark.parametrize(
    "broken",
    [
        everything().replace("receiver: hook", "receiver: nobody-knows"),
        everything().replace("time_intervals:\n- name: working-hours", "time_intervals:\n- name: other"),
        everything().replace("Europe/Berlin", "Europe/Atlantis"),
    ],
    ids=["no such receiver", "no such hours", "no such place"],
)
def test_amtool_notices_what_is_wrong(amtool: Amtool, broken: str) -> None:
    assert broken != everything()
    assert amtool.check(broken) != ""


@pytest.mark.parametrize("stack", STACKS)
def test_every_alert_of_a_shipped_stack_reaches_whom_its_severity_names(
    amtool: Amtool, rendered: Rendered, stack: str
) -> None:
    plan, said = topology_of(stack), text(rendered, stack)
    rules = groups(plan.telemetry, plan.stack.environment.target.kind, runbooks="https://example.com")
    labels = [rule["labels"] for group in rules for rule in group["rules"] if "alert" in rule]
    told = {(each["instance_name"], each["severity"]) for each in labels} | {("api", "warning")}
    reached = {
        (name, severity): amtool.receivers(said, {"alertname": "Any", "instance_name": name, "severity": severity})
        for name, severity in told
    }
    assert reached == {(name, severity): SHIPPED[stack][severity] for name, severity in told}
    assert {severity for _, severity in told} >= {"critical", "warning"}


@pytest.mark.parametrize("stack", STACKS)
def test_the_beat_goes_to_the_dead_mans_switch_alone(amtool: Amtool, rendered: Rendered, stack: str) -> None:
    assert amtool.receivers(text(rendered, stack), BEAT) == SHIPPED[stack]["beat"]


def test_a_beat_is_no_teams_business(amtool: Amtool) -> None:
    platform = {"owns": ["monitoring"], "routes": {"info": ["hook"]}}
    owned = {**ALERTS, "teams": {**ALERTS["teams"], "platform": platform}}
    said = configuration(AlertingSpec.model_validate(owned), folder="/run/secrets")
    assert amtool.receivers(said, BEAT) == HEARTBEAT
    assert amtool.receivers(said, {**BEAT, "alertname": "Other"}) == "hook"


@pytest.mark.parametrize(("instance", "severity", "receivers"), TEAMS)
def test_a_team_hears_of_what_it_owns(amtool: Amtool, instance: str, severity: str, receivers: str) -> None:
    labels = {"alertname": "Any", "instance_name": instance, "severity": severity}
    assert amtool.receivers(everything(), labels) == receivers


def test_what_lines_tell_is_routed_as_everything_else(amtool: Amtool) -> None:
    for rule in of_lines():
        labels = {"alertname": rule["alert"], "instance_name": "api", **rule["labels"]}
        assert amtool.receivers(everything(), labels) == "hook"
