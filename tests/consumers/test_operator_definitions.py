"""Every operator that a stack file can name: its definitions are those of its release, and the API server takes them."""

from __future__ import annotations

import gzip

from cluster.definitions import released
from tests.consumers.cluster import Cluster
from toolchain import definitions
from toolchain.consumers.crds import CRDS, RELEASES


def test_the_definitions_of_all_operators_are_served(cluster: Cluster) -> None:
    cluster.define(*RELEASES)
    served = {line.partition("/")[0] for line in cluster.kubectl("api-versions").splitlines()}
    assert {group for release in RELEASES for group in release.groups} <= served


def test_what_is_committed_is_what_the_pinned_modules_hold() -> None:
    """`make definitions` would change nothing: no definition was edited by hand, and no pin was raised alone."""
    made = definitions.files(CRDS.need())
    committed = {path.name: path.read_bytes() for path in released.FOLDER.iterdir()}
    assert made.keys() == committed.keys()
    for name, content in committed.items():
        assert _plain(name, content) == _plain(name, made[name]), name


def _plain(name: str, content: bytes) -> bytes:
    return gzip.decompress(content) if name.endswith(".gz") else content  # compressed by whichever zlib was there
