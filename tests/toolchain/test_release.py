"""The official download, with archives made here."""

from __future__ import annotations

import hashlib
import io
import platform
import sys
import tarfile
from pathlib import Path

import pytest

from toolchain import release
from toolchain.engine import PROGRAMS
from toolchain.progress import UnavailableError

NAME = "pulumi-v3.259.0-linux-x64.tar.gz"


def archive(*programs: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for program in programs:
            member = tarfile.TarInfo(f"pulumi/{program}")
            member.size = len(program)
            tar.addfile(member, io.BytesIO(program.encode()))
    return packed.getvalue()


class Server:
    """Answers for both hosts; what it lacks is refused as by a closed network."""

    def __init__(self, **answers: bytes) -> None:
        self.answers = answers

    def __call__(self, url: str) -> io.BytesIO:
        host = "sums" if url.endswith("checksums.txt") else "archive"
        if host not in self.answers:
            msg = f"no route to {host}"
            raise OSError(msg)
        return io.BytesIO(self.answers[host])


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(sys, "platform", "linux")


def download(monkeypatch: pytest.MonkeyPatch, folder: Path, **answers: bytes) -> list[str]:
    monkeypatch.setattr(release, "_open", Server(**answers))
    release.download("3.259.0", PROGRAMS, folder)
    return sorted(path.name for path in folder.iterdir())


def sums(packed: bytes) -> bytes:
    return f"0000  pulumi-v3.259.0-linux-arm64.tar.gz\n{hashlib.sha256(packed).hexdigest()}  {NAME}\n".encode()


def test_the_programs_alone_are_unpacked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packed = archive(*PROGRAMS, "pulumi-language-go")
    assert download(monkeypatch, tmp_path, archive=packed, sums=sums(packed)) == sorted(PROGRAMS)
    assert (tmp_path / "pulumi").read_text(encoding="utf-8") == "pulumi"
    assert (tmp_path / "pulumi").stat().st_mode & 0o777 == 0o755


def test_a_wrong_checksum_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packed = archive(*PROGRAMS)
    with pytest.raises(UnavailableError, match="does not have the checksum that its release states"):
        download(monkeypatch, tmp_path, archive=packed, sums=sums(b"another"))
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_the_sums_do_not_name_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="checksum"):
        download(monkeypatch, tmp_path, archive=archive(*PROGRAMS), sums=b"0000  another.tar.gz\n")


def test_sums_out_of_reach_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert download(monkeypatch, tmp_path, archive=archive(*PROGRAMS)) == sorted(PROGRAMS)
    assert f"{NAME} is not checked against the release's checksums: no route to sums" in capsys.readouterr().err


@pytest.mark.parametrize("packed", [archive("pulumi"), b"no archive", b"", archive(*PROGRAMS)[:60]])
def test_a_broken_archive_is_unavailable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, packed: bytes) -> None:
    with pytest.raises(UnavailableError, match="the official download failed"):
        download(monkeypatch, tmp_path, archive=packed, sums=sums(packed))
    assert not (tmp_path / NAME).exists()


def test_a_closed_network_is_unavailable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="the official download failed: no route to archive"):
        download(monkeypatch, tmp_path)


def test_a_machine_without_releases_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(UnavailableError, match="no official release for linux on riscv64"):
        download(monkeypatch, tmp_path)
