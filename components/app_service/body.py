"""What both bodies of an AppService are handed: its edges, what it reads, and what comes before it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.app_service import facts
from components.app_service.delivery import Connection, Delivery
from components.connections import Edge, Gate, PostgresConnection


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What runs beside the replicas is handed; but for what says otherwise, migrations are meant."""

    delivery: Delivery
    """What they read: as the app does, but with their own role."""
    running: Delivery
    """What everything else beside the replicas reads: as the app does."""
    outbound: tuple[Edge, ...]
    """Whom all of it may talk to."""
    gates: tuple[Gate, ...]
    """What must have happened before they run."""
    connections: tuple[Connection, ...]

    def backups(
        self, name: str, release: pulumi.Input[str], parent: pulumi.Resource, *, wanted: bool
    ) -> tuple[Gate, ...]:
        """Gates of the backups that a release waits for, one for each server."""
        if not wanted:
            return ()
        found: dict[str, Gate] = {}
        for connection in self.connections:
            if isinstance(connection, PostgresConnection) and connection.server not in found:
                assert connection.backs_up is not None, "a proof has looked for it"
                found[connection.server] = connection.backs_up(facts.backup(name, connection.server), release, parent)
        return tuple(found.values())


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
