"""What a row of the table of add-ons says, and what becomes of it in one cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A Helm chart."""

    chart: str
    """Name in its repository, or an OCI reference."""
    version: str
    repository: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Ours."""
    own_definitions: tuple[str, ...] = ()
    """Values, `a.b`, by which the chart would bring definitions of its own: no stack file may say one of them. The first is
    switched off; the rest are older names of it."""

    @property
    def given(self) -> dict[str, Any]:
        """Ours, and no definitions."""
        if not self.own_definitions:
            return dict(self.values)
        return merged(self.values, _off(self.own_definitions[0].split(".")))


@dataclass(frozen=True, kw_only=True)
class AddOn:
    """One row."""

    minor: str
    """Minor version of the program, as stacks are told."""
    source: str
    """Where `kubernetes` and `needs` stand."""
    kubernetes: tuple[str, str] | None = None
    """Lowest and highest minor of Kubernetes; None where its makers name no bounds."""
    namespace: str = ""
    chart: Chart | None = None
    definitions: str | None = None
    """File of `definitions/released` that it needs."""
    groups: tuple[str, ...] = ()
    """API groups in that file."""
    scraped: Mapping[str, Any] | None = None
    """How the stacks' monitoring finds it, in the words of `AgentSpec`; only for what runs in NODE_AGENTS."""
    metrics: int | None = None
    """Port at which its pods tell how they are, for operators that the stacks ask."""
    needs: Mapping[str, str] = field(default_factory=dict[str, str])
    """Other add-ons, with the lowest minor of each that it works with."""
    after: tuple[str, ...] = ()
    """Add-ons that come first where both are there."""


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A row as one cluster installs it."""

    name: str
    namespace: str
    chart: Chart
    values: Mapping[str, Any]
    """Ours with the stack file's over them."""
    after: Sequence[str]
    """Add-ons of this layer that come first."""
    definitions: Sequence[str]
    """Releases of definitions that come first."""


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """As Helm merges values: mappings key by key, everything else as a whole."""
    both = {
        key: merged(cast("Mapping[str, Any]", below[key]), cast("Mapping[str, Any]", above[key]))
        for key in below.keys() & above.keys()
        if isinstance(below[key], Mapping) and isinstance(above[key], Mapping)
    }
    return dict(sorted({**below, **above, **both}.items()))


def _off(path: Sequence[str]) -> dict[str, Any]:
    first, *rest = path
    return {first: _off(rest) if rest else False}
