"""A server on Docker that the monitoring asks for series, as the component renders it."""

from __future__ import annotations

import functools
from typing import Any

import pulumi
import pulumi_docker as docker

from components import PostgresCluster
from components.connections import MONITORING, Consumer, Edge, Instance
from components.postgres_cluster.spec import PostgresClusterSpec
from components.targets import DockerTarget
from tests.kit.recording import Recording, record

API = Consumer(app="api", database="api", deletion_protection=True)
SPEC = PostgresClusterSpec.model_validate(
    {"major": 18, "pooler": {}, "databases": {"api": {"extensions": ["pg_trgm"]}}, "docker": {"archive": True}}
)


@functools.cache
def watched(*ports: int, by: str = MONITORING) -> Recording:
    """What is registered when so many of the server's ports are asked."""
    server = Instance(name="main", labels={})
    asked = [Edge(consumer=Instance(name=by, labels={}), producer=server, port=port, why="scrape") for port in ports]

    def program() -> None:
        target = DockerTarget(
            provider=docker.Provider("docker", host="unix:///run/docker.sock"),
            prefix="shop-dev",
            networks={"main": pulumi.Output.from_input("shop-dev-main")},
            toolbox=pulumi.Output.from_input("sha256:1"),
            tools=pulumi.Output.from_input("shop-dev-environment-tools"),
        )
        PostgresCluster("main", SPEC, target=target, consumers=[API], edges=(asked, ()))

    return record(program, stack="dev")


def written(recording: Recording, writer: str) -> dict[str, str]:
    """Files that a one-shot container is given, by path."""
    uploads: Any = recording.one("Container", writer).inputs["uploads"]
    given: list[dict[str, Any]] = [_revealed(upload) for upload in _revealed(uploads)]
    return {upload["file"]: _revealed(upload["content"]) for upload in given}


def _revealed(value: Any) -> Any:
    return value.reveal() if hasattr(value, "reveal") else value
