"""Docker: an exporter comes with the edge of the monitoring, and with no other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_docker as docker
import pytest

from components import RedisCache
from components.connections import MONITORING, Edge, Instance
from components.redis_cache.exporter import passwords_file
from components.redis_cache.facts import EXPORTER_PORT, PORT
from components.redis_cache.spec import StandaloneSpec
from components.targets import DockerTarget
from tests.kit.recording import Recording, record

SPEC = StandaloneSpec(mode="standalone", purpose="cache", memory="256Mi")


def rendered(by: str, port: int) -> Recording:
    """One cache whose port is asked."""
    edge = Edge(
        consumer=Instance(name=by, labels={}), producer=Instance(name="cache", labels={}), port=port, why="test"
    )

    def program() -> None:
        target = DockerTarget(
            provider=docker.Provider("docker", host="unix:///run/docker.sock"),
            prefix="shop-dev",
            networks={"cache": pulumi.Output.from_input("shop-dev-cache")},
            toolbox=pulumi.Output.from_input("sha256:1"),
            tools=pulumi.Output.from_input("shop-dev-environment-tools"),
        )
        RedisCache("cache", SPEC, target=target, edges={"cache": ([edge], ())})

    return record(program, stack="dev")


def containers(recording: Recording) -> set[str]:
    return {each.name for each in recording.of_type("Container")}


def test_with_the_monitorings_edge_there_is_an_exporter_beside_the_server() -> None:
    exporter = rendered(MONITORING, EXPORTER_PORT).one("Container", "cache-exporter")
    given: Mapping[str, Any] = exporter.inputs
    assert given["networksAdvanced"] == [{"name": "shop-dev-cache", "aliases": ["cache-exporter"]}]
    assert (given["readOnly"], given["capabilities"], given["user"]) == (True, {"drops": ["ALL"]}, "59000:59000")
    assert not any("password" in each.lower() and "_FILE=" not in each for each in given["envs"])


@pytest.mark.parametrize(("by", "port"), [("api", PORT), ("api", EXPORTER_PORT), (MONITORING, PORT)])
def test_without_it_there_is_none(by: str, port: int) -> None:
    assert containers(rendered(by, port)) == {"cache-files", "cache-server"}


def test_the_password_is_found_by_the_address() -> None:
    assert json.loads(passwords_file("cache", "abc")) == {"redis://exporter@cache:6379": "abc"}
