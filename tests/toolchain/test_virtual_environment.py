"""`.venv`: when it is made, mended or left alone. Nothing is installed here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from toolchain import virtual_environment
from toolchain.progress import UnavailableError

Commands = list[list[str]]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Commands:
    """A project with requirements files and no `.venv`; what would be run is noted."""
    noted: Commands = []

    def note(command: list[str | Path], _what: str) -> None:
        noted.append([str(word) for word in command])
        if "venv" in noted[-1] or "virtualenv" in noted[-1]:
            python = virtual_environment.PYTHON
            python.parent.mkdir(parents=True)
            python.touch()
            if "--without-pip" not in noted[-1]:
                (tmp_path / ".venv/lib/python3.11/site-packages/pip").mkdir(parents=True)

    for name in virtual_environment.REQUIREMENTS:
        (tmp_path / name).write_text("a==1\n", encoding="utf-8")
    monkeypatch.setattr(virtual_environment, "PROJECT", tmp_path)
    monkeypatch.setattr(virtual_environment, "FOLDER", tmp_path / ".venv")
    monkeypatch.setattr(virtual_environment, "PYTHON", tmp_path / ".venv/bin/python")
    monkeypatch.setattr(virtual_environment, "STAMP", tmp_path / ".venv/requirements.sha256")
    monkeypatch.setattr(virtual_environment, "_run", note)
    return noted


def only(monkeypatch: pytest.MonkeyPatch, *modules: str, uv: bool = False) -> None:
    """A Python that has these modules alone."""
    monkeypatch.setattr(virtual_environment, "_has", lambda module: module in modules)
    monkeypatch.setattr("shutil.which", lambda _name: "/usr/bin/uv" if uv else None)


def test_it_is_made_once(commands: Commands) -> None:
    virtual_environment.ensure()
    assert [command[1:3] for command in commands] == [["-m", "venv"], ["-m", "pip"]]
    virtual_environment.ensure()
    assert len(commands) == 2


@pytest.mark.parametrize("name", virtual_environment.REQUIREMENTS)
def test_changed_requirements_are_installed(commands: Commands, tmp_path: Path, name: str) -> None:
    virtual_environment.ensure()
    (tmp_path / name).write_text("a==2\n", encoding="utf-8")
    virtual_environment.ensure()
    assert [command[1:3] for command in commands] == [["-m", "venv"], ["-m", "pip"], ["-m", "pip"]]


def test_one_whose_python_went_away_is_made_anew(commands: Commands, tmp_path: Path) -> None:
    virtual_environment.ensure()
    (tmp_path / ".venv/bin/python").unlink()
    virtual_environment.ensure()
    assert [command[1:3] for command in commands] == [["-m", "venv"], ["-m", "pip"]] * 2


def test_a_failed_installation_is_tried_again(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    note: Callable[[list[str | Path], str], None] = virtual_environment._run

    def fail(command: list[str | Path], what: str) -> None:
        note(command, what)
        if "install" in command:
            raise UnavailableError(what)

    monkeypatch.setattr(virtual_environment, "_run", fail)
    for _ in range(2):
        with pytest.raises(UnavailableError):
            virtual_environment.ensure()
    assert [command[1:3] for command in commands] == [["-m", "venv"], ["-m", "pip"], ["-m", "pip"]]


@pytest.mark.parametrize(
    ("modules", "uv", "maker", "installer"),
    [
        (("virtualenv", "pip"), False, "-m virtualenv --quiet", "-m pip install"),
        (("pip",), False, "-m venv --without-pip", "-m pip --python"),
        ((), True, "-m venv --without-pip", "uv pip install --python"),
    ],
)
def test_a_python_without_ensurepip_has_other_ways(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, modules: tuple[str, ...], uv: bool, maker: str, installer: str
) -> None:
    only(monkeypatch, *modules, uv=uv)
    virtual_environment.ensure()
    assert maker in " ".join(commands[0])
    assert installer in " ".join(commands[1])


def test_a_python_that_can_make_none_is_told_what_to_install(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch)
    with pytest.raises(UnavailableError, match="apt-get install python3-venv"):
        virtual_environment.ensure()
    assert commands == []
