"""What a stack file can say about an AppService, and the pure facts that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from components.app_service.batch import HelperSpec, JobSpec, MigrationsSpec, SmokeSpec
from components.app_service.connects_to import ConnectionSpec, ToPostgres, delivered_by
from components.app_service.developer import DockerSpec
from components.app_service.env import EnvValue
from components.app_service.isolation import IsolationSpec
from components.app_service.metrics import PUSH_VARIABLE, MetricsSpec, SloSpec, disagreements
from components.app_service.probes import ProbesSpec
from components.app_service.storage import CredentialSpec
from components.routes import RouteSpec
from components.vocabulary import (
    AbsolutePath,
    Cpu,
    CredentialName,
    DnsLabel,
    Duration,
    FileName,
    ImageRef,
    Listed,
    OnlyOn,
    Port,
    PortName,
    Problem,
    Size,
    Spec,
    VariableName,
    seconds,
)

KILL_MARGIN_SECONDS = 5
"""Between the end of draining and the kill: time to flush and exit."""

OWN_CONTAINER = "app"
"""Name of the app's own container in its pod."""

ONE_MACHINE = "one machine runs one container of each app"


class ResourcesSpec(Spec):
    """What one replica is given. Memory request and limit are the same: overcommitted memory kills neighbours."""

    cpu: Cpu = "100m"
    """Requested processor time; on Docker, the limit."""
    memory: Size = "256Mi"
    """Requested and greatest memory."""
    cpu_limit: Annotated[Cpu | None, OnlyOn("kubernetes", "Docker's `cpu` is a limit already")] = Field(
        default=None, examples=["1"]
    )
    """Greatest processor time. Absent: none, since throttling hurts latency more than it helps neighbours."""
    ephemeral_storage: Annotated[Size, OnlyOn("kubernetes", "Docker can't limit a container's disk", ("256Mi",))] = (
        "256Mi"
    )
    """Requested and greatest disk for scratch and logs."""


class ShutdownSpec(Spec):
    """From "stop" to gone: keep serving while endpoints are removed, drain, exit."""

    pre_stop: Annotated[Duration, OnlyOn("kubernetes", "Docker sends the stop signal at once", ("10s",))] = "10s"
    """Time the pod goes on serving while load balancers forget it."""
    drain: Duration = "20s"
    """Time that open requests get to finish after the stop signal."""
    grace: Duration | None = Field(default=None, examples=["40s"])
    """Time until the kill. Absent: pre_stop + drain + 5 s."""

    @property
    def grace_seconds(self) -> int:
        needed = seconds(self.pre_stop) + seconds(self.drain) + KILL_MARGIN_SECONDS
        return needed if self.grace is None else seconds(self.grace)

    def problems(self) -> Iterable[Problem]:
        needed = seconds(self.pre_stop) + seconds(self.drain)
        if self.grace_seconds <= needed:
            yield Problem(
                path=("grace",),
                rule=f"must exceed pre_stop + drain ({needed} s), or open requests are cut",
                example=f"{needed + KILL_MARGIN_SECONDS}s",
            )


class DisruptionSpec(Spec):
    """PodDisruptionBudget: how much a node drain may take at once. Made only where two or more replicas always run."""

    max_unavailable: int | None = Field(default=None, ge=0, examples=[1])
    """Replicas that may be away. Absent with min_available absent too: 1."""
    min_available: int | None = Field(default=None, ge=1, examples=[2])
    """Replicas that must stay."""

    def problems(self) -> Iterable[Problem]:
        if self.max_unavailable is not None and self.min_available is not None:
            yield Problem(path=("min_available",), rule="give max_unavailable or min_available, not both")
        if self.max_unavailable == 0:
            yield Problem(path=("max_unavailable",), rule="blocks every node drain; must be 1 or more", example="1")


class UpdateSpec(Spec):
    """What counts as a new version that is good."""

    smoke: SmokeSpec | None = None
    """What is asked of the new version before the update counts as done."""


class RolloutSpec(UpdateSpec):
    """How a new version replaces the old one: new replicas first, none taken away before they are ready."""

    max_surge: int = Field(default=1, ge=1, le=20, examples=[1])
    """Replicas above the wanted number while rolling."""
    min_ready: Duration = "5s"
    """How long a new replica must be ready before it counts."""
    history: int = Field(default=5, ge=1, le=20, examples=[5])
    """Old versions kept for a rollback."""


