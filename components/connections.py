"""Records that components hand each other: who may talk to whom, and what a consumer is told about a producer.

The same on every target: this is the promise between components. Plain data, except for the few Outputs that hold
credentials and the resources that gate a start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import pulumi

from components.footprint import Footprint


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One component instance of this stack."""

    name: str
    labels: Mapping[str, str]
    """What selects its pods inside their namespace."""
    namespace: str | None = None
    """Set where the two ends of a conversation are in different namespaces."""


@dataclass(frozen=True, kw_only=True)
class Apart:
    """A namespace beside the stack's own: for one untrusted app, or for the monitoring."""

    namespace: str
    quota: Footprint
    """All that it may ever ask for."""
    protect: bool
    role: str
    """What the names of its objects end in: `x-runner`, `monitoring`."""
    limited: bool = True
    """Whether processor time is limited by the quota too."""


@dataclass(frozen=True, kw_only=True)
class Pods:
    """Pods that belong to the cluster, not to this stack: an operator, a gateway's proxies."""

    namespace: str
    labels: Mapping[str, str]
    """Empty: every pod of that namespace."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """Addresses that no label selects."""

    cidrs: tuple[str, ...]
    without: tuple[str, ...] = ()
    """Ranges inside `cidrs` that stay closed."""


PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
"""Never meant by "every public address": nodes, pods, services, metadata servers (RFC 1918, 3927, 6598)."""

PUBLIC = Network(cidrs=("0.0.0.0/0",), without=PRIVATE)
"""Every public address."""


@dataclass(frozen=True, kw_only=True)
class Host:
    """A host outside, by the name that the cluster's DNS answers for. Only some clusters' networks can go by it."""

    name: str


Peer = Instance | Pods | Network | Host


@dataclass(frozen=True, kw_only=True)
class Edge:
    """One permitted conversation: the consumer opens it, the producer answers on the port."""

    consumer: Peer
    producer: Peer
    port: int
    why: str
    """For people: the line of the stack file or the need of the operator that asks for it."""
    protocol: Literal["TCP", "UDP"] = "TCP"


MONITORING = "monitoring"
"""Name of the instance that scrapes: what it asks for arrives as edges that start there."""


def scraped_ports(inbound: Sequence[Edge]) -> frozenset[int]:
    """Ports whose series the monitoring asks for; empty where there is none, and then nothing need serve them."""
    return frozenset(e.port for e in inbound if isinstance(e.consumer, Instance) and e.consumer.name == MONITORING)


def asked_on(edges: Sequence[Edge], port: int) -> bool:
    """Whether anybody opens conversations on a port."""
    return any(edge.port == port for edge in edges)


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """Who logs in to a PostgresCluster: gets a role of its own name, and a password."""

    app: str
    """The app's name; for its migrations, with `-migrator` behind it. The role is called the same."""
    database: str
    deletion_protection: bool
    owns: bool = True
    """Whether it acts as the owner of the database, and so may change its tables."""
    grants: tuple[str, ...] = ()
    """For a migrator: the roles that may use, but not change, what the migrations make."""


@dataclass(frozen=True, kw_only=True)
class RedisConsumer:
    """An app that uses a RedisCache: gets a user of its own name, and a password."""

    app: str
    keys: str
    """Pattern of the keys and channels that it may touch."""
    access: Literal["read", "read-write"]
    proxied: bool
    """Whether it reaches a replicated instance through the proxies."""
    deletion_protection: bool


@dataclass(frozen=True, kw_only=True)
class SecretKey:
    """One key of a Kubernetes Secret in the stack's namespace."""

    secret: pulumi.Input[str]
    key: str


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What must have happened before a consumer starts."""

    resources: tuple[pulumi.Resource, ...] = ()
    """Must exist, and be ready where the engine waits for that."""
    passed: pulumi.Output[bool] | None = None
    """Docker: fails with the reason if a one-shot container ended badly, which by itself fails nothing."""


class BacksUp(Protocol):
    """Backs a server up for a release that changes it."""

    def __call__(self, name: str, release: pulumi.Input[str], parent: pulumi.Resource) -> Gate:
        """Another `release` is another backup. What passes the gate can be restored to what was before it."""
        ...


@dataclass(frozen=True, kw_only=True)
class PostgresConnection:
    """What one app is told about its database."""

    prefix: str
    """What the variables start with: `PG` gives libpq's own names, any other word is followed by an underscore."""
    server: str
    """Name of the PostgresCluster."""
    deliver: Literal["file", "env"]
    """How the secret parts arrive."""
    host: str
    port: int
    database: str
    username: str
    sslmode: Literal["verify-full", "disable"]
    password: pulumi.Output[str]
    uri: pulumi.Output[str]
    """With the password inside; secret."""
    binding: str | None
    """Kubernetes: the Secret that holds `username`, `password`, `uri` and the other servicebinding.io keys."""
    binding_key: str = "uri"
    """Key of the URI in it: a server that can be reached in several ways has a URI for each."""
    ca: SecretKey | None
    """Kubernetes: the certificate authority of the server, without its key."""
    gate: Gate
    """What must have happened before the app starts."""
    setup: ClientScript | None = None
    """Kubernetes: what a migrator must run before its migrations."""
    backs_up: BacksUp | None = None
    """For a migrator, where the server has backups."""


@dataclass(frozen=True, kw_only=True)
class ClientScript:
    """SQL that a consumer runs as itself, and an image that has the client."""

    image: str
    sql: str


@dataclass(frozen=True, kw_only=True)
class Credential:
    """A name and a password that a producer gives to those who use it."""

    user: str
    password: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class RedisConnection:
    """What one app is told about its cache or store."""

    prefix: str
    """What the variables start with."""
    deliver: Literal["file", "env"]
    """How the secret parts arrive."""
    host: str | None
    """None where Sentinels name the server, or servers say where a key is."""
    port: int
    sentinels: tuple[str, ...]
    """HOST:PORT of each Sentinel; empty where nobody asks them."""
    nodes: tuple[str, ...]
    """HOST:PORT of each server of a sharded instance; empty elsewhere."""
    group: str
    """Name under which Sentinels know the servers."""
    username: str
    password: pulumi.Output[str]
    uri: pulumi.Output[str] | None
    """With the password inside; secret. None without a host."""
    binding: str | None
    """Kubernetes: the Secret that holds the servicebinding.io keys."""
    ca: SecretKey | None
    """Kubernetes: the certificate authority of the servers; None where connections are not encrypted."""
    gate: Gate
    """What must have happened before the app starts."""


@dataclass(frozen=True, kw_only=True)
class ObjectStoreConnection:
    """What one app is told about a bucket."""

    prefix: str
    """What the variables start with."""
    deliver: Literal["file", "env"]
    """How the keys arrive."""
    told: Mapping[str, str]
    """Plain values by the last words of their variables: BUCKET, FOLDER, REGION, ENDPOINT_URL."""
    access_key: pulumi.Output[str]
    secret_key: pulumi.Output[str]
    gate: Gate = field(default_factory=Gate)
    """Empty: a bucket is there already."""


@dataclass(frozen=True, kw_only=True)
class AppConnection:
    """What one app is told about another."""

    prefix: str
    """What the variables start with."""
    host: str
    port: int
    credential: Credential | None = None
    deliver: Literal["file", "env"] = "file"
    """How the password arrives, if there is one."""
    gate: Gate = field(default_factory=Gate)
    """What must have happened before the consumer starts; empty on Kubernetes, where apps don't wait for each other."""
