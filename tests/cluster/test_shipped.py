"""What the shipped clusters get: the whole in a golden, and intentions one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

import config
from cluster.versions import INSTALLED, NODE_AGENTS
from components.app_service.spec import KubernetesSpec as AppKubernetesSpec
from components.environment.spec import ClusterSpec
from components.guards import PROTECTED
from components.postgres_cluster.spec import PostgresKubernetesSpec
from components.redis_cache.spec import RedisKubernetesSpec
from stack_file import StackFile
from tests.cluster.shipped import ROOT, STACKS, recorded
from tests.generate import CLUSTER_IDENTITIES, GOLDEN, cluster_identities
from tests.stacks import shipped as stacks
from tests.stacks.refusals.case import as_the_engine_reads

DEFINITION = "CustomResourceDefinition"


def test_identities_are_for_ever() -> None:
    committed = (GOLDEN / CLUSTER_IDENTITIES).read_text(encoding="utf-8")
    assert cluster_identities() == committed, "a type, name or parent changed; `make golden` once that is meant"


@pytest.mark.parametrize("stack", STACKS)
def test_the_printed_block_is_what_stack_files_take(stack: str) -> None:
    """The engine prints it as JSON, which YAML can hold; reading it back must give a valid `cluster:`."""
    block = recorded(stack).exports["cluster"]
    spec = ClusterSpec.model_validate(yaml.safe_load(yaml.safe_dump(block)))
    assert spec.operators["cloudnative_pg"].version == INSTALLED["cloudnative_pg"].minor
    assert spec.gateway is not None


@pytest.mark.parametrize("stack", STACKS)
def test_the_block_of_the_shipped_stack_agrees_with_what_is_printed(stack: str) -> None:
    """A stack may leave out what it does not use; what it says is what is there."""
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]
    pasted = config["blocksight:environment"]["target"]["cluster"]
    printed = recorded(stack).exports["cluster"]
    operators = pasted.pop("operators")
    assert operators.items() <= printed["operators"].items()
    assert pasted.items() <= printed.items()


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_file_with_the_whole_printed_block_is_accepted(stack: str) -> None:
    """By the stacks' own reader: nothing in the block is unknown there, and it comes back as it was printed."""
    values = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]
    printed = json.loads(json.dumps(recorded(stack).exports["cluster"]))
    values["blocksight:environment"]["target"]["cluster"] = printed
    text = yaml.safe_dump({"config": values}, sort_keys=False)
    file = StackFile(f"Pulumi.{stack}.yaml", text, "blocksight")
    draft = config.parse("blocksight", stack, file, as_the_engine_reads(text))
    assert [each for each in draft.problems if each.path[:1] == ("environment",)] == []
    target = draft.config.environment.target
    assert target.kind == "kubernetes"
    assert target.cluster.model_dump(mode="json", by_alias=True, exclude_defaults=True) == printed
    assert target.cluster.agents is not None
    assert target.cluster.agents.namespace == NODE_AGENTS


@pytest.mark.parametrize("stack", STACKS)
def test_logs_go_to_the_store_that_the_shipped_stack_runs(stack: str) -> None:
    values = recorded(stack).one("Release", "operators-log-collector").inputs["values"]
    (output,) = values["config"]["pipeline"]["outputs"]
    services = {
        f"{each.inputs['metadata']['name']}.{each.inputs['metadata']['namespace']}": each.inputs["spec"]["ports"]
        for each in stacks.recorded(stack).of_type("Service")
    }
    assert output["port"] in [port["port"] for port in services[output["host"]]]


def test_classes_of_priority_that_stacks_may_name_are_made() -> None:
    """Those of the shipped stacks, and those that the schema gives as examples."""
    made = {r.inputs["metadata"]["name"] for r in recorded("prod").of_type("PriorityClass")}
    assert made == {"batch", "data", "serving"}
    told = (
        AppKubernetesSpec.model_fields["priority_class"].examples or [],
        PostgresKubernetesSpec.model_fields["priority_class"].examples or [],
        RedisKubernetesSpec.model_fields["priority_class"].examples or [],
    )
    named = {word for examples in told for word in examples}
    named |= {word for stack in STACKS for word in _priority_classes(yaml.safe_load(_stack_file(stack)))}
    assert named
    assert named <= made


