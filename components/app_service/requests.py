"""How an app counts its requests: the series that do, in three styles, and where their buckets end."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, Tag

from components.vocabulary import Listed, Problem, Spec, milliseconds

SeriesName = Annotated[
    str,
    Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]{0,119}$", examples=["shop_orders_total"]),
]
"""A series as the app writes it. Colons are for recording rules."""

Bounds = Annotated[
    tuple[Annotated[float, Field(gt=0, le=3600)], ...],
    Listed,
    Field(min_length=1, max_length=50, examples=["[0.05, 0.1, 0.2, 0.5, 1, 5]"]),
]
"""Upper bounds of a histogram's buckets in seconds, ascending, without infinity."""

PROM_CLIENT_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Of prom-client's Histogram, unless the app gives others. https://github.com/siimon/prom-client#histogram"""

OPENTELEMETRY_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Advised for http.server.request.duration. https://opentelemetry.io/docs/specs/semconv/http/http-metrics/"""


class _Requests(Spec):
    """A histogram of requests in seconds, with the status as a label."""

    @property
    def histogram(self) -> str:
        raise NotImplementedError

    @property
    def status_label(self) -> str:
        raise NotImplementedError

    @property
    def bounds(self) -> tuple[float, ...]:
        raise NotImplementedError

    def has_bound(self, below: str) -> bool:
        """Whether a bucket ends there, so that what is faster can be counted."""
        return any(abs(bound * 1000 - milliseconds(below)) < 1e-6 for bound in self.bounds)

    def problems(self) -> Iterable[Problem]:
        if list(self.bounds) != sorted(set(self.bounds)):
            yield Problem(path=("buckets",), rule="must ascend, none twice", example="[0.05, 0.1, 0.2, 0.5, 1, 5]")


class PromClientRequests(_Requests):
    """prom-client (Node.js), by its usual names: http_request_duration_seconds with status_code."""

    style: Literal["prom_client"]
    """prom-client."""
    buckets: Bounds = PROM_CLIENT_BOUNDS
    """As the app declares them."""

    @property
    def histogram(self) -> str:
        return "http_request_duration_seconds"

    @property
    def status_label(self) -> str:
        return "status_code"

    @property
    def bounds(self) -> tuple[float, ...]:
        return self.buckets


class OpenTelemetryRequests(_Requests):
    """OpenTelemetry's semantic conventions: http_server_request_duration_seconds with http_response_status_code."""

    style: Literal["opentelemetry"]
    """OpenTelemetry."""
    buckets: Bounds = OPENTELEMETRY_BOUNDS
    """As the app's views declare them."""

    @property
    def histogram(self) -> str:
        return "http_server_request_duration_seconds"

    @property
    def status_label(self) -> str:
        return "http_response_status_code"

    @property
    def bounds(self) -> tuple[float, ...]:
        return self.buckets


class CustomRequests(_Requests):
    """Any other histogram."""

    style: Literal["custom"]
    """Names of the app's own."""
    series: SeriesName = Field(examples=["shop_request_seconds"])
    """The histogram, without _bucket, _count and _sum."""
    status: str = Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]{0,62}$", examples=["code"])
    """Its label that holds the HTTP status."""
    buckets: Bounds
    """As the app declares them."""

    @property
    def histogram(self) -> str:
        return self.series

    @property
    def status_label(self) -> str:
        return self.status

    @property
    def bounds(self) -> tuple[float, ...]:
        return self.buckets

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        if re.search(r"_(bucket|count|sum)$", self.series):
            yield Problem(path=("series",), rule="must be the histogram's name, without _bucket, _count or _sum")


Requests = Annotated[
    Annotated[PromClientRequests, Tag("prom_client")]
    | Annotated[OpenTelemetryRequests, Tag("opentelemetry")]
    | Annotated[CustomRequests, Tag("custom")],
    Field(discriminator="style", examples=["{style: prom_client}"]),
]
