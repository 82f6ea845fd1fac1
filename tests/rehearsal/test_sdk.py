"""What is read from the sources of the SDK packages, against the classes themselves."""

from __future__ import annotations

import inspect
from pathlib import Path

import pulumi_docker
import pulumi_random
import pytest

from rehearsal.providers import computed, docker, kubernetes_objects, randoms, replacements
from rehearsal.providers.sdk import installed

PACKAGES = installed(Path(pulumi_docker.__file__).parents[1])


def test_the_packages_are_found_with_their_versions() -> None:
    assert {"docker", "kubernetes", "random"} <= set(PACKAGES)
    assert PACKAGES["docker"].version == "5.2.0"


@pytest.mark.parametrize(("name", "module"), [("docker", pulumi_docker), ("random", pulumi_random)])
def test_declared_outputs_are_the_properties_of_the_class(name: str, module: object) -> None:
    package = PACKAGES[name]
    for token, (_, class_name) in package.classes.items():
        properties = {n for n, _ in inspect.getmembers(getattr(module, class_name), lambda m: isinstance(m, property))}
        declared = {o.name for o in package.outputs(token)}
        assert declared == properties - {"urn", "id", "pulumi_resource_name", "pulumi_resource_type"}, token


def test_computed_outputs_of_a_container() -> None:
    outputs = {o.wire: o for o in PACKAGES["docker"].outputs("docker:index/container:Container")}
    assert {w for w, o in outputs.items() if o.only_output} == {"bridge", "containerLogs", "exitCode", "networkDatas"}
    assert outputs["hostname"].computed
    assert not outputs["user"].computed
    assert outputs["image"].required
    assert not outputs["name"].required


def test_every_kind_of_kubernetes_can_be_read() -> None:
    package = PACKAGES["kubernetes"]
    token = "kubernetes:networking.k8s.io/v1:Ingress"
    assert [o.name for o in package.outputs(token) if o.only_output] == ["status"]
    assert package.outputs("kubernetes:postgresql.cnpg.io/v1:Cluster") == ()


def test_tables_name_what_exists() -> None:
    """A row about a kind or property that the SDK doesn't have is a typing error; a kind without a row is one too."""
    for name, table in (("docker", replacements.DOCKER), ("random", replacements.RANDOM)):
        assert set(table) == {token.rpartition(":")[2] for token in PACKAGES[name].classes}
    for kind, row in replacements.DOCKER.items():
        (token,) = (t for t in PACKAGES["docker"].classes if t.endswith(f":{kind}"))
        known = {o.wire for o in PACKAGES["docker"].outputs(token)}
        assert {path.partition(".")[0] for path in row.paths} <= known, kind
    for name, sources in (("docker", docker.SOURCES), ("random", randoms.SOURCES)):
        for kind, outputs in sources.items():
            (token,) = (t for t in PACKAGES[name].classes if t.endswith(f":{kind}"))
            assert set(outputs) <= {o.wire for o in PACKAGES[name].outputs(token) if o.computed}, kind
    kinds = {*replacements.KUBERNETES, *replacements.IMMUTABLE, *kubernetes_objects.STATUS_KINDS}
    assert {f"kubernetes:{kind}" for kind in kinds} <= set(PACKAGES["kubernetes"].classes)


def test_every_row_has_a_source() -> None:
    tables = (replacements.KUBERNETES, replacements.IMMUTABLE, replacements.DOCKER, replacements.RANDOM)
    assert all(row.source for table in tables for row in table.values())
    assert all(source for sources in docker.SOURCES.values() for source in sources.values())


def test_47_inputs_of_a_container_replace_it() -> None:
    assert len(replacements.DOCKER["Container"].paths) == 47


def test_outputs_without_a_source() -> None:
    silent = computed.silent(PACKAGES)
    assert "bridge" in silent["docker:index/container:Container"]
    assert "exit_code" not in silent["docker:index/container:Container"]
    assert silent["docker:index/network:Network"] == []
    assert silent["docker:index/volume:Volume"] == []
    assert silent["random:index/randomPassword:RandomPassword"] == ["bcrypt_hash"]
    assert silent["kubernetes:*"] == ["status"]
