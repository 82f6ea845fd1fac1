"""Arrows go one way: vocabulary -> specs -> config -> topology -> components -> `__main__`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.sources import Import, file_of, imports, modules, reaches

READERS = ("config.py", "stack_file.py", "refusals.py")
PROOFS = ("topology.py", "proofs.py")
SDKS = ("pulumi_kubernetes", "pulumi_docker", "pulumi_random")


def _below(*tops: str) -> list[Path]:
    return [path for path in modules() if path.parts[0] in tops]


def _ours(path: Path) -> list[tuple[Import, Path]]:
    return [(found, ours) for found in imports(path) if (ours := file_of(found.name)) is not None]


def _bodies(room: str) -> list[Path]:
    return [path for path in _below("components") if path.name == room]


def _loads(path: Path, *packages: str) -> set[str]:
    """Names of foreign packages that the interpreter loads with a file."""
    return {name for name in reaches(path, packages=True) if name.split(".")[0] in packages}


def _reaches(path: Path, *packages: str) -> set[str]:
    """Names of foreign packages that a file's own imports lead to."""
    return {name for name in reaches(path) if name.split(".")[0] in packages}


def _files(path: Path) -> set[str]:
    return {name for name in reaches(path) if name.endswith(".py")}


def _is_body(name: str) -> bool:
    return name.endswith(("/component.py", "/kubernetes.py", "/docker.py"))


def test_there_is_something_to_look_at() -> None:
    for room in ("spec.py", "component.py", "kubernetes.py", "docker.py"):
        assert _bodies(room), room
    assert all(Path(name) in modules() for name in (*READERS, *PROOFS, "__main__.py"))


def test_the_vocabulary_stands_on_nothing() -> None:
    assert _ours(Path("components/vocabulary.py")) == []


@pytest.mark.parametrize("path", _bodies("spec.py"), ids=str)
def test_specs_are_pure(path: Path) -> None:
    assert _reaches(path, "pulumi", *SDKS) == set()
    assert {name for name in _files(path) if not name.startswith("components/") or _is_body(name)} == set()


@pytest.mark.parametrize("path", _below("components"), ids=str)
def test_components_know_nobody_further_down(path: Path) -> None:
    forbidden = {*READERS, *PROOFS, "__main__.py"}
    outside = {"rehearsal", "review", "toolchain", "tests"}
    assert [(i.line, i.name) for i, o in _ours(path) if str(o) in forbidden or o.parts[0] in outside] == []


@pytest.mark.parametrize("path", READERS)
def test_reading_knows_no_topology_and_no_body(path: str) -> None:
    assert {name for name in _files(Path(path)) if name in {*PROOFS, "__main__.py"} or _is_body(name)} == set()


@pytest.mark.parametrize("path", PROOFS)
def test_the_topology_knows_no_body(path: str) -> None:
    assert {name for name in _files(Path(path)) if name == "__main__.py" or _is_body(name)} == set()


@pytest.mark.parametrize("path", [*READERS, *PROOFS])
def test_nothing_before_the_components_needs_a_providers_sdk(path: str) -> None:
    assert _reaches(Path(path), *SDKS) == set()


@pytest.mark.parametrize("path", _below("rehearsal", "review"), ids=str)
def test_rehearsal_and_review_stand_outside(path: Path) -> None:
    friends = {"rehearsal", "review", "toolchain"}
    assert [(i.line, i.name) for i, o in _ours(path) if o.parts[0] not in friends] == []


@pytest.mark.parametrize("path", _below("toolchain"), ids=str)
def test_the_toolchain_stands_on_the_standard_library(path: Path) -> None:
    import sys  # noqa: PLC0415  # its list of modules is what this one test is about

    known = {*sys.stdlib_module_names, "toolchain"}
    assert [(i.line, i.name) for i in imports(path) if i.name.split(".")[0] not in known] == []


@pytest.mark.parametrize("path", modules(), ids=str)
def test_nobody_imports_the_program(path: Path) -> None:
    assert [(i.line, i.name) for i, o in _ours(path) if str(o) == "__main__.py"] == []


@pytest.mark.parametrize(("room", "other"), [("docker.py", "pulumi_kubernetes"), ("kubernetes.py", "pulumi_docker")])
def test_a_body_loads_the_sdk_of_its_target_alone(room: str, other: str) -> None:
    assert {str(path): _loads(path, other) for path in _bodies(room) if _loads(path, other)} == {}


def test_the_program_loads_no_targets_sdk_before_it_knows_its_target() -> None:
    assert _loads(Path("__main__.py"), "pulumi_kubernetes", "pulumi_docker") == set()
