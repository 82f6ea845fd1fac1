"""What routes can ask for beyond the shipped stacks: objects, order, secrets, networks."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from tests.kit.recorded import Secret
from tests.stacks import edge_options, shipped
from tests.stacks.edge_options import GUEST, NEXT, recorded


def spec(kind: str, name: str) -> Any:
    return recorded().one(kind, name).inputs["spec"]


def test_one_policy_guards_requests_and_websockets_and_is_there_before_them() -> None:
    policy = recorded().one("SecurityPolicy", "edge-security-staff")
    assert [target["name"] for target in policy.inputs["spec"]["targetRefs"]] == ["edge-staff", "edge-staff-websocket"]
    for route in ("edge-route-staff", "edge-route-staff-websocket"):
        assert policy.urn in recorded().one("HTTPRoute", route).dependencies
    assert recorded().one("Secret", "edge-oidc-staff").urn in policy.dependencies


def test_people_come_back_to_a_path_of_their_own_route() -> None:
    oidc = spec("SecurityPolicy", "edge-security-staff")["oidc"]
    assert oidc["redirectURL"] == "https://staff.blocksight.live/desk/oauth2/callback"
    assert oidc["logoutPath"] == "/desk/logout"


@pytest.mark.parametrize(("name", "key"), [("edge-oidc-staff", "client-secret"), ("edge-keys-partners", "partner")])
def test_what_proxies_know_stays_secret(name: str, key: str) -> None:
    held = recorded().one("Secret", name).inputs["stringData"]
    assert isinstance(held, Secret) or isinstance(held[key], Secret)


def test_a_canary_has_a_weight_and_one_app_alone_has_none() -> None:
    (rule,) = spec("HTTPRoute", "edge-route-api")["rules"]
    assert {backend["name"]: backend["weight"] for backend in rule["backendRefs"]} == {"api": 90, NEXT: 10}
    (rule,) = spec("HTTPRoute", "edge-route-web")["rules"]
    assert rule["backendRefs"] == [{"name": "web", "port": 8080}]


def test_a_namespace_apart_lets_the_stacks_routes_in_and_no_others() -> None:
    grant = recorded().one("ReferenceGrant", f"edge-grant-{GUEST}").inputs
    assert grant["metadata"]["namespace"] == f"blocksight-prod-x-{GUEST}"
    assert grant["spec"] == {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "blocksight-prod"}],
        "to": [{"group": "", "kind": "Service", "name": GUEST}],
    }


def test_the_firewall_says_what_it_does_and_lets_nothing_through_when_it_is_ill() -> None:
    (wasm,) = recorded(firewall=True).one("EnvoyExtensionPolicy", "edge-firewall").inputs["spec"]["wasm"]
    directives = wasm["config"]["directives_map"]["default"]
    assert directives[-1] == "SecRuleEngine On"
    assert "SecRuleRemoveById 942100" in directives
    assert any("blocking_paranoia_level=2" in directive for directive in directives)
    assert directives.index("SecRuleRemoveById 942100") > directives.index("Include @owasp_crs/*.conf")
    assert wasm["failOpen"] is False
    assert recorded().of_type("EnvoyExtensionPolicy") == []


def test_on_docker_the_edge_reaches_the_canary_and_reads_keys_from_a_file() -> None:
    container = recorded("dev").one("Container", "edge-container").inputs
    joined = {network["name"] for network in container["networksAdvanced"]}
    assert {f"blocksight-dev-{name}" for name in ("api", NEXT, "partners")} <= joined
    (text,) = [
        upload["content"]
        for upload in recorded("dev").one("Container", "edge-files").inputs["uploads"]
        if upload["file"].endswith("nginx.conf")
    ]
    assert f"server {NEXT}:8000 resolve weight=10 max_fails=5 fail_timeout=30s max_conns=200;" in text
    assert "include /run/secrets/keys-partners;" in text
    assert "placeholder-of-partner" not in text


def test_a_key_that_could_be_guessed_or_misread_is_refused() -> None:
    given = edge_options.values("dev")
    given["blocksight:secrets"] = {**edge_options.SECRETS, "partner_api_key": "too short"}
    with pytest.raises(
        pulumi.RunError, match=r"partners\.route\.api_key\.clients\.partner\.secret: names a secret whose value"
    ):
        shipped.run("dev", given)
