"""Probes as values: one check, and how often it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from components.vocabulary import Duration, Listed, PortName, Problem, Spec, UrlPath, milliseconds

LONGEST_AWAITED_SECONDS = 900
"""An app that needs longer to start is not awaited by `up`; that is for the stateful kind alone."""


class _Timing(Spec):
    every: Duration = "5s"
    """Between two checks."""
    timeout: Duration = "2s"
    """How long one check may take."""
    failures: int = Field(default=3, ge=1, le=60, examples=[3])
    """Failed checks in a row before the platform acts."""

    def problems(self) -> Iterable[Problem]:
        for field in ("every", "timeout"):
            if milliseconds(getattr(self, field)) < 1000:
                yield Problem(path=(field,), rule="must be one second or more", example="2s")


class HttpProbe(_Timing):
    """GET answers 200 to 399."""

    http: UrlPath
    """Path."""
    port: PortName = "http"
    """Name of the port."""


class TcpProbe(_Timing):
    """A connection is accepted."""

    tcp: PortName = Field(examples=["http"])
    """Name of the port."""


class CommandProbe(_Timing):
    """A command inside the container exits with 0."""

    command: Annotated[tuple[str, ...], Listed] = Field(min_length=1, examples=["[/app/check]"])
    """Program and arguments."""


def _form_of_probe(value: Any) -> str | None:
    match value:
        case HttpProbe() | {"http": _}:
            return "http"
        case TcpProbe() | {"tcp": _}:
            return "tcp"
        case CommandProbe() | {"command": _}:
            return "command"
        case _:
            return None


Probe = Annotated[
    Annotated[HttpProbe, Tag("http")] | Annotated[TcpProbe, Tag("tcp")] | Annotated[CommandProbe, Tag("command")],
    Discriminator(
        _form_of_probe,
        custom_error_type="form",
        custom_error_message="must have exactly one check: {http: PATH}, {tcp: PORT} or {command: [PROGRAM, ...]}",
    ),
    Field(examples=["{http: /healthz}"]),
]


class ProbesSpec(Spec):
    """The three questions a platform asks a replica."""

    readiness: Probe | None = None
    """Whether this replica may get requests now. Must not ask shared dependencies, or one failure takes all replicas.
    Only a worker may be without."""
    liveness: Probe | None = None
    """Whether a restart would help. Absent: an app is never restarted for being slow."""
    startup: Probe | None = None
    """Whether the app has started. Absent: the readiness check, asked until the budget ends."""
    startup_budget: Duration = "2m"
    """How long the app may take to start."""

    def all(self) -> Iterator[tuple[str, Probe]]:
        if self.readiness is not None:
            yield "readiness", self.readiness
        if self.liveness is not None:
            yield "liveness", self.liveness
        if self.startup is not None:
            yield "startup", self.startup

    @property
    def first(self) -> Probe | None:
        """What is asked until the app has started."""
        return self.readiness if self.startup is None else self.startup

    def ports(self) -> Iterator[tuple[tuple[str, str], str]]:
        """Where a probe names a port, and which."""
        for name, probe in self.all():
            match probe:
                case HttpProbe(port=port):
                    yield (name, "port"), port
                case TcpProbe(tcp=port):
                    yield (name, "tcp"), port
                case CommandProbe():
                    pass

    def problems(self) -> Iterable[Problem]:
        live, ready = self.liveness, self.readiness
        if "startup_budget" in self.model_fields_set and self.startup is None and ready is None:
            yield Problem(
                path=("startup_budget",),
                rule="is the time until a check succeeds, and there is no readiness or startup check",
                example="{readiness: {command: [/app/check]}, startup_budget: 5m}",
            )
        if live is None or ready is None or _check(live) != _check(ready):
            return
        if _patience(live) <= _patience(ready):
            yield Problem(
                path=("liveness",),
                rule="asks what readiness asks and gives up no later, so a busy replica is restarted instead of spared; ask a cheaper path or allow more failures",
                example="{http: /livez, every: 10s, failures: 6}",
            )


def _check(probe: Probe) -> object:
    match probe:
        case HttpProbe():
            return (probe.http, probe.port)
        case TcpProbe():
            return probe.tcp
        case CommandProbe():
            return probe.command


def _patience(probe: Probe) -> int:
    return milliseconds(probe.every) * probe.failures
