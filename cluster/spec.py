"""What a cluster's stack file can say: where it is, what is installed there, its storage, the stacks that stand on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from components.environment.spec import Cni, DnsSpec, OperatorSpec
from components.vocabulary import Cidr, CidrPort, DnsLabel, KubernetesVersion, Listed, Problem, Spec

AddOnName = Literal[
    "barman_cloud",
    "cert_manager",
    "cloudnative_pg",
    "envoy_gateway",
    "gateway_api",
    "keda",
    "kube_state_metrics",
    "log_collector",
    "metrics_server",
    "node_exporter",
    "prometheus_operator",
    "vertical_pod_autoscaler",
]


class ClusterFactsSpec(Spec):
    """Which cluster this is. What is not needed to reach it goes into the printed block as it stands."""

    kubeconfig: str = Field(min_length=1, examples=["~/.kube/config"])
    """Path of the kubeconfig; always given, never what the shell points at."""
    context: str = Field(min_length=1, examples=["blocksight-prod"])
    """Context in that kubeconfig."""
    version: KubernetesVersion
    """Minor version of Kubernetes, quoted."""
    id: str = Field(min_length=8, max_length=64, examples=["0f9d1c2e-6b1f-4f0e-9f53-3f1a2b4c5d6e"])
    """UID of the kube-system namespace: tells this cluster from any other, whatever its address."""
    api_server: Annotated[tuple[CidrPort, ...], Listed] = Field(min_length=1, examples=["[10.0.0.1/32:6443]"])
    """Addresses of the API server after translation; network rules can't select it by labels."""
    zones: Annotated[tuple[DnsLabel, ...], Listed] = Field(min_length=1, examples=["[a, b, c]"])
    """Zones with nodes."""
    snapshot_class: DnsLabel | None = Field(default=None, examples=["csi-snapshots"])
    """VolumeSnapshotClass of the default storage class's driver, which the cluster brings with the controller of snapshots."""
    nodes: Annotated[tuple[Cidr, ...], Listed] = Field(default=(), examples=["[10.0.0.0/16]"])
    """Ranges of the nodes' own addresses: kubelets and agents on the host's network answer there."""
    dns: DnsSpec = DnsSpec()
    """How pods resolve names."""
    cni: Cni | None = None
    """What enforces network rules, where it knows more of them than Kubernetes' own; absent for any other."""


class AdoptedSpec(OperatorSpec):
    """An add-on that somebody else has installed and goes on to look after."""

    gateway_class: DnsLabel | None = Field(default=None, examples=["envoy"])
    """Name of its GatewayClass; only for a gateway."""


class AddOnSpec(Spec):
    """One thing that the cluster has: installed by this layer, or adopted."""

    adopt: AdoptedSpec | None = None
    """What is there already. This layer installs nothing of it then, and tells the stacks about it."""
    values: Mapping[str, Any] = Field(default={}, examples=["{replicaCount: 2}"])
    """What goes to its chart, over our own values."""

    def problems(self) -> Iterable[Problem]:
        if self.adopt is not None and self.values:
            yield Problem(path=("values",), rule="goes to a chart, and an adopted add-on has none here; remove it")


class StorageClassSpec(Spec):
    """Volumes of one kind. Always: kept when their claim goes, made in the zone of their pod, able to grow."""

    provisioner: str = Field(min_length=1, max_length=253, examples=["ebs.csi.aws.com"])
    """The CSI driver, which the cluster brings."""
    parameters: Mapping[str, str] = Field(default={}, examples=["{type: gp3}"])
    """What the driver is told. Changing it replaces the class, which is refused by protection: add another class."""
    default: bool = False
    """Whether stacks use it where they name no class."""


class LogsSpec(Spec):
    """Where the lines of one stack's containers go."""

    push: str = Field(
        pattern=r"^https?://[a-z0-9][-.a-z0-9]*(:\d{1,5})?(/[-._a-z0-9]+)+$",
        examples=["http://monitoring-loki.shop-prod-monitoring:3100/loki/api/v1/push"],
    )
    """URL of a Loki that takes them; its namespace must admit the pods of node-agents."""
    least: Literal["debug", "info", "warn", "error"] = "debug"
    """Lines of lower levels are dropped. A line that tells no level is `warn` on standard error, and `info` else."""
    drop: Annotated[tuple[str, ...], Listed] = Field(default=(), max_length=20, examples=["['GET /healthz']"])
    """Regular expressions: lines that one of them matches are dropped."""

    def problems(self) -> Iterable[Problem]:
        for pattern in self.drop:
            if not _compiles(pattern) or not pattern.strip() or "\n" in pattern:
                yield Problem(
                    path=("drop",), rule="must hold regular expressions of one line each", example="['GET /healthz']"
                )


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


class StackSpec(Spec):
    """A stack that stands on this cluster."""

    file: str = Field(pattern=r"^[^/].*\.yaml$", examples=["../Pulumi.prod.yaml"])
    """Its stack file, seen from the folder of this project."""
