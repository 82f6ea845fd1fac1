"""What follows from a PostgresCluster's name and spec alone: selector, names it takes, footprint."""

from __future__ import annotations

from collections.abc import Iterable

from components.footprint import Footprint
from components.postgres_cluster.spec import PostgresClusterSpec
from components.vocabulary import cpu_millis, size_bytes

COMPONENT = "postgres-cluster"
"""Value of app.kubernetes.io/name on what we create ourselves."""

LONGEST_NAME = 50
"""CloudNativePG refuses longer ones: pods, jobs and services put their own words behind it."""

PORT = 5432
STATUS_PORT = 8000
"""Instance manager: the operator and the other instances ask it. https://cloudnative-pg.io/documentation/1.30/networking/"""

OPERATOR_SUFFIXES = ("-rw", "-ro", "-r", "-ca", "-server", "-replication", "-superuser", "-app", "-pooler")
"""Services and Secrets that the operator makes behind the cluster's name."""

OWN_SUFFIXES = ("", "-data", "-files", "-setup", "-secrets", "-egress")
"""What we put behind the name ourselves, on either target."""

RESERVED = frozenset({"postgres", "slipway", "template0", "template1"})
"""Databases and roles the server has anyway; neither an app nor a declared database may take them."""


def selector(name: str) -> dict[str, str]:
    """Labels that select the server's pods: the operator's own, so that its jobs are meant too."""
    return {"cnpg.io/cluster": name}


def owner(database: str) -> str:
    """Role that owns a database; nobody logs in with it."""
    return f"{database}-owner"


def claims(name: str, databases: Iterable[str], apps: Iterable[str]) -> list[str]:
    """Names that nothing else may take; a name that stands here twice is taken twice by this server."""
    suffixes = [*OPERATOR_SUFFIXES, *OWN_SUFFIXES, *(f"-{owner(d)}" for d in databases), *(f"-{a}" for a in apps)]
    return [f"{name}{suffix}" for suffix in suffixes]


def peak(spec: PostgresClusterSpec) -> Footprint:
    """The most the server can ask of its namespace: every instance, and one job that builds or joins the next."""
    pods = spec.instances + 1
    volumes = [v for v in (spec.storage, spec.wal_storage) if v is not None]
    return Footprint(
        cpu=pods * cpu_millis(spec.resources.cpu),
        memory=pods * size_bytes(spec.resources.memory),
        pods=pods,
        storage=spec.instances * sum(size_bytes(v) for v in volumes),
        volume_claims=spec.instances * len(volumes),
    )
