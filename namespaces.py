"""Which namespace each part of a stack is in on Kubernetes: the stack's own, one for an untrusted app, or the monitoring's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from components.app_service import facts as app_facts
from components.connections import Apart, Edge, Instance
from components.monitoring_stack import facts as monitoring_facts
from config import StackConfig


def host(stack: StackConfig, prefix: str, app: str) -> str:
    """Name under which the rest of the stack reaches an app."""
    spec = stack.app_services[app]
    if spec.isolation is None or stack.environment.target.kind == "docker":
        return app
    return f"{app}.{app_facts.namespace(app, spec, prefix)}"


def apart(stack: StackConfig, prefix: str) -> Mapping[str, Apart]:
    """Untrusted apps and the monitoring: what has a namespace of its own."""
    found = {
        name: Apart(
            namespace=app_facts.namespace(name, spec, prefix),
            quota=app_facts.peak(spec),
            protect=spec.deletion_protection,
            role=f"x-{name}",
        )
        for name, spec in sorted(stack.app_services.items())
        if spec.isolation is not None
    }
    if stack.monitoring is not None:
        found[monitoring_facts.NAME] = Apart(
            namespace=monitoring_facts.namespace(prefix),
            quota=monitoring_facts.peak(stack.monitoring, pushed=bool(app_facts.pushers(stack.app_services))),
            protect=stack.monitoring.deletion_protection,
            role=monitoring_facts.NAME,
            limited=False,
        )
    return found


def homes(stack: StackConfig) -> Mapping[str, str]:
    """What is outside of the stack's own namespace, by the name under which `apart` has its namespace."""
    found = {
        member: name
        for name, spec in stack.app_services.items()
        if spec.isolation is not None
        for member in (name, app_facts.batch(name))
    }
    if stack.monitoring is not None:
        found |= dict.fromkeys(monitoring_facts.claims(), monitoring_facts.NAME)
    return found


def across(stack: StackConfig, prefix: str, all_of: Iterable[Edge]) -> Iterator[Edge]:
    """Edges that say which namespaces their ends are in, where these are two: a selector alone means its own."""
    if stack.environment.target.kind == "docker":
        yield from all_of
        return
    grounds, home = apart(stack, prefix), homes(stack)

    def placed(end: Instance) -> Instance:
        return replace(end, namespace=grounds[home[end.name]].namespace if end.name in home else prefix)

    for edge in all_of:
        if not isinstance(edge.consumer, Instance) or not isinstance(edge.producer, Instance):
            yield edge
            continue
        consumer, producer = placed(edge.consumer), placed(edge.producer)
        same = consumer.namespace == producer.namespace
        yield edge if same else replace(edge, consumer=consumer, producer=producer)
