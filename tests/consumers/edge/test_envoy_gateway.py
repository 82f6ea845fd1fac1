"""Envoy Gateway itself reads what we render: every object accepted, and Envoy's configuration holds the routes."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from tests.consumers.edge import nginx_server
from tests.kit.recorded import Secret
from tests.kit.recording import Recording
from tests.stacks import edge_options
from tests.stacks.shipped import recorded, topology_of
from toolchain.consumers.egctl import EGCTL, PROGRAM
from toolchain.progress import UnavailableError
from topology import Topology

READ = {
    "BackendTrafficPolicy",
    "ClientTrafficPolicy",
    "EnvoyExtensionPolicy",
    "EnvoyProxy",
    "Gateway",
    "HTTPRoute",
    "Namespace",
    "ReferenceGrant",
    "SecurityPolicy",
    "Service",
}
KINDS = ("backendTrafficPolicies", "clientTrafficPolicies", "gateways", "httpRoutes")
CLASS = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "GatewayClass",
    "metadata": {"name": "envoy"},
    "spec": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
}


OFFLINE = (
    "OIDC: HMAC secret /envoy-oidc-hmac not found.",
    "Wasm: wasm cache is not initialized.",
)
"""What the translator lacks without a cluster; it says so after it has read all the rest of the policy."""


@pytest.fixture(scope="module", params=["staging", "prod"])
def translated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The statuses and Envoy's configuration of a shipped stack, as Envoy Gateway would write them."""
    folder = tmp_path_factory.mktemp(request.param)
    return translate(recorded(request.param), topology_of(request.param), folder) | {"stack": request.param}


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The same of a stack that asks for everything."""
    folder = tmp_path_factory.mktemp("options")
    return translate(edge_options.recorded(firewall=True), edge_options.topology_of(), folder)


def translate(recording: Recording, plan: Topology, folder: Path) -> dict[str, Any]:
    try:
        program = EGCTL.need() / PROGRAM
    except UnavailableError as error:
        pytest.skip(f"egctl: {error}")
    objects = [_completed(r.inputs) for r in recording.resources if r.inputs.get("kind") in READ]
    objects += [_data(r.inputs) for r in recording.of_type("Secret") if r.name.startswith(("edge-oidc", "edge-keys"))]
    file = folder / "objects.yaml"
    made = [*objects, CLASS, *_certificates(plan, folder)]
    file.write_text(yaml.safe_dump_all(json.loads(json.dumps(made))), encoding="utf-8")
    command = [program, "x", "translate", "--from", "gateway-api", "--to", "gateway-api,xds", "-t", "all", "-f", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


def _completed(made: Any) -> Any:
    """An object as the API server hands it over: a Service with an address, a grant in the version that is asked for."""
    match made["kind"]:
        case "Service":
            return {**made, "spec": {**made["spec"], "clusterIP": "10.96.0.7"}}
        case "ReferenceGrant":
            return {**made, "apiVersion": "gateway.networking.k8s.io/v1beta1"}
        case _:
            return made


def _data(secret: Any) -> dict[str, Any]:
    """A Secret as the API server keeps it."""
    held = secret["stringData"]
    held = held.reveal() if isinstance(held, Secret) else held
    plain = {key: value.reveal() if isinstance(value, Secret) else value for key, value in held.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": secret["metadata"],
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()},
    }


def _certificates(plan: Topology, folder: Path) -> list[dict[str, Any]]:
    """What cert-manager would have put there."""
    assert plan.stack.edge is not None
    wanted = {name: certificate.hosts for name, certificate in plan.stack.edge.certificates.items()}
    nginx_server.local_certificates(folder, wanted)
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"name": f"edge-{name}-tls", "namespace": plan.prefix},
            "data": {
                f"tls.{part}": base64.b64encode((folder / "tls" / f"{name}.{part}").read_bytes()).decode()
                for part in ("crt", "key")
            },
        }
        for name in wanted
    ]


def _conditions(status: Any) -> list[tuple[str, str, str]]:
    """Every condition anywhere below a status."""
    match status:
        case {"type": str(kind), "status": str(value)}:
            fields = cast("dict[str, Any]", status)
            return [(kind, value, str(fields.get("message", "")))]
        case dict():
            return [c for part in cast("dict[str, Any]", status).values() for c in _conditions(part)]
        case list():
            return [c for part in cast("list[Any]", status) for c in _conditions(part)]
        case _:
            return []


def test_every_object_is_accepted_and_every_listener_is_programmed(translated: dict[str, Any]) -> None:
    looked = 0
    for kind in KINDS:
        for made in translated[kind]:
            conditions = _conditions(made["status"].get("listeners", []) or made["status"])
            wrong = [c for c in conditions if c[1] != "True" and c[0] != "OverlappingTLSConfig"]
            assert wrong == [], made["metadata"]["name"]
            looked += len(conditions)
    assert looked > 12


def test_envoy_has_a_route_for_each_path_and_a_cluster_for_each_backend(translated: dict[str, Any]) -> None:
    told = json.dumps(translated["xds"])
    plan = topology_of(translated["stack"])
    assert plan.routes
    for route in plan.routes:
        assert route.spec.host in told
        assert f"httproute/{plan.prefix}/edge-{route.backend}/rule/0" in told
    assert '"/ws"' in told
    assert "local_ratelimit" in told or "local_rate_limit" in told
    assert "TLSv1_2" in told
    assert "Content-Security-Policy" in told
    assert "max-age=63072000" in told
    assert {"key": "X-Request-Id", "value": "%REQ(X-REQUEST-ID)%"} in _parts(translated["xds"], "header")


def test_whatever_can_be_asked_for_is_accepted(options: dict[str, Any]) -> None:
    looked: dict[str, int] = {}
    for kind in (*KINDS, "envoyExtensionPolicies", "securityPolicies"):
        for made in options[kind]:
            conditions = _conditions(made["status"].get("listeners", []) or made["status"])
            wrong = [c for c in conditions if c[1] != "True" and c[0] != "OverlappingTLSConfig" and c[2] not in OFFLINE]
            assert wrong == [], made["metadata"]["name"]
            looked[kind] = looked.get(kind, 0) + len(conditions)
    assert looked["securityPolicies"] == 2, (
        "one for the key, and one for both halves of the route that people sign in to"
    )
    assert looked["envoyExtensionPolicies"] > 0


def test_envoy_gives_the_canary_its_share_and_breaks_the_circuit(options: dict[str, Any]) -> None:
    plan = edge_options.topology_of()
    name = f"httproute/{plan.prefix}/edge-api/rule/0"
    (spread,) = [e for e in _every(options["xds"]) if e.get("clusterName") == name and "endpoints" in e]
    shares = {_service(part): part["loadBalancingWeight"] for part in spread["endpoints"]}
    assert shares == {"api": 90, edge_options.NEXT: 10}
    (cluster,) = [c for c in _every(options["xds"]) if c.get("name") == name and "circuitBreakers" in c]
    (limits,) = cluster["circuitBreakers"]["thresholds"]
    assert [limits[key] for key in ("maxConnections", "maxPendingRequests", "maxRequests")] == [200, 200, 200]
    assert cluster["outlierDetection"]["consecutive5xx"] == 5
    assert cluster["outlierDetection"]["baseEjectionTime"] == "30s"
    assert "localityWeightedLbConfig" in json.dumps(cluster["loadBalancingPolicy"]), "or shares would mean nothing"


def test_envoy_asks_for_the_key_and_keeps_it(options: dict[str, Any]) -> None:
    filters = [c for c in _every(options["xds"]) if str(c.get("@type", "")).endswith("ApiKeyAuthPerRoute")]
    assert filters
    for each in filters:
        assert [source["header"] for source in each["keySources"]] == ["x-api-key"]
        assert each["forwarding"] == {"header": "x-client-id", "hideCredentials": True}
        assert [credential["client"] for credential in each["credentials"]] == ["partner"]


def test_a_route_leads_to_an_untrusted_app_in_its_own_namespace(options: dict[str, Any]) -> None:
    plan = edge_options.topology_of()
    (route,) = [r for r in options["httpRoutes"] if r["metadata"]["name"] == f"edge-{edge_options.GUEST}"]
    (backend,) = route["spec"]["rules"][0]["backendRefs"]
    assert backend["namespace"] == f"{plan.prefix}-x-{edge_options.GUEST}"
    assert ("ResolvedRefs", "True", "Resolved all the Object references for the Route") in _conditions(route["status"])


def _service(part: Any) -> str:
    (resource,) = part["metadata"]["filterMetadata"]["envoy-gateway"]["resources"]
    return str(resource["name"])


def _every(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping anywhere below a value."""
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        yield found
        yield from (inner for part in found.values() for inner in _every(part))
    elif isinstance(value, list):
        yield from (inner for part in cast("list[Any]", value) for inner in _every(part))


def _parts(value: Any, key: str) -> list[Any]:
    return [each[key] for each in _every(value) if key in each]
