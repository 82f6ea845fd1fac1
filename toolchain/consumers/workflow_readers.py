"""Who reads workflows before GitHub does: actionlint, built from its tagged Go module, and zizmor, from its Python package.

Owns: their versions. zizmor looks at files alone here: what it would ask GitHub needs a network and a token.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from toolchain.consumers.parts import Part, pins
from toolchain.golang import go_program
from toolchain.progress import UnavailableError, run
from toolchain.virtual_environment import PYTHON

ACTIONLINT_MODULE = "github.com/rhysd/actionlint/cmd/actionlint"
ACTIONLINT_VERSION = "v1.7.12"
ZIZMOR_VERSION = "1.32.0"


def _environment(**more: str) -> dict[str, str]:
    return {"HOME": str(Path.home()), **os.environ, **more}


def _actionlint(folder: Path) -> None:
    """Go checks the modules against its checksum database; versions are those of the tagged module's own go.mod."""
    run(
        [go_program(), "install", f"{ACTIONLINT_MODULE}@{ACTIONLINT_VERSION}"],
        "building actionlint",
        cwd=folder,
        env=_environment(GOBIN=str(folder), GOWORK="off"),
    )


def _zizmor(folder: Path) -> None:
    """The package holds one program and needs nothing else; a folder instead of an environment can be moved into place."""
    package = ["--quiet", "--no-deps", "--target", str(folder), f"zizmor=={ZIZMOR_VERSION}"]
    run([*_installer(), *package], "installing zizmor", cwd=folder, env=_environment())


def _installer() -> list[str | Path]:
    for python in (Path(sys.executable), PYTHON):
        if (
            python.exists()
            and subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
        ):
            return [python, "-m", "pip", "--disable-pip-version-check", "install"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install"]
    msg = "neither pip nor uv is there to install it"
    raise UnavailableError(msg)


ACTIONLINT = Part(
    title="actionlint",
    folder_name=f"actionlint-{ACTIONLINT_VERSION.removeprefix('v')}-{pins(ACTIONLINT_MODULE, ACTIONLINT_VERSION)}",
    cost="building it from its Go module (about a minute)",
    make=_actionlint,
)
ZIZMOR = Part(
    title="zizmor",
    folder_name=f"zizmor-{ZIZMOR_VERSION}-{pins(ZIZMOR_VERSION)}",
    cost="installing its package",
    make=_zizmor,
)
