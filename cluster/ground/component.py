"""ClusterGround: the provider, and the classes that stacks name. Leaves alone: CSI drivers, which the cluster brings."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_kubernetes.scheduling.v1 import PriorityClass
from pulumi_kubernetes.storage.v1 import StorageClass

from cluster.labels import OURS
from cluster.spec import ClusterFactsSpec, StorageClassSpec

PRIORITIES = {
    "data": (1_000_000, "Databases and caches: apps make room for them."),
    "serving": (100_000, "Apps that answer people."),
    "batch": (-1_000, "Jobs that can wait: everything else makes them make room."),
}
"""Below `system-cluster-critical` (two billion), and around 0, which pods without a class have."""


class ClusterGround(pulumi.ComponentResource):
    """Makes an explicit provider, three PriorityClasses, and StorageClasses that keep their volumes.

    A class is protected: every change but to its labels replaces it, and claims name it for ever.
    """

    provider: Provider
    """Where everything else goes."""

    def __init__(
        self,
        name: str,
        cluster: ClusterFactsSpec,
        storage_classes: Mapping[str, StorageClassSpec],
        *,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {"cluster": cluster.model_dump(mode="json"), "storage_classes": sorted(storage_classes)}
        super().__init__("slipway:index:ClusterGround", name, props, opts)
        self.provider = Provider(
            f"{name}-cluster",
            kubeconfig=cluster.kubeconfig,  # the provider expands ~/ itself, so the state holds nobody's home
            context=cluster.context,
            # Without it, a renamed context or a moved API server would plan to replace every object.
            cluster_identifier=cluster.id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        for priority, (value, description) in sorted(PRIORITIES.items()):
            PriorityClass(
                f"{name}-priority-{priority}",
                metadata=ObjectMetaArgs(name=priority, labels=OURS),
                value=value,
                description=description,
                opts=pulumi.ResourceOptions(parent=self, provider=self.provider),
            )
        for storage, spec in sorted(storage_classes.items()):
            StorageClass(
                f"{name}-storage-{storage}",
                metadata=ObjectMetaArgs(name=storage, labels=OURS),
                provisioner=spec.provisioner,
                parameters=dict(spec.parameters) or None,
                reclaim_policy="Retain",
                volume_binding_mode="WaitForFirstConsumer",
                allow_volume_expansion=True,
                opts=pulumi.ResourceOptions(parent=self, provider=self.provider, protect=True, retain_on_delete=True),
            )
        self.register_outputs({})
