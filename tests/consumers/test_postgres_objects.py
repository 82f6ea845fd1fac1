"""Every kind of server that a stack file can say: the API server takes its objects, rules of the definitions included."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.components.postgres_cluster.variants import VARIANTS, rendered
from tests.consumers.cluster import Cluster
from tests.kit.recorded import plain

NAMESPACE = "blocksight-prod"
GROUPS = ("postgresql.cnpg.io", "barmancloud.cnpg.io")
DRY_RUN = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-")


def objects(variant: str) -> list[dict[str, Any]]:
    return [
        _named(plain(resource.inputs), resource.name)
        for resource in rendered(variant).resources
        if str(resource.inputs.get("apiVersion", "")).partition("/")[0] in GROUPS
    ]


def _named(given: dict[str, Any], name: str) -> dict[str, Any]:
    """The engine names what has no name."""
    given["metadata"].setdefault("name", name)
    return given


@pytest.fixture(scope="module")
def api(cluster: Cluster) -> Any:
    cluster.define_for(objects("as shipped"))
    with cluster.namespace(NAMESPACE, {}):
        yield cluster


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_api_server_takes_every_object(api: Cluster, variant: str) -> None:
    given = objects(variant)
    assert {each["kind"] for each in given} >= {"Cluster", "Database", "DatabaseRole"}
    assert ("Backup" in {each["kind"] for each in given}) is (variant == "with everything said")
    api.kubectl(*DRY_RUN, stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": given}))


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("postgresql", "synchronous", "number"), 0, "The number of synchronous replicas should be greater than zero"),
        (("imageCatalogRef",), {"apiGroup": "x", "kind": "ImageCatalog", "name": "x", "major": 18}, "exclusive"),
        (("backups",), {}, "field not declared in schema"),
    ],
)
def test_the_api_server_refuses_what_its_rules_forbid(
    api: Cluster, path: tuple[str, ...], value: object, told: str
) -> None:
    (cluster,) = [each for each in objects("as shipped") if each["kind"] == "Cluster"]
    place = cluster["spec"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    done = api.try_kubectl(*DRY_RUN, stdin=json.dumps(cluster))
    assert done.returncode != 0
    assert told in done.stderr
