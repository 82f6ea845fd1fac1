"""What a stack file can say about the pooler in front of a server. https://www.pgbouncer.org/config.html"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from components.vocabulary import Cpu, OnlyOn, Size, Spec

PREPARED_STATEMENTS = 200
"""Per server connection, so that drivers may prepare statements in transaction mode too (PgBouncer 1.21 and later)."""


class PoolerResources(Spec):
    """What one pooler is given; requests equal limits."""

    cpu: Cpu = "100m"
    """Processor time; a pooler uses one core at most."""
    memory: Size = "128Mi"
    """Memory: about 10 KiB per client and 20 KiB per server connection."""


class PoolerSpec(Spec):
    """PgBouncer in front of the primary, for apps that say `through: pooler`."""

    instances: Annotated[int, OnlyOn("kubernetes", "one machine runs one pooler", (1,))] = Field(
        default=2, ge=1, le=9, examples=[2]
    )
    """Poolers; each has pools of its own."""
    mode: Literal["transaction", "session"] = "transaction"
    """When a server connection goes back: after each transaction (no session state, no LISTEN, no advisory locks), or at the end."""
    pool_size: int = Field(default=20, ge=1, le=500, examples=[20])
    """Server connections that one pooler holds at most for each app."""
    max_clients: int = Field(default=1000, ge=10, le=20_000, examples=[1000])
    """Client connections that one pooler accepts."""
    resources: PoolerResources = PoolerResources()
    """What one pooler is given."""

    @property
    def parameters(self) -> dict[str, str]:
        """PgBouncer's settings, the same on both targets."""
        return {
            "default_pool_size": str(self.pool_size),
            "max_client_conn": str(self.max_clients),
            "max_prepared_statements": str(PREPARED_STATEMENTS),
        }
