"""Environment: the ground a stack stands on, and the target that every other component is given.

Owns: the provider, namespaces or networks, the default denial of traffic, quotas. Leaves alone: what the cluster layer
owns (operators, storage classes, node agents), and every edge between components.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import assert_never

import pulumi

from components.connections import Apart
from components.environment.networks import NetworkPlan
from components.environment.spec import DockerTargetSpec, EnvironmentSpec, KubernetesTargetSpec
from components.targets import Target


class Environment(pulumi.ComponentResource):
    """Makes the target.

    Kubernetes: an explicit provider (kubeconfig and context), one protected namespace under Pod Security "restricted",
    a policy that denies all traffic, one that permits DNS, a ResourceQuota; the same again for each untrusted app.
    Docker: an explicit provider, one network per producer, a volume of static tools for health checks.
    """

    target: Target
    """Where everything else goes."""
    apart: Mapping[str, Target]
    """Where untrusted apps and the monitoring go, by their names."""

    def __init__(
        self,
        name: str,
        spec: EnvironmentSpec,
        *,
        prefix: str,
        project: str,
        networks: Sequence[NetworkPlan] = (),
        apart: Mapping[str, Apart] = MappingProxyType({}),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:index:Environment", name, spec.model_dump(mode="json", exclude_none=True), opts)
        match spec.target:
            case KubernetesTargetSpec():
                from components.environment import kubernetes

                self.target = target = kubernetes.create(name, spec.target, prefix=prefix, project=project, parent=self)
                self.apart = {
                    app: kubernetes.apart(name, wanted, spec.target, target, parent=self)
                    for app, wanted in apart.items()
                }
            case DockerTargetSpec():
                from components.environment import docker

                self.target = docker.create(name, spec.target, prefix=prefix, networks=networks, parent=self)
                self.apart = {}  # an untrusted app's container is on its own network anyhow
            case _:
                assert_never(spec.target)
        self.register_outputs({"prefix": prefix})
