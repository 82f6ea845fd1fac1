"""How a component is reached from outside: what a stack file can say, and the record that the edge is given.

Owns: hosts, paths, limits and promises of a route. Leaves to EdgeGateway what becomes of them on a target.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from components.headers import HeadersSpec
from components.sign_in import ApiKeySpec, JwtSpec, OidcSpec
from components.vocabulary import (
    Cidr,
    DnsLabel,
    Duration,
    Hostname,
    Listed,
    OnlyOn,
    PortName,
    Problem,
    Size,
    Spec,
    UrlPrefix,
    milliseconds,
)


def _no_number(value: Any) -> Any:
    if isinstance(value, int):
        msg = "must be the name of a port, not its number"
        raise ValueError(msg)  # noqa: TRY004  # pydantic turns this kind into a problem
    return value


class TimeoutsSpec(Spec):
    """How long the edge waits."""

    answer: Duration = "30s"
    """For the app to answer. nginx counts the silence before and between parts of an answer, Envoy the whole answer."""
    websocket_idle: Duration = "1h"
    """Silence in both directions after which a WebSocket is closed."""

    def problems(self) -> Iterable[Problem]:
        for field in ("answer", "websocket_idle"):
            if milliseconds(getattr(self, field)) < 1000:
                yield Problem(path=(field,), rule="must be one second or more", example="30s")


class AffinitySpec(Spec):
    """Sticky sessions: a client stays with one replica as long as that is there."""

    cookie: str = Field(default="slipway_affinity", pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$", examples=["affinity"])
    """Cookie that the edge sets; it holds a random value."""
    ttl: Duration = "1h"
    """How long the browser keeps it."""


class LimitsSpec(Spec):
    """What one client address may do. Each proxy counts by itself."""

    requests: int = Field(ge=1, le=100_000, examples=[100])
    """Requests in each `per`; more are answered with 429."""
    per: Literal["second", "minute"] = "second"
    """Span that `requests` is for. A whole span's worth may come at once."""
    connections: Annotated[
        int | None, OnlyOn("docker", "Envoy Gateway can't count the open requests of one client")
    ] = Field(default=None, ge=1, le=65535, examples=[50])
    """Open requests at once; more are answered with 429. Absent: no limit."""


class CorsSpec(Spec):
    """Which pages of other origins may call this route."""

    origins: Annotated[
        tuple[
            Annotated[str, Field(pattern=r"^(\*|https://[-.a-z0-9]+(:[0-9]+)?)$", examples=["https://example.com"])],
            ...,
        ],
        Listed,
    ] = Field(min_length=1, examples=["[https://blocksight.live]"])
    """Origins, or `*` alone for all."""
    methods: Annotated[tuple[Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], ...], Listed] = (
        "GET",
        "HEAD",
        "POST",
    )
    """Methods they may use."""
    headers: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[A-Za-z][-A-Za-z0-9]*$", examples=["Authorization"])], ...], Listed
    ] = Field(default=("Content-Type",), examples=["[Authorization, Content-Type]"])
    """Headers they may send."""
    credentials: bool = False
    """Whether cookies and authorisation may come along."""
    max_age: Duration = "1h"
    """How long a browser keeps the answer to a preflight."""

    def problems(self) -> Iterable[Problem]:
        if "*" in self.origins and len(self.origins) > 1:
            yield Problem(
                path=("origins",), rule="says `*` beside single origins; give one of the two", example='["*"]'
            )
        if "*" in self.origins and self.credentials:
            yield Problem(
                path=("credentials",),
                rule="must not come with origin `*`: every page of the world could act as the signed-in user; name the origins",
                example="{origins: [https://blocksight.live], credentials: true}",
            )


class CircuitSpec(Spec):
    """When the edge stops asking: a replica that only fails, and an app that is full."""

    failures: int = Field(default=5, ge=1, le=100, examples=[5])
    """Failures in a row after which a replica is left alone: 5xx with Envoy; no answer, or 502 to 504, with nginx."""
    pause: Duration = "30s"
    """How long it is left alone; with Envoy longer each time."""
    requests: int | None = Field(default=None, ge=1, le=65535, examples=[200])
    """Requests that each proxy has open to the app at once; more are answered with 503 (nginx: 502). Absent: Envoy's own
    1024, and no limit with nginx."""

    def problems(self) -> Iterable[Problem]:
        if milliseconds(self.pause) < 1000:
            yield Problem(path=("pause",), rule="must be one second or more", example="30s")


