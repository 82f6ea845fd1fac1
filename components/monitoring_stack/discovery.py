"""What Prometheus may read of the Kubernetes API: pods where it scrapes, services where the operator asks for them.

A Role in each namespace, never one for the whole cluster; only the kubelets' metrics belong to no namespace.
https://prometheus.io/docs/prometheus/latest/configuration/configuration/#kubernetes_sd_config
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pulumi
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_kubernetes.rbac.v1 import (
    ClusterRole,
    ClusterRoleBinding,
    PolicyRuleArgs,
    Role,
    RoleBinding,
    RoleRefArgs,
    SubjectArgs,
)

from components.connections import Instance
from components.monitoring_stack import facts
from components.monitoring_stack.body import Wiring
from components.monitoring_stack.workload import Place
from components.targets.kubernetes import metadata
from components.telemetry import Scrape

KUBELET_NAMESPACE = "kube-system"
"""Where the operator keeps a Service with every kubelet behind it."""

READ = ["get", "list", "watch"]
RBAC = "rbac.authorization.k8s.io"


def home(scrape: Scrape, wiring: Wiring, own: str) -> str:
    """Namespace of the pods behind an endpoint: as the edge says it that lets Prometheus in."""
    if scrape.namespace is not None:
        return scrape.namespace
    return homes(wiring, facts.PROMETHEUS.name).get(f"{scrape.instance}{scrape.role}", own)


def homes(wiring: Wiring, program: str) -> dict[str, str]:
    """Namespaces of the instances that a program asks, for those that are not in its own."""
    _, outbound = wiring.edges.get(program, ((), ()))
    peers = (edge.producer for edge in outbound)
    return {peer.name: peer.namespace for peer in peers if isinstance(peer, Instance) and peer.namespace is not None}


def grant(place: Place, scrapes: Iterable[Scrape]) -> list[pulumi.Resource]:
    """Everything that must be there before Prometheus finds what it scrapes."""
    own = facts.namespace(place.target.prefix)
    pods = PolicyRuleArgs(api_groups=[""], resources=["pods"], verbs=READ)
    services = [
        pods,
        PolicyRuleArgs(api_groups=[""], resources=["services"], verbs=READ),
        PolicyRuleArgs(api_groups=["discovery.k8s.io"], resources=["endpointslices"], verbs=READ),
    ]
    wanted = {home(scrape, place.wiring, own): [pods] for scrape in scrapes}
    wanted |= {own: services, KUBELET_NAMESPACE: services}
    made = [granted for namespace, rules in sorted(wanted.items()) for granted in _in(place, namespace, rules)]
    return [*made, *_kubelets(place)]


def _in(place: Place, namespace: str, rules: list[PolicyRuleArgs]) -> list[pulumi.Resource]:
    there = place.wiring.namespaces.get(namespace)
    where = replace(place.target, namespace=pulumi.Output.from_input(namespace) if there is None else there)
    # A namespace of the cluster's is shared by stacks, so that the name must say whose the role is.
    name = f"{place.target.prefix}-{facts.NAME}"
    role = Role(
        f"{facts.NAME}-discovery-{namespace}",
        metadata=metadata(where, place.labels, name),
        rules=rules,
        opts=place.options,
    )
    binding = RoleBinding(
        f"{facts.NAME}-discovery-{namespace}-binding",
        metadata=metadata(where, place.labels, name),
        role_ref=RoleRefArgs(api_group=RBAC, kind="Role", name=name),
        subjects=[_subject(place)],
        opts=pulumi.ResourceOptions.merge(place.options, pulumi.ResourceOptions(depends_on=[role])),
    )
    return [role, binding]


def _kubelets(place: Place) -> list[pulumi.Resource]:
    """https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/"""
    name = f"{place.target.prefix}-{facts.NAME}-kubelets"
    labels = {
        **place.labels,
        "app.kubernetes.io/part-of": place.target.project,
        "app.kubernetes.io/managed-by": "slipway",
    }
    role = ClusterRole(
        f"{facts.NAME}-kubelets",
        metadata=ObjectMetaArgs(name=name, labels=labels),
        rules=[PolicyRuleArgs(api_groups=[""], resources=["nodes/metrics"], verbs=["get"])],
        opts=place.options,
    )
    binding = ClusterRoleBinding(
        f"{facts.NAME}-kubelets-binding",
        metadata=ObjectMetaArgs(name=name, labels=labels),
        role_ref=RoleRefArgs(api_group=RBAC, kind="ClusterRole", name=name),
        subjects=[_subject(place)],
        opts=pulumi.ResourceOptions.merge(place.options, pulumi.ResourceOptions(depends_on=[role])),
    )
    return [role, binding]


def _subject(place: Place) -> SubjectArgs:
    return SubjectArgs(kind="ServiceAccount", name=place.name, namespace=place.target.namespace)
