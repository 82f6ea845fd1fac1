"""ClusterOperators: controllers and node agents, each a Helm release at a pinned version, in the order they need.

Owns: namespaces, releases, the GatewayClass. Leaves alone: definitions, which outlive every release, and what the
charts make, which a preview does not show (docs/adr/0008-cluster-charts-are-releases.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Namespace
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from cluster import versions
from cluster.addons import Installed
from cluster.definitions import ClusterDefinitions
from cluster.labels import OURS
from components.guards import PROTECTED

WAITS_SECONDS = 600
"""For images to be pulled on a new cluster, and for the jobs that make webhook certificates."""

KEPT_REVISIONS = 5

KUBE_SYSTEM = "kube-system"


class ClusterOperators(pulumi.ComponentResource):
    """Makes protected namespaces, Helm releases that roll themselves back when they fail, and the GatewayClass."""

    def __init__(
        self,
        name: str,
        installed: Sequence[Installed],
        *,
        provider: pulumi.ProviderResource,
        definitions: ClusterDefinitions,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {"addons": {each.name: each.chart.version for each in installed}}
        super().__init__("slipway:index:ClusterOperators", name, props, opts)
        options = pulumi.ResourceOptions(parent=self, provider=provider)
        wanted = sorted({each.namespace for each in installed} - {KUBE_SYSTEM})
        namespaces = {each: _namespace(name, each, options) for each in wanted}
        releases: dict[str, Release] = {}
        for each in installed:
            first = [
                *(releases[other] for other in each.after),
                *(made for release in each.definitions for made in definitions.objects[release]),
                *([namespaces[each.namespace]] if each.namespace in namespaces else []),
            ]
            releases[each.name] = _release(name, each, options, first)
        if (gateway := releases.get("envoy_gateway")) is not None:
            CustomResource(
                f"{name}-gateway-class",
                api_version="gateway.networking.k8s.io/v1",
                kind="GatewayClass",
                metadata=ObjectMetaArgs(name=versions.ENVOY, labels=OURS),
                spec={"controllerName": versions.ENVOY_CONTROLLER},
                opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[gateway])),
            )
        self.register_outputs({})


def _namespace(name: str, namespace: str, options: pulumi.ResourceOptions) -> Namespace:
    """Operators run under `baseline`: what is stricter is up to their charts, which warn about it."""
    level = "privileged" if namespace == versions.NODE_AGENTS else "baseline"
    security = {"pod-security.kubernetes.io/enforce": level, "pod-security.kubernetes.io/warn": "restricted"}
    return Namespace(
        f"{name}-namespace-{namespace}",
        metadata=ObjectMetaArgs(name=namespace, labels={**OURS, **PROTECTED, **security}),
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(protect=True, retain_on_delete=True)),
    )


def _release(name: str, each: Installed, options: pulumi.ResourceOptions, first: Sequence[pulumi.Resource]) -> Release:
    physical = each.name.replace("_", "-")
    chart = each.chart
    return Release(
        f"{name}-{physical}",
        name=physical,
        chart=chart.chart,
        version=chart.version,
        repository_opts=None if chart.repository is None else RepositoryOptsArgs(repo=chart.repository),
        namespace=each.namespace,
        values=dict(each.values),
        skip_crds=True,  # a chart's `crds/` folder: those are owned by ClusterDefinitions
        atomic=True,
        wait_for_jobs=True,
        timeout=WAITS_SECONDS,
        max_history=KEPT_REVISIONS,
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=list(first))),
    )
