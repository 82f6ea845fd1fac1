"""ClusterDefinitions: the definitions of custom resources, each owned here and nowhere else.

Owns: putting what `released/` holds onto the cluster. Leaves alone: the controllers, which go and come without them.
Deleting a definition deletes everything of its kind, databases too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from cluster.definitions import released
from cluster.labels import OURS
from components.guards import PROTECTED


class ClusterDefinitions(pulumi.ComponentResource):
    """Makes one protected object per definition, and the policies that the releases bring with them."""

    objects: Mapping[str, Sequence[pulumi.Resource]]
    """By release, for what needs them."""

    def __init__(
        self,
        name: str,
        releases: Sequence[str],
        *,
        provider: pulumi.ProviderResource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:index:ClusterDefinitions", name, {"releases": list(releases)}, opts)
        options = pulumi.ResourceOptions(parent=self, provider=provider, protect=True, retain_on_delete=True)
        self.objects = {
            release: [_object(name, document, options) for document in released.read(release)] for release in releases
        }
        self.register_outputs({})


def _object(name: str, document: Mapping[str, Any], options: pulumi.ResourceOptions) -> pulumi.Resource:
    """Untyped: the SDK's classes know half a million nodes of schema by name, which costs seconds and tells nothing."""
    metadata: dict[str, Any] = document["metadata"]
    labelled = {**document, "metadata": {**metadata, "labels": {**metadata.get("labels", {}), **OURS, **PROTECTED}}}
    logical = f"{name}-{document['kind'].lower()}-{metadata['name']}"
    return pulumi.CustomResource(f"kubernetes:{document['apiVersion']}:{document['kind']}", logical, labelled, options)
