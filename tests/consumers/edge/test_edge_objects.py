"""Everything that a stack can ask of its way in: the API server takes its objects, rules of the definitions included."""

from __future__ import annotations

import copy
import json
from collections.abc import Generator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.consumers.cluster import Cluster
from tests.kit.recorded import plain
from tests.stacks import edge_options

GROUPS = ("cert-manager.io", "gateway.envoyproxy.io", "gateway.networking.k8s.io")
DRY_RUN = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-")


def objects() -> list[dict[str, Any]]:
    found = [
        copy.deepcopy(plain(resource.inputs))
        for resource in edge_options.recorded(firewall=True).resources
        if resource.name.startswith("edge-") and "kind" in resource.inputs
    ]
    return [each for each in found if each["apiVersion"].partition("/")[0] in GROUPS or each["kind"] == "Secret"]


@pytest.fixture(scope="module")
def api(cluster: Cluster) -> Generator[Cluster]:
    cluster.define_for(objects())
    with ExitStack() as ends:
        for namespace in sorted({each["metadata"]["namespace"] for each in objects()}):
            ends.enter_context(cluster.namespace(namespace, {}))
        yield cluster


def test_the_api_server_takes_every_object(api: Cluster) -> None:
    given = objects()
    assert {each["kind"] for each in given} >= {
        *("BackendTrafficPolicy", "ClientTrafficPolicy", "EnvoyExtensionPolicy", "EnvoyProxy", "SecurityPolicy"),
        *("Certificate", "Gateway", "HTTPRoute", "Issuer", "ReferenceGrant", "Secret"),
    }
    api.kubectl(*DRY_RUN, stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": given}))


@pytest.mark.parametrize(
    ("kind", "name", "path", "value", "told"),
    [
        ("SecurityPolicy", "edge-staff", ("oidc", "clientID"), None, "only one of clientID or clientIDRef must be set"),
        ("SecurityPolicy", "edge-partners", ("apiKeyAuth", "extractFrom"), [{}], "exactly one of headers, params"),
        ("BackendTrafficPolicy", "edge-api", ("circuitBreaker", "maxParallelRequests"), -1, "should be greater than"),
        ("EnvoyExtensionPolicy", "edge-firewall", ("wasm",), [{"code": {"type": "Image"}}], "image field needs to be"),
        ("HTTPRoute", "edge-api", ("rules",), [{"backendRefs": [{"name": "api"}]}], "Must have port for Service"),
        ("EnvoyProxy", "edge", ("shutdown", "drainTimeOut"), "1s", "field not declared in schema"),
    ],
)
def test_a_rule_of_each_definition_is_really_asked(
    api: Cluster, kind: str, name: str, path: tuple[str, ...], value: Any, told: str
) -> None:
    (wrong,) = [each for each in objects() if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    *parents, last = path
    inner = wrong["spec"]
    for part in parents:
        inner = inner[part]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    done = api.try_kubectl(*DRY_RUN, stdin=json.dumps(wrong))
    assert done.returncode != 0
    assert told in done.stderr
