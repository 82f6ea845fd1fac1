"""A site's replicas, and what counts its requests: there if somebody asks for it, and only then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_docker
import pulumi_kubernetes
import pytest

from components.cdn_frontend import CDNFrontend, CdnFrontendSpec, facts
from components.connections import Edge, Instance
from components.nginx import counting
from components.targets import DockerTarget, KubernetesTarget, Target
from tests.kit.recording import Recording, record

DIGEST = "registry.example.com/web@sha256:" + "1" * 64
ASKING = Edge(
    consumer=Instance(name="monitoring", labels={"app": "monitoring"}),
    producer=Instance(name="web", labels=facts.selector("web")),
    port=counting.PORT,
    why="metrics of nginx",
)
ROUTED = Edge(
    consumer=Instance(name="edge", labels={"app": "edge"}),
    producer=Instance(name="web", labels=facts.selector("web")),
    port=facts.PORT,
    why="cdn_frontends.web.route",
)


def kubernetes() -> Target:
    return KubernetesTarget(
        provider=pulumi_kubernetes.Provider("cluster"),
        prefix="shop-prod",
        namespace=pulumi.Output.from_input("shop-prod"),
        project="shop",
        storage_class="fast",
        zones=3,
        domain="shop-prod.svc.cluster.local",
    )


def docker() -> Target:
    return DockerTarget(
        provider=pulumi_docker.Provider("daemon"),
        prefix="shop-dev",
        networks={"web": pulumi.Output.from_input("shop-dev-web")},
        toolbox=pulumi.Output.from_input("sha256:tools"),
        tools=pulumi.Output.from_input("shop-dev-tools"),
    )


def site(target: Any, *edges: Edge, **said: Any) -> Recording:
    spec = CdnFrontendSpec.model_validate({"image": DIGEST, **said})
    return record(
        lambda: CDNFrontend("web", spec, target=target(), ports={}, edges=(edges, ())), project="shop", stack="prod"
    )


def pod(recording: Recording) -> Mapping[str, Any]:
    return recording.one("Deployment", "web-deployment").inputs["spec"]["template"]["spec"]


def test_replicas_stand_in_the_deployment_unless_an_autoscaler_owns_them() -> None:
    alone = site(kubernetes, ROUTED, replicas=3)
    assert alone.one("Deployment", "web-deployment").inputs["spec"]["replicas"] == 3
    assert alone.of_type("HorizontalPodAutoscaler") == []
    scaled = site(kubernetes, ROUTED, autoscaling={"min": 3, "max": 9})
    assert "replicas" not in scaled.one("Deployment", "web-deployment").inputs["spec"]
    (scaler,) = scaled.of_type("HorizontalPodAutoscaler")
    spec = scaler.inputs["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 9)
    assert spec["scaleTargetRef"]["name"] == "web"
    containers = [container["name"] for container in pod(scaled)["containers"]]
    assert spec["metrics"][0]["containerResource"]["container"] in containers
    assert scaled.of_type("PodDisruptionBudget")


def test_the_peak_counts_every_replica_and_what_is_beside_it() -> None:
    spec = CdnFrontendSpec.model_validate({"image": DIGEST, "autoscaling": {"min": 2, "max": 9}})
    plain, counted = facts.peak(spec, counted=False), facts.peak(spec, counted=True)
    assert (plain.pods, plain.cpu) == (10, 500)
    assert (counted.pods, counted.cpu) == (10, 700)
    assert counted.memory - plain.memory == 10 * 64 * 2**20


def test_nothing_is_counted_unless_somebody_asks() -> None:
    recording = site(kubernetes, ROUTED)
    assert [container["name"] for container in pod(recording)["containers"]] == ["nginx"]
    (config,) = recording.of_type("ConfigMap")
    assert "syslog" not in config.inputs["data"]["nginx.conf"]
    assert [r.name for r in site(docker, ROUTED).resources if "exporter" in r.name] == []


def test_on_kubernetes_the_counter_is_a_second_container_with_a_port_that_can_be_scraped() -> None:
    recording = site(kubernetes, ROUTED, ASKING)
    nginx, exporter = pod(recording)["containers"]
    assert exporter["ports"] == [{"name": "metrics", "containerPort": 3903, "protocol": "TCP"}]
    assert exporter["securityContext"] == {**nginx["securityContext"], "runAsUser": 65534, "runAsGroup": 65534}
    assert f"-logs=udp://{counting.LOOPBACK}" in exporter["command"]
    (config,) = recording.of_type("ConfigMap")
    assert f"access_log syslog:server={counting.LOOPBACK},nohostname counted;" in config.inputs["data"]["nginx.conf"]
    assert "/dev/stdout" in config.inputs["data"]["nginx.conf"], "people still read the log"
    assert counting.PROGRAM_FILE in config.inputs["data"]
    ports = [
        port["port"]
        for policy in recording.of_type("NetworkPolicy")
        for rule in policy.inputs["spec"]["ingress"]
        for port in rule["ports"]
    ]
    assert sorted(ports) == [3903, 8080]


def test_on_docker_the_counter_shares_a_folder_in_memory_with_nginx() -> None:
    recording = site(docker, ROUTED, ASKING)
    exporter = recording.one("Container", "web-exporter").inputs
    assert exporter["networksAdvanced"] == [{"name": "shop-dev-web", "aliases": ["web-exporter"]}]
    assert exporter["readOnly"] is True
    assert exporter["capabilities"] == {"drops": ["ALL"]}
    folder = recording.one("Volume", "web-counter").inputs
    assert folder["driverOpts"]["type"] == "tmpfs"
    both = [recording.one("Container", name).inputs["mounts"] for name in ("web-container", "web-exporter")]
    shared = [[m["target"] for m in mounts if m["source"] == "shop-dev-web-counter"] for mounts in both]
    assert shared == [[counting.SOCKET_FOLDER], [counting.SOCKET_FOLDER]]


@pytest.mark.parametrize("suffix", counting.SUFFIXES)
def test_no_other_instance_may_take_the_counters_names(suffix: str) -> None:
    assert f"web{suffix}" in facts.claims("web")
