"""The reachability proof: what the rendered policies permit is what the topology says, on both sides, and nothing else."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from components.connections import Host, Instance, Network, Peer, Pods
from tests.kit.recording import Recording
from tests.stacks import edge_options, pushing
from tests.stacks.reachability import Actor, Path, permitted
from tests.stacks.shipped import recorded, topology_of
from topology import Topology

STACKS = ("staging", "prod")
PUBLIC, METADATA_SERVER, STRANGE_NODE = "198.51.100.7", "169.254.169.254", "10.99.0.1"
UNUSED_PORT = 9999


def objects(recording: Recording, kind: str) -> list[Any]:
    return [resource.inputs for resource in recording.of_type(kind)]


def actors(recording: Recording, plan: Topology) -> list[Actor]:
    """Pods as they are rendered, pods of the cluster, strangers, and addresses on both sides of every rule."""
    namespace = plan.prefix
    apps = [
        Actor(w["metadata"]["name"], w["metadata"]["namespace"], w["spec"]["template"]["metadata"]["labels"])
        for kind in ("Deployment", "StatefulSet")
        for w in objects(recording, kind)
    ]
    batch = {
        f"{labels['app.kubernetes.io/instance']}-batch": labels
        for labels in (_pod_labels(w) for kind in ("Job", "CronJob") for w in objects(recording, kind))
    }
    apps += [Actor(name, namespace, labels) for name, labels in batch.items()]
    servers = [
        Actor(
            c["metadata"]["name"],
            namespace,
            {"cnpg.io/cluster": c["metadata"]["name"], "cnpg.io/instanceRole": "any", "cnpg.io/podRole": "instance"},
        )
        for c in objects(recording, "Cluster")
    ]
    # Edges call a pooler by the name of its server.
    servers += [
        Actor(
            cluster := p["spec"]["cluster"]["name"],
            namespace,
            {
                "cnpg.io/cluster": cluster,
                "cnpg.io/poolerName": p["metadata"]["name"],
                "cnpg.io/podRole": "pooler",
            },
        )
        for p in objects(recording, "Pooler")
    ]
    servers += [_operated(each) for kind in ("Alertmanager", "Prometheus") for each in objects(recording, kind)]
    solver = Actor("edge", namespace, {"acme.cert-manager.io/http01-solver": "true"})
    outside = {
        _name(peer): Actor(_name(peer), peer.namespace, dict(peer.labels))
        for edge in plan.edges
        for peer in (edge.consumer, edge.producer)
        if isinstance(peer, Pods)
    }
    addresses = {_address(edge.producer) for edge in plan.edges if isinstance(edge.producer, Network)}
    return [
        *apps,
        *servers,
        solver,
        *outside.values(),
        Actor("dns", "kube-system", {"k8s-app": "kube-dns"}),
        Actor("stranger here", namespace, {"app": "stranger"}),
        Actor("stranger there", "default", {"app.kubernetes.io/name": "app-service"}),
        Actor("impostor", "default", {"cnpg.io/cluster": "main", "app.kubernetes.io/name": "cloudnative-pg"}),
        *(Actor(a, address=a) for a in sorted(addresses | {PUBLIC, METADATA_SERVER, STRANGE_NODE, "169.254.20.10"})),
    ]


def _operated(each: Any) -> Actor:
    """Pods of the Prometheus operator's, with its labels. https://github.com/prometheus-operator/prometheus-operator"""
    kind, name = each["kind"].lower(), each["metadata"]["name"]
    labels = {"app.kubernetes.io/name": kind, "app.kubernetes.io/instance": name, kind: name}
    return Actor(name if kind == "prometheus" else f"{name}-{kind}", each["metadata"]["namespace"], labels)


def _pod_labels(workload: Any) -> dict[str, str]:
    spec = workload["spec"].get("jobTemplate", workload)["spec"]
    return spec["template"]["metadata"]["labels"]


def _address(network: Network) -> str:
    """A host that a network rule is about."""
    return PUBLIC if network.cidrs == ("0.0.0.0/0",) else network.cidrs[0].partition("/")[0]


def _name(peer: object) -> str:
    match peer:
        case Instance(name=name):
            return name
        case Pods(namespace=namespace, labels=labels):
            return f"pods of {namespace}: {dict(labels)}"
        case Network():
            return _address(peer)
        case Host(name=name):
            return name
        case _:
            raise AssertionError(peer)


def expected(plan: Topology, everybody: list[Actor]) -> set[Path]:
    inside = [a.name for a in everybody if _is_ours(a, plan)]
    names = {
        Path(source, to, 53, protocol)
        for source in inside
        for to in ("dns", "169.254.20.10")
        for protocol in ("TCP", "UDP")
    }
    return names | {
        Path(_name(edge.consumer), to, edge.port, edge.protocol)
        for edge in plan.edges
        for to in _reached(edge.producer, everybody)
    }


def _reached(peer: Peer, everybody: list[Actor]) -> list[str]:
    """One network can hold the hosts of another: the API server stands among the nodes."""
    if not isinstance(peer, Network):
        return [_name(peer)]
    return [
        a.name
        for a in everybody
        if a.address and _within(a.address, peer.cidrs) and not _within(a.address, peer.without)
    ]


def _within(address: str, cidrs: tuple[str, ...]) -> bool:
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(cidr) for cidr in cidrs)


def _is_ours(actor: Actor, plan: Topology) -> bool:
    return actor.namespace == plan.prefix or actor.namespace.startswith(
        (f"{plan.prefix}-x-", f"{plan.prefix}-monitoring")
    )


def about_the_stack(paths: set[Path], plan: Topology, everybody: list[Actor]) -> set[Path]:
    """Only conversations with one end in the stack's namespaces; the rest is not ours to forbid."""
    inside = {a.name for a in everybody if _is_ours(a, plan)}
    return {p for p in paths if p.source in inside or p.destination in inside}


@pytest.mark.parametrize("stack", [*STACKS, "options of the edge", "jobs that push"])
def test_policies_permit_every_edge_on_both_sides_and_nothing_else(stack: str) -> None:
    match stack:
        case "options of the edge":
            recording, plan = edge_options.recorded(), edge_options.topology_of()
        case "jobs that push":
            recording, plan = pushing.recorded("prod"), pushing.topology_of("prod")
        case _:
            recording, plan = recorded(stack), topology_of(stack)
    everybody = actors(recording, plan)
    ports = sorted(
        {(e.port, e.protocol) for e in plan.edges} | {(53, "TCP"), (53, "UDP"), (UNUSED_PORT, "TCP"), (443, "TCP")}
    )
    found = about_the_stack(permitted(objects(recording, "NetworkPolicy"), everybody, ports), plan, everybody)
    wanted = expected(plan, everybody)
    assert found - wanted == set(), "permitted, and nobody asked for it"
    assert wanted - found == set(), "asked for, and not permitted"


@pytest.mark.parametrize(
    "gone", ["environment-deny-all", "main-policy", "api-policy", "monitoring-policy", "monitoring-loki-policy"]
)
def test_the_proof_notices_a_policy_that_is_missing(gone: str) -> None:
    recording, plan = recorded("prod"), topology_of("prod")
    everybody = actors(recording, plan)
    policies = [r.inputs for r in recording.of_type("NetworkPolicy") if r.name != gone]
    ports = [(e.port, e.protocol) for e in plan.edges] + [(UNUSED_PORT, "TCP")]
    assert about_the_stack(permitted(policies, everybody, ports), plan, everybody) != {
        p for p in expected(plan, everybody) if p.port != 53
    }
