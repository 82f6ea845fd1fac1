"""What an app can declare to use: one record per kind of connection, told apart by its first word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal, overload

from pydantic import Discriminator, Field, Tag

from components.vocabulary import (
    Cidr,
    CredentialName,
    DatabaseName,
    DnsLabel,
    KeyPattern,
    Listed,
    OnlyOn,
    Port,
    PortName,
    Problem,
    Spec,
    VariablePrefix,
)

FULL_NAME = re.compile(r"([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
"""Labels that DNS knows, at least two; an address is none. A name without a dot is completed by each pod's search list."""


class ToPostgres(Spec):
    """A database, with a login role of the app's own."""

    postgres: DnsLabel = Field(examples=["main"])
    """Name of the PostgresCluster."""
    database: DatabaseName | None = None
    """Database on that server. Absent: the one named like the app."""
    through: Annotated[
        Literal["primary", "pooler", "replicas"],
        OnlyOn("kubernetes", "one machine runs one server", ("primary", "pooler")),
    ] = "primary"
    """primary: reads and writes. pooler: the same, over shared connections. replicas: reads that may be a little old."""
    pool: int = Field(default=10, ge=1, le=1000, examples=[10])
    """Connections that one replica holds at most."""
    prefix: VariablePrefix = Field(default="PG", alias="as", examples=["ANALYTICS"])
    """What the variables start with: PGHOST, or ANALYTICS_HOST."""
    deliver: Literal["file", "env"] = "file"
    """How the password and the URI arrive."""
    deletion_protection: bool = True
    """Keeps the role and its password when the connection is taken out of the file."""

    def database_of(self, app: str) -> str:
        """The database that an app means."""
        return app if self.database is None else self.database


class ToRedis(Spec):
    """A cache or a store, with a user of the app's own."""

    redis: DnsLabel = Field(examples=["cache"])
    """Name of the RedisCache."""
    keys: KeyPattern | None = None
    """Keys and channels the app may touch. Absent: all, which is refused once several apps use the instance."""
    access: Literal["read", "read-write"] = "read-write"
    """What it may do with them."""
    purpose: Literal["cache", "store"] | None = Field(default=None, examples=["store"])
    """What the app counts on: `store` is refused on a cache, which forgets. Absent: whatever the instance is."""
    clients: int = Field(default=20, ge=1, le=5000, examples=[20])
    """Connections that one replica holds at most."""
    via: Literal["sentinel", "proxy"] | None = Field(default=None, examples=["proxy"])
    """How it finds the primary of a replicated instance: asks the Sentinels itself, or goes through proxies. Absent: sentinel."""
    multi_key: bool | None = Field(default=None, examples=[False])
    """Whether it needs commands, transactions or scripts on several keys that share no hash tag. Must be said of a sharded
    instance, which can't do them. Absent: not known."""
    prefix: VariablePrefix = Field(default="REDIS", alias="as", examples=["SESSIONS"])
    """What the variables start with: REDIS_HOST, or SESSIONS_HOST."""
    deliver: Literal["file", "env"] = "file"
    """How the password and the URI arrive."""
    deletion_protection: bool = True
    """Keeps the password when the connection is taken out of the file."""


class ToApp(Spec):
    """A port of another app of the stack."""

    app: DnsLabel = Field(examples=["electrs"])
    """Name of the AppService."""
    port: PortName | None = Field(default=None, examples=["electrum"])
    """Name of its port. Absent: the one that is called like the credential, or `http`."""
    credential: CredentialName | None = Field(default=None, examples=["rpc"])
    """A credential that the other app provides: ELECTRS_USER, ELECTRS_PASSWORD_FILE and, as `user:password` in one
    line, ELECTRS_USERPASS_FILE."""
    deliver: Literal["file", "env"] = "file"
    """How the credential's password arrives."""
    prefix: VariablePrefix | None = Field(default=None, alias="as", examples=["ELECTRS"])
    """What the variables start with. Absent: the app's name in capitals: ELECTRS_HOST, ELECTRS_PORT."""

    @property
    def port_name(self) -> str:
        return self.port or self.credential or "http"

    def problems(self) -> Iterable[Problem]:
        if self.deliver == "env" and self.credential is None:
            yield Problem(path=("deliver",), rule="says how a credential arrives, and none is named", example="file")


class ToObjectStore(Spec):
    """A bucket, with the keys of its store."""

    object_store: DnsLabel = Field(examples=["uploads"])
    """Name of the object store."""
    deliver: Literal["file", "env"] = "file"
    """How the keys arrive."""
    prefix: VariablePrefix | None = Field(default=None, alias="as", examples=["AWS"])
    """What the variables start with. Absent: the store's name in capitals: UPLOADS_BUCKET, UPLOADS_REGION. Amazon's own
    libraries read what starts with AWS."""


