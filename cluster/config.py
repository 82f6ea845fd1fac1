"""The stack file of a cluster: which sections there are. Leaves reading them to `reading.py`, and what must hold between
them to `plan.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

import reading
import schemas
from cluster.spec import AddOnName, AddOnSpec, ClusterFactsSpec, LogsSpec, StackSpec, StorageClassSpec
from components.vocabulary import DnsLabel, Spec
from reading import Handed
from stack_file import StackFile


class ClusterConfig(Spec):
    """Everything that a cluster's stack file can say."""

    cluster: ClusterFactsSpec = Field(examples=['{kubeconfig: ~/.kube/config, context: prod, version: "1.36", ...}'])
    """Which cluster this is."""
    addons: Mapping[AddOnName, AddOnSpec] = Field(default={}, examples=["{cloudnative_pg: {}}"])
    """What it has, by name."""
    storage_classes: Mapping[DnsLabel, StorageClassSpec] = Field(
        default={}, examples=["{fast-retain: {provisioner: ebs.csi.aws.com, default: true}}"]
    )
    """Kinds of volumes, by name."""
    logs: Mapping[DnsLabel, LogsSpec] = Field(
        default={}, examples=["{shop-prod: {push: http://monitoring-loki.shop-prod-monitoring:3100/loki/api/v1/push}}"]
    )
    """Where logs go, by the prefix of the stack whose they are: its namespaces start with it."""
    stacks: Mapping[DnsLabel, StackSpec] = Field(default={}, examples=["{prod: {file: ../Pulumi.prod.yaml}}"])
    """Stacks that stand on it; what they name must be there."""


Draft = reading.Draft[ClusterConfig]


def read() -> Draft:
    """The running stack's file, as the engine hands it over."""
    return reading.parse(ClusterConfig, reading.handed())


def parse(project: str, stack: str, file: StackFile, values: Mapping[str, Any]) -> Draft:
    """Any stack file's values."""
    return reading.parse(ClusterConfig, Handed(project=project, stack=stack, file=file, values=values))


def schema(project: str) -> dict[str, Any]:
    """JSON Schema of a whole stack file, for editors: keys carry the project's name."""
    return schemas.of(project, ClusterConfig)


if __name__ == "__main__":
    schemas.main(schema)
