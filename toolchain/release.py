"""Pulumi's own release archives: the quick way to an engine where the internet is open."""

from __future__ import annotations

import hashlib
import platform
import shutil
import sys
import tarfile
import time
import urllib.request
from collections.abc import Iterable
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from toolchain.progress import EVERY, UnavailableError, say

ARCHIVES = "https://get.pulumi.com/releases/sdk"
SUMS = "https://github.com/pulumi/pulumi/releases/download"
"""On another host than the archives, so that one of them alone cannot pass off another archive."""

TIMEOUT = 10.0
"""Seconds without an answer: closed networks must come to the next way soon."""

MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
CHUNK = 1 << 20


def download(version: str, programs: Iterable[str], folder: Path) -> None:
    """Puts the programs of an official release into a folder. Raises UnavailableError if it cannot."""
    machine = MACHINES.get(platform.machine().lower())
    if machine is None or sys.platform not in {"linux", "darwin"}:
        msg = f"there is no official release for {sys.platform} on {platform.machine()}"
        raise UnavailableError(msg)
    name = f"pulumi-v{version}-{sys.platform}-{machine}.tar.gz"
    archive = folder / name
    try:
        digest = _fetch(f"{ARCHIVES}/{name}", archive)
        _compare(version, name, digest)
        _unpack(archive, programs, folder)
    except (OSError, HTTPException, tarfile.TarError, EOFError, KeyError) as error:
        msg = f"the official download failed: {error}"
        raise UnavailableError(msg) from error
    finally:
        archive.unlink(missing_ok=True)


def _fetch(url: str, archive: Path) -> str:
    digest, done, told = hashlib.sha256(), 0, time.monotonic()
    with _open(url) as answer, archive.open("wb") as file:
        while chunk := answer.read(CHUNK):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            if time.monotonic() - told > EVERY:
                told = time.monotonic()
                say(f"downloading {archive.name}: {done >> 20} MiB")
    return digest.hexdigest()


def _compare(version: str, name: str, digest: str) -> None:
    try:
        with _open(f"{SUMS}/v{version}/pulumi-{version}-checksums.txt") as answer:
            lines = answer.read().decode("utf-8").splitlines()
    except OSError as error:
        say(f"{name} is not checked against the release's checksums: {error}")
        return
    sums = {words[1].lstrip("*"): words[0] for line in lines if len(words := line.split()) == 2}
    if sums.get(name) != digest:
        msg = f"{name} does not have the checksum that its release states; it is thrown away"
        raise UnavailableError(msg)


def _unpack(archive: Path, programs: Iterable[str], folder: Path) -> None:
    with tarfile.open(archive) as tar:
        for program in programs:
            source = tar.extractfile(f"pulumi/{program}")
            if source is None:
                msg = f"pulumi/{program} is no file of {archive.name}"
                raise UnavailableError(msg)
            with source, (folder / program).open("wb") as target:
                shutil.copyfileobj(source, target)
            (folder / program).chmod(0o755)


def _open(url: str) -> HTTPResponse:
    return urllib.request.urlopen(url, timeout=TIMEOUT)  # noqa: S310  # https alone, by the two constants above
