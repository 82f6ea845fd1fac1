"""The project's virtual environment, `.venv`: there, and holding what the requirements files pin.

`python3 -m toolchain.virtual_environment` does nothing, at once, unless a requirements file has changed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
from pathlib import Path

from toolchain.progress import UnavailableError, run, say
from toolchain.store import alone

PROJECT = Path(__file__).parent.parent
FOLDER = PROJECT / ".venv"
PYTHON = FOLDER / "bin" / "python"
STAMP = FOLDER / "requirements.sha256"
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")

REMEDY = """\
This Python cannot make virtual environments: it has no ensurepip, virtualenv or pip, and there is no uv.
On Debian and Ubuntu: apt-get install python3-venv"""


def ensure() -> None:
    """Makes or mends `.venv`. Raises UnavailableError if that cannot be done."""
    wanted = _digest()
    if _is_ready(wanted):
        return
    locks = PROJECT / ".cache"
    locks.mkdir(exist_ok=True)
    with alone(locks / "venv.lock", ".venv"):
        if _is_ready(wanted):
            return
        if not PYTHON.exists():
            say("making .venv")
            shutil.rmtree(FOLDER, ignore_errors=True)  # what is left of one whose Python went away
            _run(_maker(), "making .venv")
        say("installing requirements-dev.txt into .venv (about a minute when new)")
        _run(_installer(), "installing requirements-dev.txt")
        STAMP.write_text(wanted, encoding="utf-8")
        say(".venv is ready")


def _digest() -> str:
    digest = hashlib.sha256()
    for name in REQUIREMENTS:
        digest.update((PROJECT / name).read_bytes())
    return digest.hexdigest()


def _is_ready(wanted: str) -> bool:
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted


def _maker() -> list[str | Path]:
    """Debian's Python comes without ensurepip; each of the other ways does as well."""
    if _has("ensurepip"):
        return [sys.executable, "-m", "venv", FOLDER]
    if _has("virtualenv"):
        return [sys.executable, "-m", "virtualenv", "--quiet", FOLDER]
    if _has("pip") or shutil.which("uv"):
        return [sys.executable, "-m", "venv", "--without-pip", FOLDER]
    raise UnavailableError(REMEDY)


def _installer() -> list[str | Path]:
    arguments = ["--quiet", "--requirement", PROJECT / "requirements-dev.txt"]
    if any(FOLDER.glob("lib/*/site-packages/pip")):
        return [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--python", PYTHON, *arguments]
    if _has("pip"):
        return [sys.executable, "-m", "pip", "--python", PYTHON, "install", *arguments]
    raise UnavailableError(REMEDY)


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _run(command: list[str | Path], what: str) -> None:
    run(
        command,
        what,
        cwd=PROJECT,
        env={key: value for key, value in os.environ.items() if key != "PYTHONHOME"},
    )


if __name__ == "__main__":
    try:
        ensure()
    except UnavailableError as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit(130)
