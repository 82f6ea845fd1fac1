"""Arrows go one way: vocabulary -> specs -> config -> topology -> components -> `__main__`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.house.sources import Import, file_of, findings, imports, modules, reaches

READERS = ("config.py", "pattern_words.py", "reading.py", "schemas.py", "stack_file.py", "refusals.py")
PROOFS = (
    "docker_networks.py",
    "edges.py",
    "observed.py",
    "topology.py",
    *(
        f"proofs/{room}.py"
        for room in ("__init__", "apart", "capacity", "edge", "monitoring", "names", "references", "secrets", "support")
    ),
)
SDKS = ("pulumi_kubernetes", "pulumi_docker", "pulumi_random")


def _below(*tops: str) -> list[Path]:
    return [path for path in modules() if path.parts[0] in tops]


def _ours(path: Path) -> list[tuple[Import, Path]]:
    return [(found, ours) for found in imports(path) if (ours := file_of(found.name)) is not None]


def _bodies(room: str) -> list[Path]:
    return [path for path in _below("components") if path.name == room]


def _is_body(name: str) -> bool:
    return name.endswith(("/component.py", "/kubernetes.py", "/docker.py"))


def _foreign(path: Path, *packages: str, load: bool = False) -> list[str]:
    """Foreign names that a file's imports lead to; with `load`, those too that come with its packages."""
    return sorted(name for name in reaches(path, packages=load) if name.split(".")[0] in packages)


def _files(path: Path) -> list[str]:
    return sorted(name for name in reaches(path) if name.endswith(".py"))


def test_there_is_something_to_look_at() -> None:
    for room in ("spec.py", "component.py", "kubernetes.py", "docker.py"):
        assert _bodies(room), room
    assert all(Path(name) in modules() for name in (*READERS, *PROOFS, "__main__.py"))


def test_the_vocabulary_stands_on_the_lines_below_fields_alone() -> None:
    assert [ours for _, ours in _ours(Path("components/vocabulary.py"))] == [Path("components/docstrings.py")]
    assert _ours(Path("components/docstrings.py")) == []


def test_specs_are_pure() -> None:
    def strays(path: Path) -> list[str]:
        return [name for name in _files(path) if not name.startswith("components/") or _is_body(name)]

    assert findings(_bodies("spec.py"), strays) == {}
    assert findings(_bodies("spec.py"), lambda path: _foreign(path, "pulumi", *SDKS)) == {}


def test_components_know_nobody_further_down() -> None:
    forbidden = {*READERS, *PROOFS, "__main__.py"}
    outside = {"rehearsal", "review", "toolchain", "tests"}

    def strays(path: Path) -> list[str]:
        return [i.name for i, ours in _ours(path) if str(ours) in forbidden or ours.parts[0] in outside]

    assert findings(_below("components"), strays) == {}


def test_reading_knows_no_topology_and_no_body() -> None:
    def strays(path: Path) -> list[str]:
        return [name for name in _files(path) if name in {*PROOFS, "__main__.py"} or _is_body(name)]

    assert findings(map(Path, READERS), strays) == {}


def test_the_topology_knows_no_body() -> None:
    def strays(path: Path) -> list[str]:
        return [name for name in _files(path) if name == "__main__.py" or _is_body(name)]

    assert findings(map(Path, PROOFS), strays) == {}


def test_nothing_before_the_components_needs_a_providers_sdk() -> None:
    assert findings(map(Path, (*READERS, *PROOFS)), lambda path: _foreign(path, *SDKS)) == {}


def test_rehearsal_and_review_stand_outside() -> None:
    friends = {"rehearsal", "review", "toolchain"}

    def strays(path: Path) -> list[str]:
        return [i.name for i, ours in _ours(path) if ours.parts[0] not in friends]

    assert findings(_below("rehearsal", "review"), strays) == {}


def test_what_runs_before_the_environment_stands_on_the_standard_library() -> None:
    known = {*sys.stdlib_module_names, "toolchain"}

    def strays(path: Path) -> list[str]:
        return [name for name in reaches(path) if re.split(r"[./]", name)[0] not in known]

    assert findings([Path("toolchain/engine.py"), Path("toolchain/virtual_environment.py")], strays) == {}


def test_the_cluster_layer_knows_no_stack() -> None:
    """It shares words, reading and refusing with the stacks, and none of their components' bodies."""
    below = {
        "reading.py",
        "refusals.py",
        "schemas.py",
        "stack_file.py",
        "components/guards.py",
        "components/lines.py",
        "components/vocabulary.py",
    }
    below.add("components/environment/spec.py")  # ClusterSpec, whose block it prints

    def strays(path: Path) -> list[str]:
        return [i.name for i, ours in _ours(path) if ours.parts[0] != "cluster" and str(ours) not in below]

    assert findings(_below("cluster"), strays) == {}


def test_no_stack_knows_the_cluster_layer() -> None:
    """They meet in the block that a person pastes."""

    def strays(path: Path) -> list[str]:
        return [i.name for i, ours in _ours(path) if ours.parts[0] == "cluster"]

    code = [path for path in modules() if path.parts[0] not in ("cluster", "tests")]
    assert findings(code, strays) == {}


def test_a_cluster_is_refused_before_a_providers_sdk_is_loaded() -> None:
    readers = [Path("cluster", name) for name in ("config.py", "plan.py", "spec.py", "versions.py")]
    assert findings(readers, lambda path: _foreign(path, *SDKS)) == {}


def test_nobody_imports_the_program() -> None:
    def strays(path: Path) -> list[str]:
        programs = {"__main__.py", "cluster/__main__.py", "cluster/program.py"}
        return [i.name for i, ours in _ours(path) if str(ours) in programs]

    assert findings(modules(), strays) == {}


@pytest.mark.parametrize(("room", "other"), [("docker.py", "pulumi_kubernetes"), ("kubernetes.py", "pulumi_docker")])
def test_a_body_loads_the_sdk_of_its_target_alone(room: str, other: str) -> None:
    assert findings(_bodies(room), lambda path: _foreign(path, other, load=True)) == {}


def test_the_program_loads_no_targets_sdk_before_it_knows_its_target() -> None:
    assert _foreign(Path("__main__.py"), "pulumi_kubernetes", "pulumi_docker", load=True) == []
