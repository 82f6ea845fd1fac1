"""Where a stack runs: facts only, built once by Environment. Behaviour is in the functions beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class GatewayFacts:
    """The cluster's Gateway API implementation."""

    gateway_class: str
    envoy: bool
    """Whether it is Envoy Gateway, whose policies go beyond the standard."""


@dataclass(frozen=True, kw_only=True)
class Resolvers:
    """Who answers for names, where Cilium listens to the answers and lets pods out to what they name."""

    namespace: str
    labels: Mapping[str, str]
    """Labels of the DNS pods."""
    addresses: tuple[str, ...]
    """Resolvers that no pod selector matches."""


@dataclass(frozen=True, kw_only=True)
class KubernetesTarget:
    """One namespace of one cluster."""

    provider: pulumi.ProviderResource
    prefix: str
    """Start of every cluster-scoped name."""
    namespace: pulumi.Output[str]
    """Namespace of apps, data and front ends; known in previews, and waits for the namespace in `up`."""
    project: str
    """The platform's name, for labels."""
    storage_class: str
    """Class of every volume that names none."""
    snapshot_class: str | None = None
    """Class of every snapshot; None where the cluster makes none."""
    zones: int
    """Zones with nodes."""
    domain: str
    """The namespace's part of the cluster's domain: full host names for what knows no search list."""
    gateway: GatewayFacts | None = None
    """None where the cluster has no gateway."""
    operators: frozenset[str] = frozenset()
    """Operators that the cluster has."""
    resolvers: Resolvers | None = None
    """None where the cluster's network does not go by names."""


@dataclass(frozen=True, kw_only=True)
class DockerTarget:
    """One Docker daemon."""

    provider: pulumi.ProviderResource
    prefix: str
    """Start of every physical name."""
    networks: Mapping[str, pulumi.Output[str]]
    """Physical network names by logical ones: `main`, `api`, `api-egress`."""
    toolbox: pulumi.Output[str]
    """Image id of a tiny shell image, for one-shot containers."""
    tools: pulumi.Output[str]
    """Volume with the same tools, for health checks inside other images."""


Target = KubernetesTarget | DockerTarget
