"""The committed definitions: what the index says, at the versions of the table, and nothing but schemas."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from cluster.definitions import released
from cluster.versions import INSTALLED
from toolchain import definitions
from toolchain.consumers.crds import RELEASES


def test_the_index_says_what_the_files_hold() -> None:
    """A file can't be read in a review; a line of the index can."""
    lines = (released.FOLDER / definitions.INDEX).read_text(encoding="utf-8").splitlines()
    indexed = {(release, name): digest for digest, release, _, name in (line.split(" ") for line in lines)}
    held = {
        (release.name, f"{each['kind']}/{each['metadata']['name']}"): hashlib.sha256(
            json.dumps(each, sort_keys=True, separators=(",", ":")).encode()
        ).hexdigest()
        for release in RELEASES
        for each in released.read(release.name)
    }
    assert held == indexed


def test_the_table_names_the_versions_and_groups_that_were_released() -> None:
    rows = {row.definitions: row for row in INSTALLED.values() if row.definitions is not None}
    for release in RELEASES:
        row = rows.pop(release.name)
        assert release.version.removeprefix("v").startswith(f"{row.minor}.")
        assert sorted(release.groups) == sorted(row.groups)
    assert rows == {}


def test_each_definition_has_one_owner() -> None:
    names = [each["metadata"]["name"] for release in RELEASES for each in released.read(release.name)]
    assert len(names) == len({*names, "safe-upgrades.gateway.networking.k8s.io"}) + 1  # a policy and its binding


def test_the_gateway_api_is_of_the_standard_channel() -> None:
    channels = {
        each["metadata"]["annotations"]["gateway.networking.k8s.io/channel"]
        for each in released.read("gateway-api")
        if each["kind"] == "CustomResourceDefinition"
    }
    assert channels == {"standard"}


def test_trimming_takes_descriptions_and_no_property_of_that_name() -> None:
    schema = {"description": "gone", "properties": {"description": {"type": "string", "description": "gone"}}}
    document: dict[str, Any] = {
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "x", "creationTimestamp": None},
        "spec": {"versions": [{"schema": {"openAPIV3Schema": schema}}]},
        "status": {},
    }
    trimmed = definitions.trimmed(document)
    assert trimmed["spec"]["versions"][0]["schema"]["openAPIV3Schema"] == {
        "properties": {"description": {"type": "string"}}
    }
    assert trimmed["metadata"] == {"name": "x"}
    assert "status" not in trimmed
