"""An untrusted app is apart: its namespace, its quota, its limits, and every way in and out of it."""

from __future__ import annotations

import copy
from typing import Any

import config
import topology
from stack_file import StackFile
from tests.kit.recording import Recording
from tests.stacks.reachability import permitted
from tests.stacks.shipped import PROJECT, run, values
from tests.stacks.test_reachability import about_the_stack, actors, expected, objects

APART = "blocksight-prod-x-runner"
RUNNER: dict[str, Any] = {
    "image": "registry.example.com/runner@sha256:" + "5" * 64,
    "ports": {"http": 8080},
    "probes": {"readiness": {"http": "/healthz"}},
    "isolation": {"profile": "untrusted", "runtime_class": "gvisor"},
    "connects_to": [{"external": "packages.example.com", "port": 443, "cidrs": ["203.0.113.0/24"]}],
    "resources": {"cpu": "500m", "memory": "512Mi"},
    "replicas": 2,
}


def given() -> dict[str, Any]:
    changed = copy.deepcopy(values("prod"))
    apps = changed[f"{PROJECT}:app_services"]
    apps["runner"] = RUNNER
    apps["api"]["connects_to"].append({"app": "runner"})
    return changed


def plan() -> topology.Topology:
    return topology.plan(config.parse(PROJECT, "prod", StackFile("Pulumi.prod.yaml", "", PROJECT), given()))


def stack() -> Recording:
    return run("prod", given())


def test_policies_permit_every_edge_across_namespaces_and_nothing_else() -> None:
    recording, topo = stack(), plan()
    everybody = actors(recording, topo)
    ports = sorted({(e.port, e.protocol) for e in topo.edges} | {(53, "TCP"), (53, "UDP"), (9999, "TCP"), (443, "TCP")})
    found = about_the_stack(permitted(objects(recording, "NetworkPolicy"), everybody, ports), topo, everybody)
    wanted = expected(topo, everybody)
    assert found - wanted == set(), "permitted, and nobody asked for it"
    assert wanted - found == set(), "asked for, and not permitted"
    assert {(p.source, p.destination, p.port) for p in wanted if p.destination == "runner"} == {
        ("api", "runner", 8080),
        ("api-batch", "runner", 8080),
    }


def test_all_of_it_is_in_its_own_namespace_under_its_own_quota() -> None:
    recording = stack()
    own = [r for r in recording.resources if r.custom and r.name.startswith("runner-")]
    assert {r.inputs["metadata"]["namespace"] for r in own} == {APART}
    quota = recording.one("ResourceQuota", "environment-x-runner-quota").inputs["spec"]["hard"]
    assert quota["pods"] == "3", "two replicas and the surge"
    assert quota["limits.cpu"] == quota["requests.cpu"] == "1500m"
    labels = recording.one("Namespace", "environment-x-runner-namespace").inputs["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_its_limits_are_hard_and_its_kernel_is_another() -> None:
    pod = stack().one("Deployment", "runner-deployment").inputs["spec"]["template"]["spec"]
    assert pod["containers"][0]["resources"]["limits"] == {
        "cpu": "500m",
        "memory": "512Mi",
        "ephemeral-storage": "256Mi",
    }
    assert pod["runtimeClassName"] == "gvisor"
    assert pod["automountServiceAccountToken"] is False


def test_its_callers_are_told_where_it_is() -> None:
    container = stack().one("Deployment", "api-deployment").inputs["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "RUNNER_HOST", "value": f"runner.{APART}"} in container["env"]


def test_it_takes_nothing_of_the_stacks_own_quota() -> None:
    shipped = topology.plan(config.parse(PROJECT, "prod", StackFile("x", "", PROJECT), values("prod")))
    assert plan().peak == shipped.peak
