"""Ways out by name: the policy of Cilium's that an app gets, and what it lets through under Cilium's rules.

https://docs.cilium.io/en/v1.18/security/policy/language/#dns-based
"""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Mapping
from typing import Any

import pytest

import config
import topology
from stack_file import StackFile
from tests.kit.recording import Recording
from tests.stacks.reachability import permitted
from tests.stacks.shipped import PROJECT, run, values
from tests.stacks.test_reachability import about_the_stack, actors, expected, objects

HOST, OTHER = "api.example.com", "mail.example.com"
BY_NAME: list[dict[str, Any]] = [
    {"external": HOST, "port": 443, "by_name": True},
    {"external": OTHER, "port": 587, "by_name": True},
    {"external": "store.example.com", "port": 443, "cidrs": ["10.20.0.0/16"]},
]
PUBLIC, METADATA_SERVER, NODE, STORE = "198.51.100.7", "169.254.169.254", "10.0.0.9", "10.20.3.4"


def given() -> dict[str, Any]:
    changed = copy.deepcopy(values("prod"))
    changed[f"{PROJECT}:environment"]["target"]["cluster"]["cni"] = "cilium"
    api = changed[f"{PROJECT}:app_services"]["api"]
    api["connects_to"] = [each for each in api["connects_to"] if "external" not in each] + BY_NAME
    return changed


def stack() -> Recording:
    return run("prod", given())


def policies() -> dict[str, Any]:
    return {each["metadata"]["name"]: each["spec"] for each in objects(stack(), "CiliumNetworkPolicy")}


def reaches(spec: Mapping[str, Any], name: str, address: str, port: int) -> bool:
    """Whether Cilium lets a pod out to an address that DNS has given for a name. Denied is denied."""
    wanted = {"port": str(port), "protocol": "TCP"}
    for rule in spec["egressDeny"]:
        if wanted in rule["toPorts"][0]["ports"] and any(_within(address, block) for block in rule["toCIDRSet"]):
            return False
    heard = any("rules" in ports for rule in spec["egress"] for ports in rule["toPorts"])
    return heard and any(
        {"matchName": name} in rule.get("toFQDNs", ()) and wanted in rule["toPorts"][0]["ports"]
        for rule in spec["egress"]
    )


def _within(address: str, block: Mapping[str, Any]) -> bool:
    at = ipaddress.ip_address(address)
    return at in ipaddress.ip_network(block["cidr"]) and not any(
        at in ipaddress.ip_network(hole) for hole in block.get("except", ())
    )


def test_the_app_and_what_runs_beside_it_get_one_each_and_nobody_else() -> None:
    found = policies()
    assert set(found) == {"api", "api-batch"}
    assert found["api"]["endpointSelector"]["matchLabels"] == {
        "app.kubernetes.io/name": "app-service",
        "app.kubernetes.io/instance": "api",
    }
    assert objects(run("prod", values("prod")), "CiliumNetworkPolicy") == []


@pytest.mark.parametrize("who", ["api", "api-batch"])
@pytest.mark.parametrize(
    ("name", "address", "port", "expected"),
    [
        (HOST, PUBLIC, 443, True),
        (OTHER, PUBLIC, 587, True),
        (HOST, PUBLIC, 587, False),
        (OTHER, PUBLIC, 443, False),
        ("evil.example.com", PUBLIC, 443, False),
        (HOST, METADATA_SERVER, 443, False),
        (HOST, NODE, 443, False),
    ],
)
def test_only_the_public_addresses_of_the_name_are_reached(
    who: str, name: str, address: str, port: int, *, expected: bool
) -> None:
    assert reaches(policies()[who], name, address, port) is expected


def test_what_the_app_names_by_its_address_is_not_denied() -> None:
    """A denial goes before every permission, so before that of the NetworkPolicy too."""
    (denied,) = policies()["api"]["egressDeny"]
    assert not any(_within(STORE, block) for block in denied["toCIDRSet"])
    assert [port["port"] for port in denied["toPorts"][0]["ports"]] == ["443", "587"], "the stack's servers stay open"


def test_answers_are_heard_from_the_clusters_resolvers_alone() -> None:
    first, *others = policies()["api"]["egress"]
    assert first["toEndpoints"] == [
        {"matchLabels": {"k8s:io.kubernetes.pod.namespace": "kube-system", "k8s:k8s-app": "kube-dns"}}
    ]
    (heard,) = first["toPorts"]
    assert heard["rules"] == {"dns": [{"matchPattern": "*"}]}
    assert {(p["port"], p["protocol"]) for p in heard["ports"]} == {("53", "TCP"), ("53", "UDP")}
    on_nodes, *reached = others
    assert on_nodes == {"toCIDR": ["169.254.20.10/32"], "toPorts": [heard]}, "the shipped stack names one"
    assert all(set(rule) == {"toFQDNs", "toPorts"} for rule in reached)


def test_resolvers_on_the_nodes_are_not_denied() -> None:
    changed = given()
    resolver = {"external": "ns.example.com", "port": 53, "by_name": True}
    changed[f"{PROJECT}:app_services"]["api"]["connects_to"].append(resolver)
    found = {p["metadata"]["name"]: p["spec"] for p in objects(run("prod", changed), "CiliumNetworkPolicy")}
    (denied,) = found["api"]["egressDeny"]
    assert {"port": "53", "protocol": "TCP"} in denied["toPorts"][0]["ports"]
    assert not any(_within("169.254.20.10", block) for block in denied["toCIDRSet"])


def test_the_network_policy_opens_nothing_for_them() -> None:
    """What goes by name goes by name alone: no range, and above all no rule without a peer, which means everybody."""
    recording = stack()
    file = StackFile("Pulumi.prod.yaml", "", PROJECT)
    plan = topology.plan(config.parse(PROJECT, "prod", file, given()))
    by_address = [edge for edge in plan.edges if type(edge.producer).__name__ != "Host"]
    everybody = actors(recording, plan)
    ports = sorted({(e.port, e.protocol) for e in plan.edges} | {(53, "TCP"), (53, "UDP"), (9999, "TCP")})
    found = about_the_stack(permitted(objects(recording, "NetworkPolicy"), everybody, ports), plan, everybody)
    assert found == {p for p in expected(plan, everybody) if p.destination not in (HOST, OTHER)}
    assert len(plan.edges) - len(by_address) == 4, "two hosts, for the app and what runs beside it"


def test_an_untrusted_app_may_go_by_name() -> None:
    changed = given()
    changed[f"{PROJECT}:app_services"]["runner"] = {
        "image": "registry.example.com/runner@sha256:" + "5" * 64,
        "ports": {"http": 8080},
        "probes": {"readiness": {"http": "/healthz"}},
        "isolation": {"profile": "untrusted"},
        "connects_to": BY_NAME[:1],
    }
    (found,) = (p for p in objects(run("prod", changed), "CiliumNetworkPolicy") if p["metadata"]["name"] == "runner")
    assert found["metadata"]["namespace"] == "blocksight-prod-x-runner"
