"""AppService: an app of ours, in one of three kinds: it answers requests, fetches work, or keeps data.

Owns: the workload, its address, its volumes, its own secrets, configuration and credentials, its migrations and jobs, its
side of the network rules. Leaves alone: what it connects to, and how it is reached from outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

import pulumi
import pulumi_random as random

from components.app_service.body import Batch, Wiring
from components.app_service.connects_to import ToApp, variables_prefix
from components.app_service.contract import Contract, defaults, kept_to
from components.app_service.delivery import Connection, deliver
from components.app_service.env import GeneratedSecret, SecretRef
from components.app_service.kinds import AnyAppServiceSpec
from components.app_service.metrics import PUSH_VARIABLE
from components.app_service.spec import AppServiceSpec
from components.connections import AppConnection, Credential, Edge, Gate
from components.targets import DockerTarget, KubernetesTarget, Target


class AppService(pulumi.ComponentResource):
    """Runs an app.

    Kubernetes: a Deployment (web, worker) or a StatefulSet with a protected volume claim for each replica (stateful),
    Service, ServiceAccount without a token, NetworkPolicy; where asked for an autoscaler, a disruption budget, an
    immutable ConfigMap and Secret that a change replaces, a Job of migrations that comes before the new version, CronJobs.
    Docker: one container, with its files in volumes that a one-shot container fills; a protected volume (stateful); a
    one-shot container of migrations that comes before it.
    Generated secrets and credentials are protected, and kept when they are taken out of the file.
    """

    host: str
    """Name under which other parts of the stack reach it."""
    ports: Mapping[str, int]
    """Its ports by name."""
    gate: Gate
    """What a consumer that waits for it waits for."""
    credentials: Mapping[str, Credential]
    """What it provides, by name."""
    released: pulumi.Output[str]
    """The image, once the new version runs and its smoke test has passed."""

    def __init__(
        self,
        name: str,
        spec: AnyAppServiceSpec,
        *,
        target: Target,
        edges: tuple[Sequence[Edge], Sequence[Edge]] = ((), ()),
        connections: Sequence[Connection] = (),
        migrator: Sequence[Connection] = (),
        secrets: pulumi.Output[Mapping[str, str]] | None = None,
        contract: Contract | None = None,
        gates: Sequence[Gate] = (),
        batch: Sequence[Edge] = (),
        pushes_to: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`migrator` holds the same connections as `connections`, with the migrations' own role; `secrets` keep the contract.
        `batch` are edges that start at what runs beside the replicas, `pushes_to` is the URL where that pushes its series.
        """
        super().__init__("slipway:index:AppService", name, spec.model_dump(mode="json", exclude_none=True), opts)
        contract = {} if contract is None else contract
        values = _secret_values(name, spec, secrets, contract, self)
        told = defaults(contract, spec)
        self.credentials = _credentials(name, spec, self)
        delivery = deliver(spec, connections, values, self.credentials, told)
        pushing = {} if pushes_to is None else {PUSH_VARIABLE: pushes_to}
        wiring = Wiring(
            inbound=tuple(edges[0]),
            outbound=tuple(edges[1]),
            gates=(*gates, *(connection.gate for connection in connections)),
            delivery=delivery,
            connections=tuple(connections),
            batch=Batch(
                delivery=deliver(spec, migrator, values, self.credentials, told).with_variables(pushing),
                running=delivery.with_variables(pushing),
                outbound=tuple(batch),
                gates=(*gates, *(connection.gate for connection in migrator)),
                connections=tuple(migrator),
            ),
        )
        match target:
            case KubernetesTarget():
                from components.app_service import kubernetes

                made = kubernetes.create(name, spec, wiring, target, parent=self)
            case DockerTarget():
                from components.app_service import docker

                made = docker.create(name, spec, wiring, target, parent=self)
            case _:
                assert_never(target)
        self.gate = made.gate
        self.released = pulumi.Output.all(made.last.id).apply(lambda _: spec.image)
        self.host = name
        self.ports = spec.ports
        self.register_outputs({"host": self.host, "ports": dict(spec.ports), "released": self.released})


def connection(
    declared: ToApp,
    producer: AppServiceSpec,
    host: str,
    gate: Gate | None = None,
    credential: Credential | None = None,
) -> AppConnection:
    """What a consumer is told about an app: but for the credential a function of the spec, so that apps may use each other."""
    return AppConnection(
        prefix=variables_prefix(declared),
        host=host,
        port=producer.ports[declared.port_name],
        credential=credential,
        deliver=declared.deliver,
        gate=gate or Gate(),
    )


def _credentials(name: str, spec: AppServiceSpec, parent: pulumi.Resource) -> dict[str, Credential]:
    return {
        credential: Credential(
            user=provided.user,
            password=_password(f"{name}-{credential}-credential", provided.generate, spec, parent),
        )
        for credential, provided in sorted(spec.provides.items())
    }


def _password(name: str, length: int, spec: AppServiceSpec, parent: pulumi.Resource) -> pulumi.Output[str]:
    """Letters and digits only: it stands in URLs and configuration files."""
    keep = spec.deletion_protection
    opts = pulumi.ResourceOptions(parent=parent, protect=keep, retain_on_delete=keep)
    return random.RandomPassword(name, length=length, special=False, opts=opts).result


def _secret_values(
    name: str,
    spec: AppServiceSpec,
    secrets: pulumi.Output[Mapping[str, str]] | None,
    contract: Contract,
    parent: pulumi.Resource,
) -> dict[str, pulumi.Output[str]]:
    """The secret entries of `env` by variable name, encrypted to the end."""
    values: dict[str, pulumi.Output[str]] = {}
    for variable, entry in sorted(spec.env.items()):
        match entry:
            case SecretRef(secret=key) if secrets is not None:
                values[variable] = secrets.apply(
                    lambda given, key=key, variable=variable: kept_to(contract, name, variable, key, given[key])
                )
            case GeneratedSecret(generate=length):
                values[variable] = _password(f"{name}-{variable}", length, spec, parent)
            case _:
                pass
    return values
