"""What a stack file says about where it runs: `environment:`.

The `cluster:` block holds facts of the cluster that nobody can derive offline; the cluster layer prints it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from components.environment.operators import OPERATORS
from components.vocabulary import (
    Cidr,
    CidrPort,
    Cpu,
    DnsLabel,
    Duration,
    KubernetesVersion,
    Listed,
    Port,
    Problem,
    Size,
    Spec,
)

Labels = Mapping[str, str]

SUBNET_PREFIX = 27
"""Size of one Docker network: 29 containers beside the gateway."""


class QuotaSpec(Spec):
    """Ceiling of the stack's namespace. The load-time proof compares it with the stack's own peak."""

    cpu: Cpu = Field(examples=["40"])
    """Sum of CPU requests."""
    memory: Size = Field(examples=["96Gi"])
    """Sum of memory requests, which equal the limits."""
    pods: int = Field(ge=1, examples=[60])
    """Pods that may exist at once."""
    storage: Size = Field(examples=["2Ti"])
    """Sum of storage requests of all volume claims."""
    volume_claims: int = Field(ge=0, examples=[20])
    """Volume claims that may exist at once."""


class DnsSpec(Spec):
    """How pods resolve names; every pod may reach it on port 53, and nothing else there."""

    domain: str = Field(default="cluster.local", pattern=r"^[a-z0-9][-.a-z0-9]*$", examples=["cluster.local"])
    """What the names of all Services end in."""
    namespace: DnsLabel = "kube-system"
    """Namespace of the cluster's DNS pods."""
    labels: Labels = Field(default={"k8s-app": "kube-dns"}, examples=["{k8s-app: kube-dns}"])
    """Labels of the cluster's DNS pods."""
    addresses: Annotated[tuple[Cidr, ...], Listed] = Field(default=(), examples=["[169.254.20.10/32]"])
    """Resolvers that no pod selector matches: NodeLocal DNSCache (169.254.20.10/32), a cloud's DNS (169.254.169.254/32 on GKE)."""


OperatorName = Literal[
    "barman_cloud",
    "cert_manager",
    "cloudnative_pg",
    "envoy_gateway",
    "keda",
    "prometheus_operator",
    "vertical_pod_autoscaler",
]


class OperatorSpec(Spec):
    """An operator that the cluster layer installed."""

    version: str = Field(pattern=r"^\d+\.\d+$", examples=['"1.30"'])
    """Minor version, quoted."""
    namespace: DnsLabel = Field(examples=["cnpg-system"])
    """Where its pods run."""
    labels: Labels = Field(default={}, examples=["{app.kubernetes.io/name: cloudnative-pg}"])
    """Labels of its pods, where they differ from the release's own."""
    metrics: Port | None = Field(default=None, examples=[8080])
    """Port at which its pods tell how they are. Absent: nobody asks, and nobody is told when it is away."""


class GatewaySpec(Spec):
    """The cluster's Gateway API implementation."""

    gateway_class: DnsLabel = Field(alias="class", examples=["envoy"])
    """Name of the GatewayClass."""
    proxy_namespace: DnsLabel = Field(examples=["envoy-gateway-system"])
    """Where the proxies run that open connections to apps."""
    proxy_labels: Labels = Field(examples=["{app.kubernetes.io/name: envoy}"])
    """Labels of those proxies."""


class AgentSpec(Spec):
    """Something of the cluster layer that is scraped."""

    labels: Labels = Field(examples=["{app.kubernetes.io/name: kube-state-metrics}"])
    """Labels of its pods."""
    port: Port
    """Where it serves its series."""
    path: str = Field(default="/metrics", pattern=r"^/", examples=["/metrics"])
    """At which path."""
    namespace: DnsLabel | None = None
    """Where it runs, if not where all others do."""
    host_network: bool = False
    """Whether its pods have the addresses of their nodes: network rules then go by `nodes`, as no pod selector matches."""


class AgentsSpec(Spec):
    """What looks into every node and object. Absent parts are not there."""

    namespace: DnsLabel = Field(examples=["node-agents"])
    """Where they run, unless one says otherwise."""
    kube_state_metrics: AgentSpec | None = None
    """State of every object of the cluster, as series."""
    node_exporter: AgentSpec | None = None
    """Series of every node."""
    log_collector: AgentSpec | None = None
    """What ships logs; opens connections to the store of logs."""


class StorageClassesSpec(Spec):
    """Storage classes by what they are for."""

    default: DnsLabel = Field(examples=["fast-retain"])
    """Class of every volume that names none."""
    snapshots: DnsLabel | None = Field(default=None, examples=["csi-snapshots"])
    """VolumeSnapshotClass of the same driver; absent where the cluster makes no snapshots."""


Cni = Literal["cilium"]
"""Networks that can do more than Kubernetes' own policies say: Cilium lets a pod out to a host by its name."""


