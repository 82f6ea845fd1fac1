"""Envoy Gateway itself reads what we render: every object accepted, and Envoy's configuration holds the routes."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from tests.consumers.edge import nginx_server
from tests.stacks.shipped import recorded, topology_of
from toolchain.consumers.egctl import EGCTL, PROGRAM
from toolchain.progress import UnavailableError

READ = {
    "BackendTrafficPolicy",
    "ClientTrafficPolicy",
    "EnvoyProxy",
    "Gateway",
    "HTTPRoute",
    "Namespace",
    "SecurityPolicy",
    "Service",
}
CLASS = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "GatewayClass",
    "metadata": {"name": "envoy"},
    "spec": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
}


@pytest.fixture(scope="module", params=["staging", "prod"])
def translated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The statuses and Envoy's configuration of a shipped stack, as Envoy Gateway would write them."""
    try:
        program = EGCTL.need() / PROGRAM
    except UnavailableError as error:
        pytest.skip(f"egctl: {error}")
    folder = tmp_path_factory.mktemp(request.param)
    objects = [_addressed(r.inputs) for r in recorded(request.param).resources if r.inputs.get("kind") in READ]
    file = folder / "objects.yaml"
    made = [*objects, CLASS, *_certificates(request.param, folder)]
    file.write_text(yaml.safe_dump_all(json.loads(json.dumps(made))), encoding="utf-8")
    command = [program, "x", "translate", "--from", "gateway-api", "--to", "gateway-api,xds", "-t", "all", "-f", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return {**yaml.safe_load(done.stdout), "stack": request.param}


def _addressed(made: Any) -> Any:
    """A Service as the API server completes it."""
    return made if made["kind"] != "Service" else {**made, "spec": {**made["spec"], "clusterIP": "10.96.0.7"}}


def _certificates(stack: str, folder: Path) -> list[dict[str, Any]]:
    """What cert-manager would have put there."""
    plan = topology_of(stack)
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
    for kind in ("backendTrafficPolicies", "clientTrafficPolicies", "gateways", "httpRoutes"):
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
