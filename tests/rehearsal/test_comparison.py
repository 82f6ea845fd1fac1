"""A base that pins other packages: it runs with its own, the working tree with ours, and nothing of the caller's is in reach."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from rehearsal import comparison
from review.cli import main
from tests.rehearsal.conftest import Folder
from tests.rehearsal.test_cli import git
from toolchain.progress import UnavailableError

PROGRAM = """
import sys
pulumi.export("prefix", sys.prefix)
"""


class Installer:
    """Makes the environment, and links what is installed here into it, as a test reaches no registry."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.installed: list[str] = []
        self.seen: set[str] = set()
        self.refuses = ""

    def place(self, name: str, make: Callable[[Path], None]) -> Path:
        made = self.folder / name
        if not made.exists():
            made.mkdir(parents=True)
            make(made)
        return made

    def run(self, command: Sequence[str | Path], what: str, *, cwd: Path, env: Mapping[str, str]) -> None:
        self.seen |= set(env)
        if "--requirement" not in command:
            subprocess.run(command, cwd=cwd, env=env, check=True)
            return
        if self.refuses:
            raise UnavailableError(f"{what} failed: {self.refuses}")  # noqa: EM102  # as the real one words it
        self.installed.append(Path(command[command.index("--requirement") + 1]).read_text(encoding="utf-8"))
        (theirs,) = self.folder.glob("*/lib/python3.*/site-packages")
        theirs.rmdir()
        (ours,) = Path(sys.prefix).glob("lib/python3.*/site-packages")
        theirs.symlink_to(ours)


@pytest.fixture
def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installer:
    made = Installer(tmp_path / "cache")
    monkeypatch.setattr(comparison, "store", SimpleNamespace(place=made.place))
    monkeypatch.setattr(comparison, "run", made.run)
    return made


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    """A repository whose base pins something else than the working tree."""
    folder = Folder(tmp_path / "repository")
    folder.program(PROGRAM)
    (folder.path / "requirements.txt").write_text("pulumi==1\n", encoding="utf-8")
    git(folder.path, "init", "--quiet", "--initial-branch=main")
    git(folder.path, "add", ".")
    git(folder.path, "commit", "--quiet", "--message=one")
    (folder.path / "requirements.txt").write_text("pulumi==2\n", encoding="utf-8")
    return folder


def test_each_side_runs_with_its_own_packages(
    project: Folder, installer: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the caller")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "of the caller")
    monkeypatch.setenv("PIP_INDEX_URL", "https://packages.example.com/simple")
    for _ in range(2):  # made once
        with comparison.compared(project.path, "dev", "main", lambda _: None) as both:
            assert _prefix(both.before).startswith(str(installer.folder))
            assert both.session.up("--color=never").exit_code == 0
            assert _prefix(both.session.export()) == sys.prefix
            assert both.notes == ("the base pins other packages (requirements.txt) and ran with its own",)
    assert installer.installed == ["pulumi==1\n"]
    assert {"PATH", "PIP_INDEX_URL"} <= installer.seen
    assert not {"AWS_SECRET_ACCESS_KEY", "PULUMI_ACCESS_TOKEN"} & installer.seen


def test_one_that_pins_the_same_runs_with_ours(project: Folder, installer: Installer) -> None:
    (project.path / "requirements.txt").write_text("pulumi==1\n", encoding="utf-8")
    with comparison.compared(project.path, "dev", "main", lambda _: None) as both:
        assert _prefix(both.before) == sys.prefix
        assert both.notes == ()
    assert installer.seen == set()


def test_the_report_says_so(project: Folder, installer: Installer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "--project", str(project.path), "--base", "main"]) == 0
    told = capsys.readouterr().out
    assert "- the base pins other packages (requirements.txt) and ran with its own" in told
    assert "- in the state alone: Stack flat-dev gives other outputs: prefix" in told
    assert installer.installed


def test_packages_that_can_t_be_had_are_no_verdict(
    project: Folder, installer: Installer, capsys: pytest.CaptureFixture[str]
) -> None:
    installer.refuses = "no matching distribution found for pulumi==1"
    assert main(["diff", "--project", str(project.path), "--base", "main"]) == 30
    told = capsys.readouterr()
    assert "CANNOT JUDGE: installing the base's requirements failed: no matching distribution" in told.err
    assert told.out == ""


def _prefix(export: Mapping[str, object]) -> str:
    match export:
        case {"deployment": {"resources": [{"outputs": {"prefix": str(prefix)}}, *_]}}:
            return prefix
        case _:
            raise AssertionError(export)
