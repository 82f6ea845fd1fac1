"""What a stack file can say about a PostgresCluster, and the pure facts that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from components.vocabulary import (
    Cpu,
    DatabaseName,
    DnsLabel,
    ImageRef,
    NeededOn,
    OnlyOn,
    Port,
    Problem,
    Size,
    Spec,
    size_bytes,
)

RESERVED_CONNECTIONS = 10
"""Kept free of apps: 3 for superusers (superuser_reserved_connections), the rest for the operator, its exporter, a person."""

SMALLEST_MEMORY = "256Mi"

OWNED_PARAMETERS = frozenset(
    {"max_connections", "shared_buffers", "listen_addresses", "port", "ssl", "hba_file", "data_directory"}
)
"""Derived from other fields, or the platform's own."""

ONE_MACHINE = "one machine runs one server"


class DatabaseSpec(Spec):
    """A database of the server, with an owner role named after it."""

    deletion_protection: bool = True
    """Keeps the database when it is taken out of the file."""


class PostgresResources(Spec):
    """What one instance is given; requests equal limits."""

    cpu: Cpu = "500m"
    """Processor time."""
    memory: Size = "1Gi"
    """Memory; a quarter of it becomes shared_buffers."""

    def problems(self) -> Iterable[Problem]:
        if size_bytes(self.memory) < size_bytes(SMALLEST_MEMORY):
            yield Problem(
                path=("memory",), rule=f"must be {SMALLEST_MEMORY} or more for a server to start", example="1Gi"
            )


class PostgresKubernetesSpec(Spec):
    """Only for stacks on Kubernetes."""

    storage_class: DnsLabel | None = Field(default=None, examples=["fast-retain"])
    """Absent: the cluster's default class. Can't be changed once the volume exists."""
    priority_class: DnsLabel | None = Field(default=None, examples=["data"])
    """PriorityClass that the cluster layer made."""
    node_selector: Mapping[str, str] = Field(default={}, examples=["{pool: data}"])
    """Labels that a node must have."""


class PostgresDockerSpec(Spec):
    """Only for stacks on Docker."""

    publish: Port | None = Field(default=None, examples=[5432])
    """Port of 127.0.0.1 that reaches the server, for a developer's own client."""


class PostgresClusterSpec(Spec):
    """A PostgreSQL server."""

    major: Literal[14, 15, 16, 17, 18] = Field(examples=[18])
    """Major version of PostgreSQL. Raising it is a migration, never a side effect of an image."""
    image: ImageRef | None = Field(default=None, examples=["ghcr.io/cloudnative-pg/postgresql@sha256:<64 hex digits>"])
    """Image of that major. Absent: the one in components/versions.py."""
    instances: Annotated[int, OnlyOn("kubernetes", ONE_MACHINE, (1,))] = Field(default=3, ge=1, le=9, examples=[3])
    """Servers: one primary, the rest standbys."""
    storage: Annotated[Size | None, NeededOn("kubernetes", "a Docker volume has no size")] = Field(
        default=None, examples=["100Gi"]
    )
    """Data volume of each instance. It can grow, never shrink."""
    wal_storage: Annotated[Size | None, OnlyOn("kubernetes", "a Docker volume has no size")] = Field(
        default=None, examples=["20Gi"]
    )
    """Separate volume for the write-ahead log, so that a full log can't stop the data. Can be added, not removed."""
    resources: PostgresResources = PostgresResources()
    """What one instance is given."""
    max_connections: int = Field(default=100, ge=20, le=1000, examples=[200])
    """Connections the server accepts; the proof adds up what all apps may open."""
    databases: Mapping[DatabaseName, DatabaseSpec] = Field(min_length=1, examples=["{api: {}}"])
    """Databases of the server."""
    parameters: Mapping[str, str] = Field(default={}, examples=["{work_mem: 16MB}"])
    """Other server parameters, as in postgresql.conf."""
    deletion_protection: bool = True
    """Keeps the server, its volumes and its superuser's password."""
    kubernetes: Annotated[
        PostgresKubernetesSpec | None, OnlyOn("kubernetes", "the block is named after its target")
    ] = None
    """What only Kubernetes can honour."""
    docker: Annotated[PostgresDockerSpec | None, OnlyOn("docker", "the block is named after its target")] = None
    """What only Docker can honour."""

    @property
    def shared_buffers(self) -> str:
        """A quarter of the memory, PostgreSQL's own advice. https://www.postgresql.org/docs/18/runtime-config-resource.html"""
        return f"{size_bytes(self.resources.memory) // 4 // 2**20}MB"

    def problems(self) -> Iterable[Problem]:
        for parameter in sorted(OWNED_PARAMETERS & self.parameters.keys()):
            yield Problem(
                path=("parameters", parameter),
                rule="follows from other fields (max_connections, resources) and can't be set here",
            )
