"""Packages that hold one program and need nothing else: put into a folder, which can be moved, unlike an environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from toolchain.progress import UnavailableError, run
from toolchain.virtual_environment import PYTHON


def install(requirement: str, folder: Path, *, sha256: str | None = None) -> None:
    """Installs `name==version`; where `sha256` is given, nothing but a package of that content."""
    wanted = requirement if sha256 is None else f"{requirement} --hash=sha256:{sha256}"
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(f"{wanted}\n")
        file.flush()
        run(
            [*_installer(), "--quiet", "--no-deps", "--target", folder, "--requirement", file.name],
            f"installing {requirement}",
            cwd=folder,
            env={"HOME": str(Path.home()), **os.environ},
        )


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
