"""What both bodies of an AppService are handed: its edges, what it reads, and what comes before it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.app_service.delivery import Connection, Delivery
from components.connections import Edge, Gate


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What migrations are handed."""

    delivery: Delivery
    """What they read: as the app does, but with their own role."""
    gates: tuple[Gate, ...]
    """What must have happened before they run."""
    connections: tuple[Connection, ...]


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a body gives back."""

    gate: Gate
    """What a consumer that waits for the app waits for."""
    last: pulumi.CustomResource
    """What ends well only if the new version runs."""


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """Everything around one app that its spec does not say."""

    inbound: tuple[Edge, ...]
    outbound: tuple[Edge, ...]
    gates: tuple[Gate, ...]
    """What must have happened before the app starts."""
    delivery: Delivery
    """What the app reads."""
    connections: tuple[Connection, ...]
    batch: Batch