class RouteSpec(Spec):
    """How the edge leads requests to this component."""

    host: Hostname
    """Host name of requests; a certificate of the edge must cover it."""
    paths: Annotated[tuple[UrlPrefix, ...], Listed] = Field(default=("/",), min_length=1, examples=["[/api]"])
    """Starts of paths, by whole names; the longest of all routes wins. The component sees the path unchanged."""
    port: Annotated[PortName, BeforeValidator(_no_number)] = "http"
    """Name of its port."""
    websocket: Annotated[tuple[UrlPrefix, ...], Listed] = Field(default=(), examples=["[/ws]"])
    """Those paths, or paths below them, on which connections are upgraded and stay open."""
    timeouts: TimeoutsSpec = TimeoutsSpec()
    """How long the edge waits."""
    affinity: AffinitySpec | None = None
    """Sticky sessions; absent: any replica answers any request."""
    limits: LimitsSpec | None = Field(default=None, examples=["{requests: 100, per: second}"])
    """What one client address may do; absent: no limit."""
    body: Size = "1Mi"
    """Largest body of a request; larger ones are answered with 413."""
    cors: CorsSpec | None = Field(default=None, examples=["{origins: [https://blocksight.live]}"])
    """Which pages of other origins may call it; absent: the app answers for itself."""
    headers: HeadersSpec = HeadersSpec(profile="app-owned")
    """Security headers that the edge sets."""
    allow_from: Annotated[tuple[Cidr, ...], Listed] = Field(default=(), examples=["[203.0.113.0/24]"])
    """Networks whose clients may come; others are answered with 403. Absent: everybody."""
    jwt: Annotated[JwtSpec | None, OnlyOn("kubernetes", "nginx can't check tokens; let the app do it")] = Field(
        default=None, examples=["{issuer: https://id.example.com, jwks: https://id.example.com/keys, audiences: [api]}"]
    )
    """Only requests with a valid token pass."""
    oidc: Annotated[OidcSpec | None, OnlyOn("kubernetes", "nginx can't sign people in; let the app do it")] = Field(
        default=None,
        examples=["{issuer: https://id.example.com, client_id: shop, client_secret: {secret: oidc_client_secret}}"],
    )
    """Only people who signed in pass."""
    api_key: ApiKeySpec | None = Field(default=None, examples=["{clients: {partner: {secret: partner_api_key}}}"])
    """Only requests with a known key pass."""
    circuit: CircuitSpec | None = Field(default=None, examples=["{failures: 5, requests: 200}"])
    """When the edge stops asking the app; absent: a replica that nobody reaches is left alone for five seconds."""
    shares: Mapping[DnsLabel, int] = Field(default={}, examples=["{api: 90, api-next: 10}"])
    """Percent of the requests that each app gets, this one among them: a canary. Each request is decided anew. Absent:
    this app gets all."""

    def problems(self) -> Iterable[Problem]:
        for index, path in enumerate(self.websocket):
            if not any(covers(prefix, path) for prefix in self.paths):
                yield Problem(
                    path=("websocket", index), rule=f"lies below none of this route's paths: {', '.join(self.paths)}"
                )
        asked = [name for name in ("jwt", "oidc", "api_key") if getattr(self, name) is not None]
        for name in asked[1:]:
            yield Problem(
                path=(name,), rule=f"stands beside {asked[0]}: every request would need both; keep one of them"
            )
        if self.shares:
            yield from self._shares()

    def _shares(self) -> Iterable[Problem]:
        example = "{api: 90, api-next: 10}"
        if len(self.shares) == 1:
            yield Problem(path=("shares",), rule="names one app alone; it gets all without this", example=example)
        for name, percent in self.shares.items():
            if not 1 <= percent <= 99:
                yield Problem(path=("shares", name), rule="must be from 1 to 99", example="10")
        if (total := sum(self.shares.values())) != 100:
            yield Problem(path=("shares",), rule=f"must sum up to 100; it is {total}", example=example)
        if self.affinity is not None:
            yield Problem(
                path=("affinity",),
                rule="can't stand beside `shares`: Envoy spreads cookies evenly over all replicas, whatever the shares say",
            )


def covers(prefix: str, path: str) -> bool:
    """Whether a prefix leads to a path."""
    return prefix == "/" or path == prefix or path.startswith(f"{prefix}/")


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one app gets of a route's requests."""

    backend: str
    """Instance that answers; also the host name by which it is reached inside."""
    port: int
    percent: int


@dataclass(frozen=True, kw_only=True)
class Route:
    """One route of the stack, resolved."""

    backend: str
    """Instance that answers; also the host name by which it is reached inside."""
    port: int
    section: str
    """Where the backend stands in the stack file."""
    place: tuple[str, ...]
    """Where the route itself stands there."""
    replicated: bool
    """Whether more than one replica can answer."""
    spec: RouteSpec
    shares: tuple[Share, ...] = ()
    """Who answers how much, by name; empty: the backend answers all."""

    @property
    def backends(self) -> tuple[Share, ...]:
        """Everyone who answers."""
        return self.shares or (Share(backend=self.backend, port=self.port, percent=100),)

    @property
    def plain_paths(self) -> tuple[str, ...]:
        """Paths of ordinary requests, the longest first."""
        return tuple(sorted(set(self.spec.paths) - set(self.spec.websocket), key=lambda p: (-len(p), p)))

    @property
    def websocket_paths(self) -> tuple[str, ...]:
        """Paths of WebSockets, the longest first."""
        return tuple(sorted(set(self.spec.websocket), key=lambda p: (-len(p), p)))
