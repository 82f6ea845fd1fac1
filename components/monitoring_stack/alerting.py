"""What a stack file can say about who is told of an alert, and when: `monitoring.alerts`.

Owns: receivers, routes by severity and team, working hours, the dead man's switch. Leaves their rendering to
`alertmanager.py`. https://prometheus.io/docs/alerting/latest/configuration/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from components.telemetry import Severity
from components.vocabulary import DnsLabel, Duration, Listed, NamedSecret, Problem, Spec, TimeZone, seconds

Address = Annotated[
    str, Field(pattern=r"^[^@\s,<>]+@[-.a-zA-Z0-9]+$", max_length=254, examples=["oncall@blocksight.live"])
]
"""One mailbox."""

Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=['"09:00"'])]
"""Time of day, quoted."""

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class _Receiver(Spec):
    """Somebody who is told."""

    resolved: bool = True
    """Whether the end of an alert is told too."""


class SlackReceiver(_Receiver):
    """A channel of Slack, by an incoming webhook."""

    kind: Literal["slack"]
    """Slack."""
    url: NamedSecret = Field(examples=["{secret: slack_url}"])
    """Address of the incoming webhook; who knows it may post."""
    channel: str = Field(pattern=r"^#\S{1,79}$", examples=['"#blocksight-alerts"'])
    """Channel, quoted."""


class PagerdutyReceiver(_Receiver):
    """A service of PagerDuty, by Events API v2."""

    kind: Literal["pagerduty"]
    """PagerDuty."""
    routing_key: NamedSecret = Field(examples=["{secret: pagerduty_key}"])
    """Integration key of the service."""


class IncidentIoReceiver(_Receiver):
    """An alert source of incident.io."""

    kind: Literal["incident_io"]
    """incident.io."""
    url: str = Field(
        pattern=r"^https://api\.incident\.io/v2/alert_events/\S+$",
        examples=["https://api.incident.io/v2/alert_events/alertmanager/01ABC"],
    )
    """Address of the alert source."""
    token: NamedSecret = Field(examples=["{secret: incident_io_token}"])
    """Token of the alert source."""


class TeamsReceiver(_Receiver):
    """A channel of Microsoft Teams, by a workflow."""

    kind: Literal["teams"]
    """Microsoft Teams."""
    url: NamedSecret = Field(examples=["{secret: teams_url}"])
    """Address of the workflow; who knows it may post."""


class WebhookReceiver(_Receiver):
    """Any service that takes Alertmanager's own JSON."""

    kind: Literal["webhook"]
    """A webhook."""
    url: NamedSecret = Field(examples=["{secret: webhook_url}"])
    """Its address, which may hold a token."""


class EmailReceiver(_Receiver):
    """Mailboxes, by SMTP with TLS."""

    kind: Literal["email"]
    """E-mail."""
    to: Annotated[tuple[Address, ...], Listed] = Field(min_length=1, examples=["[oncall@blocksight.live]"])
    """Mailboxes."""
    sender: Address
    """Who it comes from."""
    server: str = Field(pattern=r"^[-.a-z0-9]+:\d{1,5}$", examples=["smtp.example.com:587"])
    """Host and port of the mail server."""
    username: str = Field(min_length=1, examples=["alerts"])
    """Who logs in there."""
    password: NamedSecret = Field(examples=["{secret: smtp_password}"])
    """With what password."""


Receiver = Annotated[
    SlackReceiver | PagerdutyReceiver | IncidentIoReceiver | TeamsReceiver | WebhookReceiver | EmailReceiver,
    Field(discriminator="kind"),
]

Routes = Mapping[Severity, Annotated[tuple[DnsLabel, ...], Listed]]
"""Receivers by severity."""


class WorkingHoursSpec(Spec):
    """When people are at work. Outside, warnings wait; what is critical never does."""

    location: TimeZone = Field(default="Etc/UTC", examples=["Europe/Berlin"])
    """Time zone of the hours."""
    days: Annotated[tuple[Weekday, ...], Listed] = Field(
        default=("monday", "tuesday", "wednesday", "thursday", "friday"),
        min_length=1,
        examples=["[monday, tuesday, wednesday, thursday]"],
    )
    """Days of work."""
    begin: Clock = "09:00"
    """First minute."""
    end: Clock = "17:00"
    """First minute after work."""

    def problems(self) -> Iterable[Problem]:
        if self.begin >= self.end:
            yield Problem(path=("end",), rule="must be later than begin on the same day", example='"17:00"')


