"""AppService: a stateless app that answers requests.

Owns: the workload, its address, its own secrets and configuration, its side of the network rules. Leaves alone: what it
connects to, and how it is reached from outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

import pulumi
import pulumi_random as random

from components.app_service.connects_to import ToApp
from components.app_service.delivery import Connection, deliver
from components.app_service.spec import AppServiceSpec, GeneratedSecret, SecretRef
from components.connections import AppConnection, Edge, Gate
from components.targets import DockerTarget, KubernetesTarget, Target


class AppService(pulumi.ComponentResource):
    """Runs an app.

    Kubernetes: Deployment, Service, ServiceAccount without a token, NetworkPolicy, and where asked for an autoscaler, a
    disruption budget, an immutable ConfigMap and Secret that a change replaces.
    Docker: one container, with its files in volumes that a one-shot container fills.
    Generated secrets are protected, and kept when they are taken out of the file.
    """

    host: str
    """Name under which other parts of the stack reach it."""
    ports: Mapping[str, int]
    """Its ports by name."""
    gate: Gate
    """What a consumer that waits for it waits for."""

    def __init__(
        self,
        name: str,
        spec: AppServiceSpec,
        *,
        target: Target,
        inbound: Sequence[Edge] = (),
        outbound: Sequence[Edge] = (),
        connections: Sequence[Connection] = (),
        secrets: pulumi.Output[Mapping[str, str]] | None = None,
        gates: Sequence[Gate] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:index:AppService", name, spec.model_dump(mode="json", exclude_none=True), opts)
        edges = (inbound, outbound)
        delivery = deliver(spec, connections, _secret_values(name, spec, secrets, self))
        gates = (*gates, *(connection.gate for connection in connections))
        match target:
            case KubernetesTarget():
                from components.app_service import kubernetes

                self.gate = kubernetes.create(name, spec, delivery, target, edges=edges, gates=gates, parent=self)
            case DockerTarget():
                from components.app_service import docker

                self.gate = docker.create(name, spec, delivery, target, edges=edges, gates=gates, parent=self)
            case _:
                assert_never(target)
        self.host = name
        self.ports = spec.ports
        self.register_outputs({"host": self.host, "ports": dict(spec.ports)})


def connection(declared: ToApp, producer: AppServiceSpec, gate: Gate | None = None) -> AppConnection:
    """What a consumer is told about an app: a function of the spec, so that apps on Kubernetes may use each other."""
    prefix = declared.app.upper().replace("-", "_") if declared.prefix is None else declared.prefix
    return AppConnection(prefix=prefix, host=declared.app, port=producer.ports[declared.port], gate=gate or Gate())


def _secret_values(
    name: str,
    spec: AppServiceSpec,
    secrets: pulumi.Output[Mapping[str, str]] | None,
    parent: pulumi.Resource,
) -> dict[str, pulumi.Output[str]]:
    """The secret entries of `env` by variable name, encrypted to the end."""
    values: dict[str, pulumi.Output[str]] = {}
    for variable, entry in sorted(spec.env.items()):
        match entry:
            case SecretRef(secret=key) if secrets is not None:
                values[variable] = secrets.apply(lambda given, key=key: given[key])
            case GeneratedSecret(generate=length):
                values[variable] = random.RandomPassword(
                    f"{name}-{variable}",
                    length=length,
                    special=False,
                    opts=pulumi.ResourceOptions(
                        parent=parent, protect=spec.deletion_protection, retain_on_delete=spec.deletion_protection
                    ),
                ).result
            case _:
                pass
    return values
