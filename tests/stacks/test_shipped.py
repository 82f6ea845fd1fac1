"""What the shipped stack files create: reviewed as a whole in goldens, and held to intentions one by one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.generate import GOLDEN, identities
from tests.kit import stand_ins
from tests.kit.recording import Resource, Secret
from tests.stacks.shipped import SECRETS, STACKS, recorded, topology_of

KUBERNETES = ("staging", "prod")


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_creates_what_its_golden_shows(stack: str) -> None:
    golden = (GOLDEN / f"{stack}.yaml").read_text(encoding="utf-8")
    assert recorded(stack).as_yaml() == golden, "`make golden` writes it anew; read the diff before you commit it"


def test_identities_are_for_ever() -> None:
    committed = (GOLDEN / "identities.txt").read_text(encoding="utf-8")
    assert identities() == committed, (
        "a type, name, parent or physical name changed: that moves or replaces what runs. Give an alias, or write "
        "*replace* into CHANGELOG.md, then `make golden`"
    )


@pytest.mark.parametrize("stack", STACKS)
def test_no_secret_stands_in_plaintext(stack: str) -> None:
    told = recorded(stack).as_yaml()
    secrets = [*SECRETS.values(), *_passwords(stack)]
    assert len(secrets) > len(SECRETS)
    for secret in secrets:
        assert secret not in told


@pytest.mark.parametrize("stack", STACKS)
def test_every_component_registers_outputs_and_every_child_has_a_component(stack: str) -> None:
    recording = recorded(stack)
    components = [r for r in recording.resources if not r.custom]
    assert components
    assert [c.name for c in components if c.outputs is None] == []
    assert [r.label for r in recording.resources if r.custom and r.parent is None] == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_child_has_an_explicit_provider(stack: str) -> None:
    bare = [
        r.label
        for r in recorded(stack).resources
        if r.type.startswith(("kubernetes:", "docker:")) and r.provider is None
    ]
    assert bare == []


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_protected_is_also_retained(stack: str) -> None:
    uneven = [r.label for r in recorded(stack).resources if r.protect != r.retain_on_delete]
    assert uneven == []


@pytest.mark.parametrize("stack", STACKS)
def test_whatever_holds_data_or_credentials_is_protected(stack: str) -> None:
    loose = [r.label for r in recorded(stack).resources if _precious(r) and not r.protect]
    assert loose == []
    assert any(_precious(r) for r in recorded(stack).resources)


@pytest.mark.parametrize("stack", KUBERNETES)
def test_kubernetes_stacks_hold_the_peak_they_promise(stack: str) -> None:
    hard = recorded(stack).one("ResourceQuota", "environment-quota").inputs["spec"]["hard"]
    assert int(hard["pods"]) >= topology_of(stack).peak.pods > 0


def pods(stack: str) -> list[Any]:
    """The pod of every workload of a stack."""
    kinds = {kind: recorded(stack).of_type(kind) for kind in ("Deployment", "StatefulSet", "Job")}
    assert all(kinds.values())
    return [w.inputs["spec"]["template"]["spec"] for workloads in kinds.values() for w in workloads]


@pytest.mark.parametrize("stack", KUBERNETES)
def test_every_pod_obeys_pod_security_restricted(stack: str) -> None:
    for pod in pods(stack):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["resources"]["requests"]["memory"] == container["resources"]["limits"]["memory"]


def test_an_autoscaled_app_does_not_write_replicas() -> None:
    assert "replicas" not in recorded("prod").one("Deployment", "api-deployment").inputs["spec"]
    assert recorded("staging").one("Deployment", "api-deployment").inputs["spec"]["replicas"] == 2


def test_the_grace_period_covers_pre_stop_and_drain() -> None:
    pod = recorded("prod").one("Deployment", "api-deployment").inputs["spec"]["template"]["spec"]
    pause = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] > pause


def test_an_app_starts_after_its_database_and_role() -> None:
    recording = recorded("prod")
    role = recording.one("DatabaseRole", "main-api-role")
    assert role.urn in recording.one("Deployment", "api-deployment").dependencies


def test_apps_on_kubernetes_do_not_wait_for_each_other() -> None:
    recording = recorded("prod")
    names = {r.urn: r.name for r in recording.resources}
    waited = {names[d] for d in recording.one("Deployment", "web-deployment").dependencies}
    assert "api-deployment" not in waited
    assert "api-service" in waited, "nginx looks up the name of what it proxies to when it starts"


def test_apps_on_docker_start_after_what_they_connect_to() -> None:
    recording = recorded("dev")
    assert recording.one("Container", "api-container").urn in recording.one("Container", "web-container").dependencies
    assert recording.one("Container", "main-setup").urn in recording.one("Container", "api-container").dependencies


def test_on_docker_a_container_is_only_on_the_networks_of_its_connections() -> None:
    recording = recorded("dev")

    def networks(container: str) -> set[str]:
        joined = recording.one("Container", container).inputs["networksAdvanced"]
        return {network["name"] for network in joined}

    names = ("main", "cache", "sessions", "electrs", "bitcoind")
    producers = {f"blocksight-dev-{name}" for name in names}
    assert networks("web-container") == {"blocksight-dev-api", "blocksight-dev-web", "blocksight-dev-web-egress"}
    edge = {"blocksight-dev-edge", "blocksight-dev-edge-egress"}
    assert networks("edge-container") == {"blocksight-dev-api", *edge, "blocksight-dev-web"}
    assert networks("api-migrations") == producers
    assert networks("api-container") == {"blocksight-dev-api", "blocksight-dev-api-egress", *producers}
    assert networks("cache-server") == {"blocksight-dev-cache"}
    assert networks("main-server") == {"blocksight-dev-main", "blocksight-dev-main-egress"}
    assert recording.one("Network", "environment-network-main").inputs["internal"] is True


def test_on_docker_ports_are_published_on_this_machine_alone() -> None:
    published = [p for r in recorded("dev").of_type("Container") for p in r.inputs.get("ports") or ()]
    assert published
    assert {p["ip"] for p in published} == {"127.0.0.1"}


def test_on_docker_no_variable_holds_a_secret_that_was_not_asked_for() -> None:
    for container in recorded("dev").of_type("Container"):
        assert not any(isinstance(variable, Secret) for variable in container.inputs.get("envs") or ())


def _precious(resource: Resource) -> bool:
    kind = resource.type.split(":")[-1]
    data_volume = kind == "Volume" and resource.name.endswith("-data")
    return data_volume or kind in {
        "PersistentVolumeClaim",
        "Namespace",
        "Cluster",
        "Database",
        "DatabaseRole",
        "RandomPassword",
    }


def _passwords(stack: str) -> list[str]:
    generated = recorded(stack).of_type("RandomPassword")
    return [stand_ins.outputs(p.type, p.name, p.inputs)["result"] for p in generated]