class ClusterSpec(Spec):
    """Facts of the cluster, as the cluster layer prints them."""

    version: KubernetesVersion
    """Minor version of Kubernetes, quoted."""
    id: str = Field(min_length=8, max_length=64, examples=["0f9d1c2e-6b1f-4f0e-9f53-3f1a2b4c5d6e"])
    """UID of the kube-system namespace: tells this cluster from any other, whatever its address."""
    api_server: Annotated[tuple[CidrPort, ...], Listed] = Field(min_length=1, examples=["[10.0.0.1/32:6443]"])
    """Addresses of the API server after translation; network rules can't select it by labels."""
    zones: Annotated[tuple[DnsLabel, ...], Listed] = Field(min_length=1, examples=["[a, b, c]"])
    """Zones with nodes."""
    storage_classes: StorageClassesSpec
    """Storage classes by what they are for."""
    operators: Mapping[OperatorName, OperatorSpec] = Field(
        default={}, examples=["{cloudnative_pg: {version: '1.30', namespace: cnpg-system}}"]
    )
    """Operators that are installed, with their versions."""
    gateway: GatewaySpec | None = None
    """Absent where the cluster has no gateway."""
    agents: AgentsSpec | None = Field(default=None, examples=["{namespace: node-agents}"])
    """Absent where the cluster layer runs none."""
    nodes: Annotated[tuple[Cidr, ...], Listed] = Field(default=(), examples=["[10.0.0.0/16]"])
    """Ranges of the nodes' own addresses: kubelets and agents on the host's network answer there."""
    dns: DnsSpec = DnsSpec()
    """How pods resolve names."""
    cni: Cni | None = None
    """What enforces network rules, where it knows more of them than Kubernetes' own; absent for any other."""

    def problems(self) -> Iterable[Problem]:
        for name, operator in self.operators.items():
            if operator.metrics is not None and name not in OPERATORS:
                yield Problem(
                    path=("operators", name, "metrics"),
                    rule=f"is for {', '.join(sorted(OPERATORS))}: of others nobody knows what they tell; remove it",
                )
        for index, zone in enumerate(self.zones):
            if zone in self.zones[:index]:
                yield Problem(
                    path=("zones", index),
                    rule="stands there already: replicas would be spread over more zones than there are; take it out",
                )


class KubernetesTargetSpec(Spec):
    """A namespace of a cluster that other stacks share."""

    kind: Literal["kubernetes"]
    """A namespace of a cluster."""
    kubeconfig: str = Field(min_length=1, examples=["~/.kube/config"])
    """Path of the kubeconfig; always given, never what the shell points at."""
    context: str = Field(min_length=1, examples=["blocksight-prod"])
    """Context in that kubeconfig."""
    cluster: ClusterSpec
    """Facts of the cluster, as the cluster layer prints them."""
    quota: QuotaSpec
    """Ceiling of the stack's namespace."""


class DockerTargetSpec(Spec):
    """One machine with a Docker daemon."""

    kind: Literal["docker"]
    """Plain Docker."""
    host: str = Field(
        default="unix:///var/run/docker.sock", pattern=r"^(unix|tcp|ssh)://", examples=["unix:///var/run/docker.sock"]
    )
    """Address of the Docker daemon."""
    address_pool: Cidr = Field(default="10.210.0.0/16", examples=["10.210.0.0/16"])
    """Range that the stack's networks take their subnets from; choose one that your machine does not route."""
    subnets: Mapping[DnsLabel, Cidr] = Field(default={}, examples=["{main: 10.210.3.0/27}"])
    """Subnets fixed by hand, by network name: only needed when two networks would fall on one subnet."""

    def problems(self) -> Iterable[Problem]:
        pool = ipaddress.ip_network(self.address_pool)
        if pool.version != 4 or pool.prefixlen > SUBNET_PREFIX - 4:
            yield Problem(
                path=("address_pool",),
                rule=f"must be IPv4 and hold at least 16 networks of /{SUBNET_PREFIX}",
                example="10.210.0.0/16",
            )
        for network, subnet in self.subnets.items():
            inside = ipaddress.ip_network(subnet)
            if inside.version != pool.version or not inside.subnet_of(pool):  # pyright: ignore[reportArgumentType]  # same version here
                yield Problem(path=("subnets", network), rule="must lie inside address_pool")


class ObjectivesSpec(Spec):
    """What the loss of a whole site may cost. Every server is held against it at load."""

    rto: Duration = Field(examples=["1h"])
    """From the loss until a restored server answers."""
    rpo: Duration = Field(examples=["15m"])
    """Changes that may be lost: the newest ones, up to this old."""


class EnvironmentSpec(Spec):
    """Where a stack runs, and what its names start with."""

    name: DnsLabel | None = None
    """Prefix of every physical name. Default: `{project}-{stack}`. Changing it moves everything, and is refused by protection."""
    objectives: ObjectivesSpec | None = Field(default=None, examples=["{rto: 1h, rpo: 15m}"])
    """Absent: nothing is promised, and nothing is proved."""
    target: Annotated[KubernetesTargetSpec | DockerTargetSpec, Field(discriminator="kind", examples=["{kind: docker}"])]
    """Where the stack runs."""