class KubernetesSpec(Spec):
    """Only for stacks on Kubernetes."""

    priority_class: DnsLabel | None = Field(default=None, examples=["serving"])
    """PriorityClass that the cluster layer made."""
    node_selector: Mapping[str, str] = Field(default={}, examples=["{pool: apps}"])
    """Labels that a node must have."""
    sidecars: Mapping[DnsLabel, HelperSpec] = Field(default={}, examples=["{shipper: {image: ...}}"])
    """Containers that start before the app and stop after it, by name."""
    init: Mapping[DnsLabel, HelperSpec] = Field(default={}, examples=["{prepare: {image: ...}}"])
    """Containers that must end well before the app starts, in the order of their names. For what nothing else can do:
    they run in every replica, at every start."""

    def problems(self) -> Iterable[Problem]:
        for block, helpers in (("sidecars", self.sidecars), ("init", self.init)):
            for name in helpers:
                if name == OWN_CONTAINER or (block == "init" and name in self.sidecars):
                    yield Problem(path=(block, name), rule="is the name of another container of the pod; rename it")


class AppServiceSpec(Spec):
    """What every kind of app has; `kinds.py` has the kinds themselves."""

    image: ImageRef
    """Image; by digest on Kubernetes."""
    ports: Mapping[PortName, Port] = Field(default={}, examples=["{http: 8000, metrics: 9464}"])
    """Ports the app listens on, by name. The Service has the same numbers."""
    probes: ProbesSpec = ProbesSpec()
    """How the platform learns whether a replica has started, may get requests, and is alive."""
    command: Annotated[tuple[str, ...], Listed, Field(min_length=1)] | None = Field(
        default=None, examples=["[node, server.js]"]
    )
    """Replaces the image's entry point and arguments."""
    env: Mapping[VariableName, EnvValue] = Field(default={}, examples=["{LOG_LEVEL: info}"])
    """Variables; secrets arrive as files unless delivered as env."""
    config_files: Mapping[FileName, str] = Field(default={}, examples=["{app.toml: 'answer = 42'}"])
    """Files under /run/config; a change rolls the app."""
    connects_to: Annotated[tuple[ConnectionSpec, ...], Listed] = Field(default=(), examples=["[{postgres: main}]"])
    """What the app uses. Nothing else can be reached."""
    route: RouteSpec | None = Field(default=None, examples=["{host: api.blocksight.live}"])
    """How it is reached from outside; absent: not at all."""
    provides: Mapping[CredentialName, CredentialSpec] = Field(default={}, examples=["{rpc: {generate: 32}}"])
    """Credentials that the stack makes for those who connect with them."""
    migrations: MigrationsSpec | None = None
    """What brings the app's databases to a new version's shape; absent: the app does so itself."""
    jobs: Annotated[
        Mapping[DnsLabel, JobSpec],
        OnlyOn("kubernetes", "Docker starts nothing on a schedule; run it by hand: `docker exec`"),
    ] = Field(default={}, examples=["{cleanup: {schedule: '15 3 * * *', command: [npm, run, cleanup]}}"])
    """Commands on a schedule, by name."""
    metrics: MetricsSpec | None = None
    """What it tells the monitoring. Absent: a port called `metrics` is scraped, and nothing is known of what it says."""
    slo: SloSpec | None = Field(default=None, examples=["{availability: 99.9, latency: {below: 200ms, percent: 99}}"])
    """What is promised of its requests."""
    isolation: IsolationSpec | None = None
    """How an app is kept apart that runs code nobody has read."""
    resources: ResourcesSpec = ResourcesSpec()
    """What one replica is given."""
    replicas: Annotated[int, OnlyOn("kubernetes", ONE_MACHINE, (1,))] = Field(default=2, ge=1, le=200, examples=[3])
    """Replicas without an autoscaler. One survives no node loss."""
    disruption: Annotated[DisruptionSpec, OnlyOn("kubernetes", ONE_MACHINE)] = DisruptionSpec()
    """What a node drain may take at once."""
    shutdown: ShutdownSpec = ShutdownSpec()
    """How a replica stops."""
    user: int = Field(default=10001, ge=1, le=2_000_000_000, examples=[10001])
    """Numeric user and group that the app runs as; never root."""
    scratch: Mapping[AbsolutePath, Size] = Field(default={"/tmp": "64Mi"}, examples=["{/tmp: 64Mi}"])  # noqa: S108  # a path inside the container
    """Writable folders in memory-backed or node storage; everything else is read-only."""
    deletion_protection: bool = True
    """Keeps what the app has generated, and its volumes, when it is taken out of the file."""
    kubernetes: Annotated[KubernetesSpec | None, OnlyOn("kubernetes", "the block is named after its target")] = None
    """What only Kubernetes can honour."""
    docker: Annotated[DockerSpec | None, OnlyOn("docker", "the block is named after its target")] = None
    """What only Docker can honour."""

    @property
    def fewest_replicas(self) -> int:
        return self.replicas

    @property
    def most_replicas(self) -> int:
        return self.replicas

    @property
    def surge(self) -> int:
        """Replicas above the most while a new version replaces the old one."""
        return 0

    @property
    def most_cpu(self) -> str | None:
        """Hard limit of a replica's processor time; None for none."""
        limit = self.resources.cpu_limit
        return self.resources.cpu if limit is None and self.isolation is not None else limit

    @property
    def helpers(self) -> tuple[HelperSpec, ...]:
        """Containers that run beside the app's own in each replica."""
        return () if self.kubernetes is None else tuple(self.kubernetes.sidecars.values())

    @property
    def smoke(self) -> SmokeSpec | None:
        """What is asked of each new version; every kind says so in its `rollout`."""
        return None

    @property
    def pushes(self) -> bool:
        """Whether what runs beside the replicas pushes series."""
        return self.metrics is not None and self.metrics.push

    @property
    def most_batch_pods(self) -> int:
        """Pods beside the replicas: runs of jobs, and migrations or the smoke test, which comes after the rollout."""
        once = self.migrations is not None or self.smoke is not None
        return once + sum(job.most_pods for job in self.jobs.values())

    def problems(self) -> Iterable[Problem]:
        keep = self.disruption.min_available
        if keep is not None and keep >= self.fewest_replicas:
            yield Problem(
                path=("disruption", "min_available"),
                rule=f"blocks every node drain: {self.fewest_replicas} replicas are all that is sure to run",
                example="{max_unavailable: 1}",
            )
        yield from self._ports()
        yield from disagreements(self.metrics, self.slo, self.ports)
        if self.pushes and PUSH_VARIABLE in self.env:
            yield Problem(path=("env", PUSH_VARIABLE), rule="is what metrics.push delivers; remove one of the two")
        if self.migrations is not None and not any(isinstance(c, ToPostgres) for c in self.connects_to):
            yield Problem(
                path=("migrations",),
                rule="has no database to change: the app connects to none",
                example="connects_to: [{postgres: main}]",
            )
        yield from self._told_twice()
        for credential in self.provides:
            if credential.upper() in self.env:
                yield Problem(
                    path=("env", credential.upper()),
                    rule=f"is the name of the file that `provides.{credential}` puts under /run/secrets; rename one",
                )

    def _told_twice(self) -> Iterable[Problem]:
        """Variables of `env` that something else would write over."""
        taken = {
            variable: f"is what connects_to[{index}] brings; take it out, or say `as` there"
            for index, connection in enumerate(self.connects_to)
            for name in delivered_by(connection)
            for variable in (name, f"{name}_FILE")
        }
        taken |= {
            f"{name}_FILE": f"tells where the file of env.{name} is; rename one of the two"
            for name, value in self.env.items()
            if not isinstance(value, str) and value.deliver == "file"
        }
        for variable in sorted(self.env.keys() & taken.keys()):
            yield Problem(path=("env", variable), rule=taken[variable])

    def _ports(self) -> Iterable[Problem]:
        has = ", ".join(sorted(self.ports)) or "none"
        for place, port in self.probes.ports():
            if port not in self.ports:
                yield Problem(path=("probes", *place), rule=f"is no port of this app; it has: {has}")
        if self.route is not None and self.route.port not in self.ports:
            yield Problem(path=("route", "port"), rule=f"is no port of this app; it has: {has}")
        if self.smoke is not None and self.smoke.port not in self.ports:
            yield Problem(path=("rollout", "smoke", "port"), rule=f"is no port of this app; it has: {has}")
        for port in self.docker.publish if self.docker else ():
            if port not in self.ports:
                yield Problem(path=("docker", "publish", port), rule=f"is no port of this app; it has: {has}")
        numbers: dict[int, str] = {}
        for port_name, number in self.ports.items():
            if (other := numbers.setdefault(number, port_name)) != port_name:
                yield Problem(
                    path=("ports", port_name), rule=f"has the same number as port {other!r}; give it one of its own"
                )
