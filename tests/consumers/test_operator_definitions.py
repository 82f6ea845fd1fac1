"""Every operator that a stack file can name: the API server takes its definitions at the version that we deploy."""

from __future__ import annotations

from tests.consumers.cluster import Cluster
from toolchain.consumers.crds import RELEASES


def test_the_definitions_of_all_operators_are_served(cluster: Cluster) -> None:
    cluster.define(*RELEASES)
    served = {line.partition("/")[0] for line in cluster.kubectl("api-versions").splitlines()}
    assert {group for release in RELEASES for group in release.groups} <= served
