"""A route that asks less of who comes: told from recorded steps whose objects are put in here."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from review import events
from review.flags.entrances import opened
from review.model import State
from tests.review import corpus

URN = "urn:pulumi:test::shop::kubernetes:{group}:{kind}::{name}"
GATEWAY, ENVOY = "gateway.networking.k8s.io/v1", "gateway.envoyproxy.io/v1alpha1"
ROUTE = {"targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "edge-api"}]}
KEY = {"apiKeyAuth": {"credentialRefs": [{"name": "keys"}]}}
SIGNED_IN = {"oidc": {"clientID": "shop"}}
BLOCKS = {"wasm": [{"config": {"directives_map": {"default": ["Include @owasp_crs/*.conf", "SecRuleEngine On"]}}}]}
WATCHES = {"wasm": [{"config": {"directives_map": {"default": ["SecRuleEngine DetectionOnly"]}}}]}

Spec = dict[str, Any]


def step(kind: str, group: str, name: str, old: Spec | None, new: Spec | None) -> dict[str, Any]:
    """A recorded update, with another object in it."""
    recorded = next(
        e
        for e in corpus.load("replicas-cut")["gate"]
        if e.get("resourcePreEvent", {}).get("metadata", {}).get("op") == "update"
    )
    made = copy.deepcopy(recorded)
    metadata = made["resourcePreEvent"]["metadata"]
    metadata["urn"] = URN.format(group=group, kind=kind, name=name)
    metadata["type"] = f"kubernetes:{group}:{kind}"
    metadata["op"] = "delete" if new is None else "same" if old == new else "update"
    for side, spec in (("old", old), ("new", new)):
        if spec is None:
            metadata[side] = None
            continue
        state = metadata[side]
        state["urn"], state["type"] = metadata["urn"], metadata["type"]
        body = {"apiVersion": group, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, "spec": spec}
        state["inputs"] = body
        if "outputs" in state:
            state["outputs"] = body
    return made


def findings(folder: Path, *steps: dict[str, Any]) -> list[str]:
    file = folder / "events"
    counts = {"resourceChanges": {}, "isPreview": True, "result": "succeeded", "durationSeconds": 1}
    file.write_text(corpus.lines([*steps, {"summaryEvent": counts}]), encoding="utf-8")
    case = corpus.case(events.read(file), State())
    return [f"{finding.grade.name} {finding.sentence}" for finding in opened(case)]


def route() -> dict[str, Any]:
    return step("HTTPRoute", GATEWAY, "edge-api", {"rules": []}, {"rules": []})


@pytest.mark.parametrize("after", [None, ROUTE])
def test_a_route_that_asks_for_less_blocks(after: Spec | None, tmp_path: Path) -> None:
    changed = step("SecurityPolicy", ENVOY, "edge-api", {**ROUTE, **KEY}, after)
    assert findings(tmp_path, route(), changed) == [
        "BLOCK HTTPRoute shop/edge-api no longer wants an API key; whoever reaches it passes"
    ]


def test_one_that_asks_for_something_else_needs_a_look(tmp_path: Path) -> None:
    changed = step("SecurityPolicy", ENVOY, "edge-api", {**ROUTE, **KEY}, {**ROUTE, **SIGNED_IN})
    assert findings(tmp_path, route(), changed) == [
        "APPROVE HTTPRoute shop/edge-api no longer wants an API key; what it still wants: to sign in"
    ]


@pytest.mark.parametrize("after", [{**ROUTE, **KEY}, {**ROUTE, **KEY, **SIGNED_IN}])
def test_one_that_asks_for_as_much_or_more_is_no_matter(after: Spec, tmp_path: Path) -> None:
    assert findings(tmp_path, route(), step("SecurityPolicy", ENVOY, "edge-api", {**ROUTE, **KEY}, after)) == []


def test_nor_is_a_guard_that_goes_with_its_route(tmp_path: Path) -> None:
    gone = step("HTTPRoute", GATEWAY, "edge-api", {"rules": []}, None)
    assert findings(tmp_path, gone, step("SecurityPolicy", ENVOY, "edge-api", {**ROUTE, **KEY}, None)) == []


@pytest.mark.parametrize(("before", "after", "told"), [(BLOCKS, WATCHES, 1), (BLOCKS, None, 1), (WATCHES, BLOCKS, 0)])
def test_a_firewall_that_stops_nobody_any_more_needs_a_look(
    before: Spec, after: Spec | None, told: int, tmp_path: Path
) -> None:
    later = None if after is None else {**ROUTE, **after}
    found = findings(
        tmp_path, route(), step("EnvoyExtensionPolicy", ENVOY, "edge-firewall", {**ROUTE, **before}, later)
    )
    assert [line.partition(" ")[0] for line in found] == ["APPROVE"] * told
