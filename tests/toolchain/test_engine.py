"""Where the engine is taken from, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchain import engine, golang, release
from toolchain.progress import UnavailableError


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without engine, network and Go, whose cache is empty."""

    def no_network(*_: object) -> None:
        msg = "the official download failed: no network"
        raise UnavailableError(msg)

    def no_go(*_: object, **__: object) -> None:
        msg = "Go is not installed"
        raise UnavailableError(msg)

    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SLIPWAY_ENGINE", raising=False)
    monkeypatch.setattr(release, "download", no_network)
    monkeypatch.setattr(golang, "build", no_go)


def programs(folder: Path, *names: str, version: str = "v3.272.0") -> Path:
    """A folder with programs that tell a version."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or engine.PROGRAMS:
        (folder / name).write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


def test_a_given_engine_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SLIPWAY_ENGINE", str(programs(tmp_path / "mine")))
    programs(tmp_path / "bin")
    assert engine.ensure() == tmp_path / "mine"


def test_a_given_engine_that_lacks_a_program_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SLIPWAY_ENGINE", str(programs(tmp_path / "mine", "pulumi", "pulumi-language-python")))
    programs(tmp_path / "bin")
    with pytest.raises(UnavailableError, match=r"SLIPWAY_ENGINE=.*/mine lacks pulumi-language-python-exec; it must"):
        engine.ensure()


def test_the_engine_on_path_is_taken(tmp_path: Path) -> None:
    programs(tmp_path / "bin")
    assert engine.ensure() == tmp_path / "bin"


def test_a_link_on_path_leads_to_the_engine(tmp_path: Path) -> None:
    real = programs(tmp_path / "opt")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pulumi").symlink_to(real / "pulumi")
    assert engine.ensure() == real


def test_programs_in_several_folders_of_path_are_brought_together(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cli = programs(tmp_path / "cli", "pulumi")
    host = programs(tmp_path / "host", "pulumi-language-python", "pulumi-language-python-exec")
    monkeypatch.setenv("PATH", f"{cli}:{host}")
    folder = engine.ensure()
    assert {path.name: path.resolve().parent for path in folder.iterdir()} == {
        "pulumi": cli,
        "pulumi-language-python": host,
        "pulumi-language-python-exec": host,
    }
    assert engine.ensure() == folder


@pytest.mark.parametrize("version", ["v3.258.9", "v2.300.0", "not a version"])
def test_an_old_engine_on_path_is_passed_over(tmp_path: Path, version: str) -> None:
    programs(tmp_path / "bin", version=version)
    with pytest.raises(UnavailableError, match="There is no Pulumi engine"):
        engine.ensure()


def test_a_cli_without_its_language_host_is_passed_over(tmp_path: Path) -> None:
    programs(tmp_path / "bin", "pulumi")
    with pytest.raises(UnavailableError, match="There is no Pulumi engine"):
        engine.ensure()


def test_what_can_be_had_nowhere_is_told_with_reasons_and_remedies(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError) as caught:
        engine.ensure()
    for text in ("- the official download failed", "- Go is not installed", "SLIPWAY_ENGINE=", "install Pulumi"):
        assert text in str(caught.value)
    assert [path.name for path in (tmp_path / "cache/slipway").iterdir() if path.is_dir()] == []


def test_a_download_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[str] = []

    def download(version: str, names: tuple[str, ...], folder: Path) -> None:
        calls.append(version)
        programs(folder, *names, version=f"v{version}")

    monkeypatch.setattr(release, "download", download)
    folder = engine.ensure()
    assert folder.parent == tmp_path / "cache/slipway"
    assert engine.ensure() == folder
    assert calls == [engine.VERSION]


def test_a_download_that_does_not_run_is_thrown_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "download", lambda _version, names, folder: programs(folder, *names, version="no"))
    with pytest.raises(UnavailableError, match="the programs do not run here"):
        engine.ensure()


def test_other_pins_are_another_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    before = engine._pins()
    monkeypatch.setattr(engine, "VERSION", "3.260.0")
    assert engine._pins() != before


def test_the_modules_pin_the_version() -> None:
    wanted = f"github.com/pulumi/pulumi/pkg/v3 v{engine.VERSION}"
    assert wanted in (engine.CLI / "go.mod").read_text(encoding="utf-8")
    assert f"github.com/pulumi/pulumi/sdk/v3 v{engine.VERSION}" in (engine.CLI / "go.mod").read_text(encoding="utf-8")
    assert tuple(map(int, engine.VERSION.split(".")[:2])) >= engine.OLDEST
