"""Which namespace each part of a stack is in on Kubernetes: the stack's own, or one for an untrusted app alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from components.app_service import facts as app_facts
from components.connections import Apart, Edge, Instance
from config import StackConfig


def host(stack: StackConfig, prefix: str, app: str) -> str:
    """Name under which the rest of the stack reaches an app."""
    spec = stack.app_services[app]
    if spec.isolation is None or stack.environment.target.kind == "docker":
        return app
    return f"{app}.{app_facts.namespace(app, spec, prefix)}"


def apart(stack: StackConfig, prefix: str) -> Mapping[str, Apart]:
    """Apps that have a namespace of their own."""
    return {
        name: Apart(
            namespace=app_facts.namespace(name, spec, prefix),
            quota=app_facts.peak(spec),
            protect=spec.deletion_protection,
        )
        for name, spec in sorted(stack.app_services.items())
        if spec.isolation is not None
    }


def across(stack: StackConfig, prefix: str, edge: Edge) -> Edge:
    """Says which namespaces the ends are in, where they are in two: a selector alone means its own."""
    ends = (edge.consumer, edge.producer)
    if not all(isinstance(end, Instance) for end in ends) or stack.environment.target.kind == "docker":
        return edge
    apps = {app_facts.batch(name): spec for name, spec in stack.app_services.items()} | dict(stack.app_services)
    consumer, producer = (
        replace(end, namespace=app_facts.namespace(end.name, apps[end.name], prefix) if end.name in apps else prefix)
        for end in ends
        if isinstance(end, Instance)
    )
    return edge if consumer.namespace == producer.namespace else replace(edge, consumer=consumer, producer=producer)
