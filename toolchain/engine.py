"""The Pulumi engine: a folder that holds the CLI and its Python language host.

Runs under the plain `python3` of a machine, before there is a virtual environment.
`python3 -m toolchain.engine` prints the folder. Leaves alone what a person has installed: what is missing goes
to the user's cache.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from toolchain import golang, release, store
from toolchain.progress import UnavailableError, say

PROGRAMS = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec")

VERSION = "3.259.0"
"""Had by download or by build alike, so that a rehearsal reads the same everywhere. The newest that Go module
proxies serve; the Python SDK may be newer."""

OLDEST = (3, 259)
"""Oldest engine that is taken from PATH: rehearsals were tried with none before it."""

MODULES = Path(__file__).parent / "engine"
CLI = MODULES / "pulumi"
HOST = MODULES / "pulumi-language-python"
"""Its own module has no tags. SDK 3.70 is the last that contains it; it runs current programs."""

REMEDY = """\
There is no Pulumi engine on this machine and none could be had. Any one of these helps:
  install Pulumi                      https://www.pulumi.com/docs/iac/download-install/
  install Go 1.25 or later            https://go.dev/doc/install, and have a module proxy in reach
  SLIPWAY_ENGINE=/opt/pulumi/bin      a folder with pulumi and its pulumi-language-python programs"""


def ensure() -> Path:
    """The folder of the engine's programs, got if need be. Raises UnavailableError if that cannot be done."""
    given = os.environ.get("SLIPWAY_ENGINE")
    if given:
        return _given(Path(given).expanduser().resolve())
    installed = _installed()
    if installed is not None:
        return installed
    return store.place(f"engine-{VERSION}-{_pins()}", _get)


def _given(folder: Path) -> Path:
    missing = [program for program in PROGRAMS if not _runs(folder / program)]
    if missing:
        msg = f"SLIPWAY_ENGINE={folder} lacks {', '.join(missing)}; it must hold {', '.join(PROGRAMS)}"
        raise UnavailableError(msg)
    return folder


def _installed() -> Path | None:
    """The engine on PATH, if it is whole and young enough."""
    cli = shutil.which("pulumi")
    if cli is None or _version(Path(cli)) < OLDEST:
        return None
    for folder in (Path(cli).parent, Path(cli).resolve().parent):
        if all(_runs(folder / program) for program in PROGRAMS):
            return folder
    scattered = [shutil.which(program) for program in PROGRAMS]
    if None in scattered:
        return None
    return _together([Path(program) for program in scattered if program is not None])


def _runs(program: Path) -> bool:
    return program.is_file() and os.access(program, os.X_OK)


def _together(programs: list[Path]) -> Path:
    """Links to programs that lie in several folders, as some package managers leave them."""

    def link(folder: Path) -> None:
        for program in programs:
            (folder / program.name).symlink_to(program.resolve())

    name = hashlib.sha256(":".join(str(program.resolve()) for program in programs).encode()).hexdigest()[:12]
    return store.place(f"engine-links-{name}", link)


def _version(cli: Path) -> tuple[int, int]:
    """Major and minor version of an engine; zeros for what is none."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [cli, "version"], env=environment, capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0, 0
    found = re.match(r"v?(\d+)\.(\d+)\.", answer.stdout.strip())
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _pins() -> str:
    """Short name of everything that decides which programs come out, one set per kind of machine."""
    pins = hashlib.sha256(f"{VERSION} {sys.platform} {platform.machine()}".encode())
    for module in (CLI, HOST):
        for name in ("go.mod", "go.sum"):
            pins.update((module / name).read_bytes())
    return pins.hexdigest()[:12]


def _get(folder: Path) -> None:
    """Fills an empty folder with the programs, by the first way that works."""
    ways = {"downloading": _download, "building from Go modules (3 to 5 minutes, once)": _build}
    reasons: list[str] = []
    for what, way in ways.items():
        say(f"Pulumi {VERSION}: {what}")
        try:
            way(folder)
            _check(folder)
        except UnavailableError as error:
            say(f"Pulumi {VERSION}: {str(error).splitlines()[0]}")
            reasons.append(str(error))
        else:
            say(f"Pulumi {VERSION}: ready in the cache")
            return
    raise UnavailableError("\n".join([REMEDY, "What was tried:", *(f"- {reason}" for reason in reasons)]))


def _download(folder: Path) -> None:
    release.download(VERSION, PROGRAMS, folder)


def _build(folder: Path) -> None:
    sdk = "github.com/pulumi/pulumi/sdk/v3"
    cli, host, launcher = (folder / program for program in PROGRAMS)
    golang.build(
        CLI,
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        cli,
        tags=("osusergo", "grpcnotrace"),  # as Pulumi's own releases: static, and without gRPC's tracing
        variables=(f"{sdk}/go/common/version.Version=v{VERSION}",),
    )
    golang.build(HOST, f"{sdk}/python/cmd/pulumi-language-python", host)
    shutil.copyfile(golang.folder_of(CLI, sdk) / "python/cmd/pulumi-language-python-exec", launcher)
    launcher.chmod(0o755)


def _check(folder: Path) -> None:
    if _version(folder / "pulumi") != tuple(map(int, VERSION.split(".")[:2])):
        msg = f"the programs do not run here, or are not version {VERSION}"
        raise UnavailableError(msg)


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{ensure()}\n")
    except UnavailableError as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit(130)