def _stack_file(stack: str) -> str:
    return (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")


def _priority_classes(node: Any) -> Iterator[str]:
    match node:
        case dict():
            yield from ([node["priority_class"]] if "priority_class" in node else [])
            for value in node.values():
                yield from _priority_classes(value)
        case list():
            for value in node:
                yield from _priority_classes(value)
        case _:
            return


@pytest.mark.parametrize("stack", STACKS)
def test_what_must_not_be_lost_is_protected_retained_and_labelled(stack: str) -> None:
    resources = recorded(stack).resources
    assert [r.label for r in resources if r.protect != r.retain_on_delete] == []
    for kind in (DEFINITION, "Namespace"):
        found = recorded(stack).of_type(kind)
        assert found
        assert [r.label for r in found if not r.protect] == []
        assert [r.label for r in found if not PROTECTED.items() <= r.inputs["metadata"]["labels"].items()] == []
    for kind in ("StorageClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
        assert all(r.protect for r in recorded(stack).of_type(kind))


@pytest.mark.parametrize("stack", STACKS)
def test_every_component_registers_outputs_and_every_child_has_an_explicit_provider(stack: str) -> None:
    resources = recorded(stack).resources
    assert [r.name for r in resources if not r.custom and r.outputs is None] == []
    assert [r.label for r in resources if r.custom and r.parent is None] == []
    assert [r.label for r in resources if r.type.startswith("kubernetes:") and r.provider is None] == []


@pytest.mark.parametrize("stack", STACKS)
def test_no_chart_brings_definitions(stack: str) -> None:
    releases = {r.inputs["name"]: r.inputs for r in recorded(stack).of_type("Release")}
    assert releases
    for name, inputs in releases.items():
        assert inputs["skipCrds"] is True, name
        chart = INSTALLED[name.replace("-", "_")].chart
        assert chart is not None
        values = inputs.get("values", {})
        switches = [path for path in chart.own_definitions if _at(values, tuple(path.split("."))) is not None]
        assert [_at(values, tuple(path.split("."))) for path in switches] == [False] * len(switches)
        assert not chart.own_definitions or switches, f"{name}: nothing switches its own definitions off"


@pytest.mark.parametrize("stack", STACKS)
def test_volumes_outlive_their_claims(stack: str) -> None:
    for storage in recorded(stack).of_type("StorageClass"):
        assert storage.inputs["reclaimPolicy"] == "Retain"
        assert storage.inputs["allowVolumeExpansion"] is True


def test_an_operator_comes_after_its_definitions_and_what_it_needs() -> None:
    recording = recorded("prod")
    names = {r.urn: r.name for r in recording.resources}

    def before(release: str) -> set[str]:
        return {names[urn] for urn in recording.one("Release", f"operators-{release}").dependencies}

    assert {"operators-cert-manager", "operators-cloudnative-pg", "operators-namespace-cnpg-system"} <= before(
        "barman-cloud"
    )
    assert "definitions-customresourcedefinition-gateways.gateway.networking.k8s.io" in before("cert-manager")
    assert "definitions-customresourcedefinition-clusters.postgresql.cnpg.io" in before("cloudnative-pg")
    gateway = {names[urn] for urn in recording.one("GatewayClass", "operators-gateway-class").dependencies}
    assert "operators-envoy-gateway" in gateway


def test_cert_manager_looks_at_gateways() -> None:
    values = recorded("prod").one("Release", "operators-cert-manager").inputs["values"]
    assert values["config"]["gatewayAPI"]["enabled"] is True


def test_only_node_agents_may_be_privileged() -> None:
    levels = {
        r.inputs["metadata"]["name"]: r.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        for r in recorded("prod").of_type("Namespace")
    }
    assert [name for name, level in levels.items() if level == "privileged"] == ["node-agents"]


def _at(values: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        values = values.get(part) if isinstance(values, dict) else None
    return values
