"""Rules about who reaches whom: R30 to R32."""

from __future__ import annotations

from review import policies
from review.rules.breach import Found
from review.values import at, items, mapping, objects, text
from review.world import CLUSTER_POD_LABEL, Thing, World, selects

EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})


def isolated(world: World) -> Found:
    found = list(policies.of(world))
    for work in world.workloads:
        for direction in ("Ingress", "Egress"):
            if not any(policies.covers(policy, work.thing.namespace, work.labels, direction) for policy in found):
                yield (
                    work.thing,
                    direction,
                    f"is under no network policy for {direction.lower()}: {'anybody reaches it' if direction == 'Ingress' else 'it reaches anybody'}",
                )


def namespaces(world: World) -> Found:
    for thing in world.things:
        if thing.package == "kubernetes" and thing.namespace == "default" and thing.kind != "EndpointSlice":
            yield thing, "", "lies in the namespace `default`"
    for thing in world.of("Namespace"):
        level = thing.labels.get("pod-security.kubernetes.io/enforce")
        if level not in ("baseline", "restricted"):
            yield thing, "", "enforces no Pod Security Standard"


def targets(world: World) -> Found:
    for service in world.of("Service"):
        selector = mapping(service.spec.get("selector"))
        if selector and CLUSTER_POD_LABEL not in selector and not _selected(world, service):
            yield service, "", "selects no pod of this stack"
    for ingress in world.of("Ingress"):
        yield from _ingress(world, ingress)
    yield from _routes(world)
    for gateway in world.of("Gateway"):
        for listener in objects(gateway.spec.get("listeners")):
            if listener.get("protocol") == "HTTPS" and not mapping(listener.get("tls")).get("certificateRefs"):
                yield gateway, text(listener.get("name")), "has an HTTPS listener without a certificate"


def _selected(world: World, service: Thing) -> bool:
    selector = service.spec.get("selector")
    pods = [(work.thing.namespace, work.labels) for work in world.workloads] + world.operated
    return any(namespace == service.namespace and selects(selector, labels) for namespace, labels in pods)


def _routes(world: World) -> Found:
    for route in world.of("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"):
        for rule in objects(route.spec.get("rules")):
            for backend in objects(rule.get("backendRefs")):
                name, place = text(backend.get("name")), text(backend.get("namespace")) or route.namespace
                if backend.get("kind", "Service") == "Service" and ("Service", place, name) not in world.by_key:
                    yield route, name, "leads to a Service that this stack does not have"


def _ingress(world: World, ingress: Thing) -> Found:
    hosts = {text(h) for tls in objects(ingress.spec.get("tls")) for h in items(tls.get("hosts"))}
    for rule in objects(ingress.spec.get("rules")):
        host = text(rule.get("host"))
        if host not in hosts:
            yield ingress, host, "serves a host without TLS"
        for path in objects(at(rule, "http", "paths")):
            name = text(at(path, "backend", "service", "name"))
            if name and ("Service", ingress.namespace, name) not in world.by_key:
                yield ingress, name, "leads to a Service that this stack does not have"
    for annotation in mapping(at(ingress.body, "metadata", "annotations")):
        if annotation.endswith("-snippet"):
            yield ingress, annotation, "puts raw configuration into the proxy of everybody"