class DeadMansSwitchSpec(Spec):
    """A beat to a service outside that raises the alarm when the beat stops: who watches the watchman."""

    url: NamedSecret = Field(examples=["{secret: heartbeat_url}"])
    """Address that is asked at each beat (healthchecks.io, Dead Man's Snitch, a heartbeat of PagerDuty or incident.io)."""
    every: Duration = "1m"
    """Time between beats; the service's own patience must be longer."""

    def problems(self) -> Iterable[Problem]:
        if not 30 <= seconds(self.every) <= 3600:
            yield Problem(path=("every",), rule="must be between 30s and 1h", example="1m")


class TeamSpec(Spec):
    """People who own some instances, and hear of these first."""

    owns: Annotated[tuple[DnsLabel, ...], Listed] = Field(min_length=1, examples=["[api, web]"])
    """Instances of this stack; `environment` and `monitoring` are two."""
    routes: Routes = Field(min_length=1, examples=["{critical: [payments-pager], warning: [payments-chat]}"])
    """Receivers by severity, in place of the stack's own."""


class AlertingSpec(Spec):
    """Alertmanager."""

    receivers: Mapping[DnsLabel, Receiver] = Field(
        default={}, examples=["{oncall: {kind: pagerduty, routing_key: {secret: pagerduty_key}}}"]
    )
    """Whom alerts can reach, by name."""
    routes: Routes = Field(default={}, examples=["{critical: [oncall, chat], warning: [chat]}"])
    """Receivers by severity. A severity without one is shown in Alertmanager and Grafana alone."""
    teams: Mapping[DnsLabel, TeamSpec] = Field(
        default={}, examples=["{data: {owns: [main], routes: {warning: [data]}}}"]
    )
    """Teams that own some instances, by name."""
    working_hours: WorkingHoursSpec | None = Field(default=None, examples=["{location: Europe/Berlin}"])
    """When warnings are told. Absent: at any time."""
    dead_mans_switch: DeadMansSwitchSpec | None = Field(default=None, examples=["{url: {secret: heartbeat_url}}"])
    """Absent: nobody learns of it when the monitoring itself is gone."""
    repeat: Duration = "4h"
    """How often an alert that goes on is told again."""

    def problems(self) -> Iterable[Problem]:
        unknown = [*self._unknown(("routes",), self.routes)]
        for name, team in self.teams.items():
            unknown += self._unknown(("teams", name, "routes"), team.routes)
        yield from unknown
        owners: dict[str, str] = {}
        for name, team in self.teams.items():
            for index, instance in enumerate(team.owns):
                if (first := owners.setdefault(instance, name)) != name:
                    yield Problem(path=("teams", name, "owns", index), rule=f"is owned by {first!r} already")
        used = {receiver for routes in self._all_routes() for named in routes.values() for receiver in named}
        for name in () if unknown else self.receivers.keys() - used:  # a mistyped one may be meant
            yield Problem(
                path=("receivers", name),
                rule="is told nothing: no route names it",
                example=f"routes: {{critical: [{name}]}}",
            )
        if not 300 <= seconds(self.repeat) <= 86400 * 5:
            yield Problem(path=("repeat",), rule="must be between 5m and 5d", example="4h")

    def _all_routes(self) -> Iterator[Routes]:
        yield self.routes
        yield from (team.routes for team in self.teams.values())

    def _unknown(self, path: tuple[str, ...], routes: Routes) -> Iterator[Problem]:
        has = ", ".join(sorted(self.receivers)) or "none"
        for severity, receivers in routes.items():
            for index, receiver in enumerate(receivers):
                if receiver not in self.receivers:
                    yield Problem(path=(*path, severity, index), rule=f"is no receiver; there are: {has}")

    def secrets(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Secrets that receivers and the switch need: path, and name in `secrets`."""
        for name, receiver in sorted(self.receivers.items()):
            for field in type(receiver).model_fields:
                value = getattr(receiver, field)
                if isinstance(value, NamedSecret):
                    yield ("receivers", name, field, "secret"), value.secret
        if self.dead_mans_switch is not None:
            yield ("dead_mans_switch", "url", "secret"), self.dead_mans_switch.url.secret
