"""Who is told of what, as Alertmanager reads it. Whether it routes so, a real one says: tests/consumers/test_alert_routes.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import yaml

from components.monitoring_stack import alerting
from components.monitoring_stack.alerting import AlertingSpec
from components.monitoring_stack.alertmanager import HEARTBEAT, MUTES, NOBODY, WORKING_HOURS, configuration
from tests.components.monitoring_stack.variants import ALERTS, RECEIVERS, TOLD, alertmanager
from tests.house.sources import ROOT

FOLDER = "/run/secrets"
RUNBOOKS = {page.stem for page in (ROOT / "docs/runbooks").glob("*.md")}
"""Names of alerts: each has its page, and no page is without its alert."""


def configured(**said: Any) -> dict[str, Any]:
    return yaml.safe_load(configuration(AlertingSpec.model_validate(said), folder=FOLDER, servers=["main", "cache"]))


def receiver(name: str, **said: Any) -> tuple[str, dict[str, Any]]:
    """The kind of its one integration, and what that is told."""
    (found,) = [each for each in configured(**{**ALERTS, **said})["receivers"] if each["name"] == name]
    ((kind, (settings,)),) = [(key, value) for key, value in found.items() if key != "name"]
    return kind, settings


KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("slack_configs", {"api_url_file": f"{FOLDER}/slack_url", "channel": "#shop"}),
    "desk": ("msteamsv2_configs", {"webhook_url_file": f"{FOLDER}/teams_url"}),
    "hook": ("webhook_configs", {"url_file": f"{FOLDER}/hook_url"}),
    "incidents": ("incidentio_configs", {"alert_source_token_file": f"{FOLDER}/incident_io_token"}),
    "mail": ("email_configs", {"auth_password_file": f"{FOLDER}/smtp_password", "require_tls": True}),
    "pager": (
        "pagerduty_configs",
        {"routing_key_file": f"{FOLDER}/pagerduty_key", "severity": "{{ .CommonLabels.severity }}"},
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_receiver_reads_its_secret_from_a_file(name: str) -> None:
    kind, said = receiver(name)
    expected, settings = KINDS[name]
    assert kind == expected
    assert said.items() >= settings.items()


def test_the_table_knows_every_kind() -> None:
    union, _ = get_args(alerting.Receiver)
    known = {get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(union)}
    assert {settings["kind"] for settings in RECEIVERS.values()} == known
    assert KINDS.keys() == RECEIVERS.keys()


@pytest.mark.parametrize("target", ["docker", "kubernetes"])
def test_no_secret_stands_in_the_text(target: str) -> None:
    text = str(alertmanager("everybody is told", target))
    assert [name for name, value in TOLD.items() if value in text] == []
    named = {path.rpartition("/")[2] for path in re.findall(r"/[\w/.-]+(?=')", text) if "secrets/" in path}
    assert named == TOLD.keys()


def test_mail_goes_to_all_of_them_and_over_tls() -> None:
    _, said = receiver("mail")
    assert said["to"] == "oncall@example.com, desk@example.com"
    assert said["smarthost"] == "smtp.example.com:587"


@pytest.mark.parametrize(("name", "resolved"), [("chat", True), ("desk", False), (HEARTBEAT, False)])
def test_the_end_is_told_to_those_who_want_it_and_a_beat_has_none(name: str, resolved: bool) -> None:
    assert receiver(name)[1]["send_resolved"] is resolved


def routes(route: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield route
    for child in route.get("routes", []):
        yield from routes(child)


def test_what_nobody_asked_for_is_told_to_nobody() -> None:
    alone = configured()
    assert alone["route"]["receiver"] == NOBODY
    assert alone["receivers"] == [{"name": NOBODY}]
    assert {route["receiver"] for route in routes(alone["route"])} == {NOBODY}
    assert alertmanager("nobody is told", "kubernetes")["receivers"] == [{"name": NOBODY}]


def test_only_what_may_wait_waits_for_working_hours() -> None:
    found = configured(**ALERTS)
    for route in found["route"]["routes"][1:]:
        waits = {child.get("active_time_intervals") == [WORKING_HOURS] for child in route["routes"]}
        assert waits == {'severity="critical"' not in route["matchers"]}, route["matchers"]
    assert found["time_intervals"] == [
        {
            "name": WORKING_HOURS,
            "time_intervals": [
                {
                    "times": [{"start_time": "09:00", "end_time": "17:00"}],
                    "weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday"],
                    "location": "Europe/Berlin",
                }
            ],
        }
    ]


def test_without_working_hours_nothing_waits() -> None:
    found = configured(**{key: value for key, value in ALERTS.items() if key != "working_hours"})
    assert "time_intervals" not in found
    assert "active_time_intervals" not in str(found)


def test_a_beat_is_sent_at_once_again_and_again_and_first_of_all() -> None:
    first = configured(**ALERTS)["route"]["routes"][0]
    assert first == {
        "matchers": ['alertname="Watchdog"'],
        "receiver": HEARTBEAT,
        "group_wait": "0s",
        "group_interval": "60s",
        "repeat_interval": "30s",
    }


def test_how_often_a_thing_is_told_again_is_the_stack_files() -> None:
    assert configured(**ALERTS)["route"]["repeat_interval"] == "2h"
    assert configured()["route"]["repeat_interval"] == "4h"


def test_a_team_is_asked_before_the_stack() -> None:
    found = [route["matchers"] for route in configured(**ALERTS)["route"]["routes"][1:]]
    owned = [any(matcher.startswith("instance_name") for matcher in matchers) for matchers in found]
    assert owned == sorted(owned, reverse=True)
    assert owned.count(True) == 4


def test_a_message_names_what_when_where_and_the_runbook() -> None:
    _, said = receiver("chat")
    for word in ("Status", "severity", "alertname", "instance_name", "stack"):
        assert word in said["title"]
    for word in ("summary", "description", "runbook_url"):
        assert word in said["text"]


def named(matcher: str) -> set[str]:
    """Alerts that a matcher of names is about."""
    _, sign, words, _ = re.split(r'(=~?|!=)"(.*)"', matcher)
    return {name for name in RUNBOOKS if re.fullmatch(words, name)} if sign == "=~" else {words} & RUNBOOKS


@pytest.mark.parametrize("rule", MUTES, ids=lambda rule: rule[0][0])
def test_a_mute_is_about_alerts_that_there_are(rule: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]) -> None:
    sources, targets, _ = rule
    for matcher in (*sources, *targets):
        if matcher.startswith("alertname"):
            assert named(matcher), matcher
            words = re.findall(r"[A-Z]\w+", matcher)
            assert all(any(name.startswith(word) for name in RUNBOOKS) for word in words), matcher


def test_a_lost_server_explains_its_users_by_name() -> None:
    found = [rule for rule in configured()["inhibit_rules"] if "about" in str(rule["target_matchers"])]
    assert [rule["source_matchers"][2] for rule in found] == ['instance_name="cache"', 'instance_name="main"']
    (pattern,) = [re.split('"(.*)"', rule["target_matchers"][0])[1] for rule in found if "main" in str(rule)]
    assert [bool(re.fullmatch(pattern, about)) for about in ("main", "cache main", "main sessions", "domain", "")] == [
        True,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("variant", ["everybody is told", "nobody is told"])
def test_both_targets_read_the_same_text(variant: str) -> None:
    def text(target: str) -> str:
        return re.sub(r"/[\w/.-]+/(?=\w+')", "", str(alertmanager(variant, target)["receivers"]))

    assert text("docker") == text("kubernetes")
    assert alertmanager(variant, "docker")["route"] == alertmanager(variant, "kubernetes")["route"]
