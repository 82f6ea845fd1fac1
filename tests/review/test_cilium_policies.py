"""A policy of Cilium's is judged as one of Kubernetes' own: told from recorded steps whose objects are put in here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from review import events
from review.flags.posture import gained_peers, lost_peers, security_down
from review.model import State
from tests.review import corpus
from tests.review.test_entrances import Spec, step

PODS = {"matchLabels": {"app": "web"}}
WEB: Spec = {"selector": PODS, "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}
WALL: Spec = {"podSelector": PODS, "policyTypes": ["Ingress", "Egress"]}
PORTS = [{"ports": [{"port": "443", "protocol": "TCP"}]}]


def named(*hosts: str) -> Spec:
    rule = {"toFQDNs": [{"matchName": host} for host in hosts], "toPorts": PORTS}
    return {"endpointSelector": {"matchLabels": {"k8s:app": "web"}}, "egress": [rule]}


def case(folder: Path, old: Spec | None, new: Spec | None, *, wall: bool = True) -> Any:
    steps = [
        step("Deployment", "apps/v1", "web", WEB, WEB),
        step("CiliumNetworkPolicy", "cilium.io/v2", "web", old, new),
    ]
    if wall:
        steps.append(step("NetworkPolicy", "networking.k8s.io/v1", "web", WALL, WALL))
    file = folder / "events"
    counts = {"resourceChanges": {}, "isPreview": True, "result": "succeeded", "durationSeconds": 1}
    file.write_text(corpus.lines([*steps, {"summaryEvent": counts}]), encoding="utf-8")
    return corpus.case(events.read(file), State())


def about(found: Any) -> list[str]:
    return [
        f"{f.grade.name} {f.sentence}" for f in security_down(found) if "policy" in f.sentence or "opens" in f.sentence
    ]


@pytest.mark.parametrize(("wall", "told"), [(True, "others stay"), (False, "its limits on who reaches whom end")])
def test_one_that_is_removed_blocks(tmp_path: Path, *, wall: bool, told: str) -> None:
    found = about(case(tmp_path, named("api.example.com"), None, wall=wall))
    assert any(line.startswith("BLOCK the network policy of Deployment shop/web is removed") for line in found)
    assert any(told in line for line in found)


def test_one_that_opens_everything_needs_a_look(tmp_path: Path) -> None:
    wide = {**named(), "egress": [{"toEntities": ["all"], "toPorts": PORTS}]}
    assert about(case(tmp_path, named("api.example.com"), wide)) == ["APPROVE opens traffic to everybody at 443/TCP"]


def test_hosts_that_come_and_go_are_told(tmp_path: Path) -> None:
    found = case(tmp_path, named("api.example.com", "old.example.com"), named("api.example.com", "new.example.com"))
    assert [gain.what for gain in gained_peers(found)] == ["to new.example.com at 443/TCP"]
    assert [gain.what for gain in lost_peers(found)] == ["to old.example.com at 443/TCP"]
    assert about(found) == []


def test_pods_of_another_namespace_and_ranges_are_told(tmp_path: Path) -> None:
    dns = {"matchLabels": {"k8s:k8s-app": "kube-dns"}}
    rules = [{"toEndpoints": [dns], "toPorts": PORTS}, {"toCIDR": ["192.0.2.1/32"]}, {"toServices": [{"name": "x"}]}]
    found = case(tmp_path, named("api.example.com"), {**named(), "egress": rules})
    assert [gain.what for gain in gained_peers(found)] == [
        "to 192.0.2.1/32 at all ports",
        "to pods k8s-app=kube-dns at 443/TCP",
        'to {"toServices":[{"name":"x"}]} at all ports',
    ]