class ToExternal(Spec):
    """A host outside the stack."""

    external: str = Field(pattern=r"^[a-z0-9][-.a-z0-9]*$", max_length=253, examples=["api.example.com"])
    """Host name. The network rule is made from `cidrs`, or from the name itself with `by_name`."""
    port: Port = Field(examples=[443])
    """TCP port."""
    cidrs: Annotated[
        tuple[Cidr, ...],
        Listed,
        OnlyOn("kubernetes", "Docker can't narrow where a container's packets go", (("0.0.0.0/0",),)),
    ] = Field(default=("0.0.0.0/0",), min_length=1, examples=["[203.0.113.0/24]"])
    """Networks the host lives in. The default is every public address: private ranges are always left out."""
    by_name: Annotated[
        bool,
        OnlyOn("kubernetes", "Docker can't narrow where a container's packets go", (False,)),
    ] = Field(default=False, examples=[True])
    """Only the public addresses that DNS gives for the name are reached. Needs `cni: cilium` among the facts of the cluster."""

    def problems(self) -> Iterable[Problem]:
        if not self.by_name:
            return
        if not FULL_NAME.fullmatch(self.external):
            yield Problem(path=("external",), rule="must be a full host name to go by", example="api.example.com")
        if "cidrs" in self.model_fields_set:
            yield Problem(path=("cidrs",), rule="goes by addresses, and `by_name` by the name; remove one of them")


def _form(value: Any) -> str | None:
    match value:
        case ToPostgres() | {"postgres": _}:
            return "postgres"
        case ToRedis() | {"redis": _}:
            return "redis"
        case ToApp() | {"app": _}:
            return "app"
        case ToObjectStore() | {"object_store": _}:
            return "object_store"
        case ToExternal() | {"external": _}:
            return "external"
        case _:
            return None


ConnectionSpec = Annotated[
    Annotated[ToPostgres, Tag("postgres")]
    | Annotated[ToRedis, Tag("redis")]
    | Annotated[ToApp, Tag("app")]
    | Annotated[ToObjectStore, Tag("object_store")]
    | Annotated[ToExternal, Tag("external")],
    Discriminator(
        _form,
        custom_error_type="form",
        custom_error_message="must name what it connects to: {postgres: NAME}, {redis: NAME}, {app: NAME}, {object_store: NAME} or {external: HOST}",
    ),
    Field(examples=["{postgres: main, pool: 10}"]),
]


def delivered_by(connection: ConnectionSpec) -> tuple[str, ...]:
    """Variables that a connection brings; one whose value comes as a file is named without its `_FILE`."""
    match connection:
        case ToPostgres(prefix=prefix):
            words = ("HOST", "PORT", "DATABASE", "USER", "SSLMODE", "SSLROOTCERT", "PASSWORD", "URI")
            return tuple(f"PG{word}" if prefix == "PG" else f"{prefix}_{word}" for word in words)
        case ToRedis(prefix=prefix, via=via):
            # Without `via` it is the instance that decides: one server has an address, replicas have Sentinels, shards know each other.
            address = () if via == "sentinel" else ("HOST", "PORT", "URI")
            named = () if via == "proxy" else ("SENTINELS", "SENTINEL_GROUP")
            named += () if via else ("CLUSTER_NODES",)
            return tuple(f"{prefix}_{word}" for word in ("USER", "PASSWORD", "TLS", "CA", *address, *named))
        case ToApp(credential=credential):
            words = ("HOST", "PORT") if credential is None else ("HOST", "PORT", "USER", "PASSWORD", "USERPASS")
            return tuple(f"{variables_prefix(connection)}_{word}" for word in words)
        case ToObjectStore():
            words = ("BUCKET", "FOLDER", "REGION", "ENDPOINT_URL", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
            # Amazon's libraries read both keys from one file.
            shared = ("SHARED_CREDENTIALS",) if connection.deliver == "file" else ()
            return tuple(f"{variables_prefix(connection)}_{word}" for word in (*words, *shared))
        case ToExternal():
            return ()


@overload
def variables_prefix(connection: ToPostgres | ToRedis | ToApp | ToObjectStore) -> str: ...
@overload
def variables_prefix(connection: ConnectionSpec) -> str | None: ...
def variables_prefix(connection: ConnectionSpec) -> str | None:
    """What the variables of a connection start with; None where it brings none."""
    match connection:
        case ToPostgres(prefix=prefix) | ToRedis(prefix=prefix):
            return prefix
        case ToApp(app=app, prefix=prefix):
            return _capitals(app) if prefix is None else prefix
        case ToObjectStore(object_store=store, prefix=prefix):
            return _capitals(store) if prefix is None else prefix
        case ToExternal():
            return None


def _capitals(name: str) -> str:
    return name.upper().replace("-", "_")
