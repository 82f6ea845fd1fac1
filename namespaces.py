"""Which namespace each part of a stack is in on Kubernetes: the stack's own, one for an untrusted app, or the monitoring's."""

from __future__ import annotations

from collections.abc import Mapping
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
            quota=monitoring_facts.peak(stack.monitoring),
            protect=stack.monitoring.deletion_protection,
            role=monitoring_facts.NAME,
            limited=False,
        )
    return found


def homes(stack: StackConfig) -> Mapping[str, str]:
    """What is outside of the stack's own namespace, by the name under which `apart` has its namespace."""
    found = {name: name for name, spec in stack.app_services.items() if spec.isolation is not None}
    if stack.monitoring is not None:
        found |= {role.name: monitoring_facts.NAME for role in monitoring_facts.roles(stack.monitoring)}
    return found


def across(stack: StackConfig, prefix: str, edge: Edge) -> Edge:
    """Says which namespaces the ends are in, where they are in two: a selector alone means its own."""
    ends = (edge.consumer, edge.producer)
    if not all(isinstance(end, Instance) for end in ends) or stack.environment.target.kind == "docker":
        return edge
    consumer, producer = (
        replace(end, namespace=_home(stack, prefix, end.name)) for end in ends if isinstance(end, Instance)
    )
    return edge if consumer.namespace == producer.namespace else replace(edge, consumer=consumer, producer=producer)


def _home(stack: StackConfig, prefix: str, name: str) -> str:
    apps = {app_facts.batch(app): spec for app, spec in stack.app_services.items()} | dict(stack.app_services)
    if name in apps:
        return app_facts.namespace(name, apps[name], prefix)
    if stack.monitoring is not None and name in monitoring_facts.claims():
        return monitoring_facts.namespace(prefix)
    return prefix
