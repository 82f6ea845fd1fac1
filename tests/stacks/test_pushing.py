"""Jobs that push: what they are told, who else is not, and that there is no push gateway where nobody pushes."""

from __future__ import annotations

from typing import Any

import pytest

from components.app_service.metrics import PUSH_VARIABLE
from tests.kit.recording import Recording, Resource
from tests.stacks import pushing, shipped

GATEWAY = "monitoring-pushgateway"


def gateway(recording: Recording) -> list[Resource]:
    return [resource for resource in recording.resources if GATEWAY in resource.name]


@pytest.mark.parametrize("stack", shipped.STACKS)
def test_there_is_a_push_gateway_only_where_somebody_pushes(stack: str) -> None:
    assert gateway(shipped.recorded(stack)) == []
    assert gateway(pushing.recorded(stack)) != []


def _told(pod: Any) -> dict[str, str | None]:
    return {variable["name"]: variable.get("value") for variable in pod["containers"][0]["env"]}


def test_jobs_and_migrations_are_told_the_address_and_replicas_are_not() -> None:
    recording = pushing.recorded("prod")
    url = f"http://{GATEWAY}.blocksight-prod-monitoring:9091"
    job = recording.one("CronJob", "api-job-prune").inputs["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    migrations = recording.one("Job", "api-migrations").inputs["spec"]["template"]["spec"]
    replica = recording.one("Deployment", "api-deployment").inputs["spec"]["template"]["spec"]
    assert _told(job)[PUSH_VARIABLE] == _told(migrations)[PUSH_VARIABLE] == url
    assert PUSH_VARIABLE not in _told(replica)


def test_the_address_is_the_gateway_s_own() -> None:
    recording = pushing.recorded("prod")
    service = recording.one("Service", f"{GATEWAY}-service").inputs
    assert (
        f"{service['metadata']['name']}.{service['metadata']['namespace']}" == f"{GATEWAY}.blocksight-prod-monitoring"
    )
    assert [port["port"] for port in service["spec"]["ports"]] == [9091]


def test_its_volume_goes_with_the_last_app_that_pushes() -> None:
    claim = pushing.recorded("prod").one("PersistentVolumeClaim", f"{GATEWAY}-data")
    assert not claim.protect
    assert not claim.retain_on_delete
    assert "slipway.dev/protected" not in claim.inputs["metadata"]["labels"]


def test_on_docker_the_app_reaches_it_on_a_network_where_nothing_else_is() -> None:
    recording = pushing.recorded("dev")
    there = {
        container.name: joined.get("aliases")
        for container in recording.of_type("Container")
        for joined in container.inputs.get("networksAdvanced") or ()
        if joined["name"] == f"blocksight-dev-{GATEWAY}"
    }
    assert there == {"api-container": None, "api-migrations": None, f"{GATEWAY}-container": [GATEWAY]}
    api = recording.one("Container", "api-container").inputs
    assert f"{PUSH_VARIABLE}=http://{GATEWAY}:9091" in api["envs"]
    assert "blocksight-dev-monitoring" not in {joined["name"] for joined in api["networksAdvanced"]}
    (network,) = [n for n in pushing.topology_of("dev").networks if n.name == GATEWAY]
    assert network.internal
