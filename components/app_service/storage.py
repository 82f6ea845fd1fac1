"""What an app keeps: a volume of its own for each replica, and credentials that it gives to others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from components.vocabulary import AbsolutePath, DnsLabel, NeededOn, OnlyOn, Problem, Size, Spec


class StorageSpec(Spec):
    """The volume of a replica. It outlives the app unless `deletion_protection` is false."""

    path: AbsolutePath = Field(examples=["/var/lib/electrs"])
    """Where it appears."""
    size: Annotated[Size | None, NeededOn("kubernetes", "a Docker volume has no size")] = Field(
        default=None, examples=["100Gi"]
    )
    """Size of each replica's volume. It can grow, never shrink."""
    storage_class: Annotated[DnsLabel | None, OnlyOn("kubernetes", "a Docker volume has no class")] = Field(
        default=None, examples=["fast-retain"]
    )
    """Absent: the cluster's default class. Can't be changed once the volume exists."""


class CredentialSpec(Spec):
    """A password that the stack makes once, for those who name it: `{app: bitcoind, credential: rpc}`."""

    generate: int = Field(ge=16, le=128, examples=[32])
    """Length, in letters and digits. Changing it makes a new value, and is refused by protection."""
    user: str = Field(default="slipway", pattern=r"^[A-Za-z0-9_-]{1,40}$", examples=["blocksight"])
    """The name that goes with it."""
    file: str = Field(default="{user}:{password}", examples=["'rpcuser={user}'"])
    """How this app wants to read it: /run/secrets/<NAME IN CAPITALS>, with {user} and {password} filled in."""

    def problems(self) -> Iterable[Problem]:
        if "{password}" not in self.file:
            yield Problem(
                path=("file",), rule="does not say where the password goes", example="'rpcpassword={password}'"
            )

    def filled(self, password: str) -> str:
        """The file's content."""
        return self.file.replace("{user}", self.user).replace("{password}", password)
