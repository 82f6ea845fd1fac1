"""What the containers of one app render alike on Docker: variables, files, networks, tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from components.app_service.body import Wiring
from components.app_service.delivery import Delivery
from components.app_service.developer import DockerSpec
from components.app_service.spec import AppServiceSpec
from components.connections import Gate, Instance, Network
from components.folders import CONFIG_FOLDER, SECRETS_FOLDER


def passed(written: pulumi.Output[bool], gates: Sequence[Gate]) -> pulumi.Output[bool]:
    """True once everything before has gone well; the place where a failed one-shot stops what comes after it."""
    others = [gate.passed for gate in gates if gate.passed is not None]
    return pulumi.Output.all(written, *others).apply(all)


def contents(spec: AppServiceSpec, delivery: Delivery) -> dict[str, dict[str, pulumi.Input[str]]]:
    return {
        SECRETS_FOLDER: {name: secret.value for name, secret in delivery.files.items() if secret.value is not None},
        CONFIG_FOLDER: dict(spec.config_files),
    }


def environment(delivery: Delivery, own: Mapping[str, str] | None = None) -> list[pulumi.Input[str]]:
    """`own` are a developer's variables: they go before the others, and may be secrets."""
    own = {} if own is None else own
    plain = [f"{name}={value}" for name, value in delivery.variables.items() if name not in own]
    secret = [
        pulumi.Output.concat(name, "=", value.value)
        for name, value in delivery.secret_variables.items()
        if value.value is not None and name not in own
    ]
    return [*plain, *secret, *(pulumi.Output.secret(f"{name}={value}") for name, value in sorted(own.items()))]


def used(name: str, wiring: Wiring) -> list[str]:
    """Networks by logical name: each producer's, and the way out if a host outside is used."""
    joined = {edge.producer.name for edge in wiring.outbound if isinstance(edge.producer, Instance)}
    if any(isinstance(edge.producer, Network) for edge in wiring.outbound):
        joined.add(f"{name}-egress")
    return sorted(joined)


def joins(name: str, wiring: Wiring, local: DockerSpec) -> list[str]:
    """What the app itself is on besides: its own network if anybody calls, and the way out if it is published."""
    own = {name} if wiring.inbound else set[str]()
    out = {f"{name}-egress"} if local.publish else set[str]()
    return sorted({*used(name, wiring), *own, *out})
