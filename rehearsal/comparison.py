"""The working tree on top of another commit: both rehearsed on one state.

Owns: the checkout of the other commit and its virtual environment. The commit is unpacked, not checked out, so that the
repository has no worktree to clean up after a crash. What is shown of the difference is somebody else's business.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.environment import PASSED
from rehearsal.problems import RehearsalError
from rehearsal.progress import say
from rehearsal.session import Result, Session
from toolchain import store
from toolchain.progress import run

_OF_INSTALLERS = (
    *PASSED,
    "PATH",
    "HOME",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
)
_SETTINGS = ("PIP_", "UV_")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The base has been brought up; the working tree is on top of it."""

    session: Session
    base: str
    """Full name of the commit."""
    created: bool
    """Whether the base has no such stack, and so everything is new."""
    before: dict[str, Any]
    """`stack export` of the base."""
    notes: tuple[str, ...] = ()
    """What was done otherwise for the base than for the working tree."""


@contextmanager
def compared(project: Path, stack: str, base: str, tell: Callable[[str], None]) -> Generator[Comparison]:
    """A session whose state is that of `base` and whose program is that of the working tree; `tell` hears the latter only."""
    root = Path(_git(project, "rev-parse", "--show-toplevel").strip())
    commit = _commit(project, base)
    with tempfile.TemporaryDirectory(prefix="slipway-base-") as name:
        other = Path(name)
        _unpack(root, commit, other)
        below = other / project.resolve().relative_to(root.resolve())
        if not (below / "Pulumi.yaml").is_file() or not list(below.rglob(f"Pulumi.{stack}.yaml")):
            say(f"{base} has no stack {stack} in {project}: everything is new")
            with Session(project, stack, tell=tell) as session:
                yield Comparison(session, commit, created=True, before={})
            return
        say(f"rehearsing {base} ({commit[:10]})")
        venv = _venv(root, other)
        own = venv != Path(sys.prefix)
        notes = ("the base pins other packages (requirements.txt) and ran with its own",) if own else ()
        with Session(below, stack, venv=venv) as session:
            _must_come_up(session.up("--color=never"), base)
            before = session.export()
            say("rehearsing the working tree on top of it")
            session.project, session.venv, session.tell = project, Path(sys.prefix), tell
            yield Comparison(session, commit, created=False, before=before, notes=notes)


def _must_come_up(result: Result, base: str) -> None:
    if result.exit_code != 0:
        msg = f"{base} itself does not come up in a rehearsal, so nothing can be compared with it:\n{result.text}"
        raise RehearsalError(msg)


def _commit(folder: Path, base: str) -> str:
    """Full name of a commit. A fresh clone has its other branches at `origin` alone."""
    wanted = ["rev-parse", "--verify", "--quiet", "--end-of-options"]
    try:
        return _git(folder, *wanted, f"{base}^{{commit}}").strip()
    except RehearsalError:
        with suppress(RehearsalError):
            return _git(folder, *wanted, f"refs/remotes/origin/{base}^{{commit}}").strip()
        raise


def _git(folder: Path, *arguments: str) -> str:
    answer = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    if answer.returncode == 0:
        return answer.stdout
    what = (
        answer.stderr.strip()
        or "no such commit; `git branch --all` lists branches, `git fetch` gets what others have pushed"
    )
    msg = f"git {arguments[0]} {arguments[-1].removesuffix('^{commit}')}: {what}"
    raise RehearsalError(msg)


def _unpack(root: Path, commit: str, folder: Path) -> None:
    answer = subprocess.run(
        ["git", "-C", str(root), "archive", "--format=tar", commit], capture_output=True, check=False
    )
    if answer.returncode != 0:
        msg = f"git archive {commit}: {answer.stderr.decode(errors='replace').strip()}"
        raise RehearsalError(msg)
    with tarfile.open(fileobj=io.BytesIO(answer.stdout)) as archive:
        archive.extractall(folder, filter="data")


def _venv(root: Path, other: Path) -> Path:
    """The current virtual environment unless the other commit pins something else."""
    theirs, ours = other / "requirements.txt", root / "requirements.txt"
    if not theirs.is_file() or (ours.is_file() and theirs.read_bytes() == ours.read_bytes()):
        return Path(sys.prefix)
    digest = hashlib.sha256(theirs.read_bytes() + sys.version.encode()).hexdigest()[:16]

    def make(folder: Path) -> None:
        say("the base has other requirements: making a virtual environment for it (about a minute, once)")
        _run([sys.executable, "-m", "venv", "--without-pip", folder], "making a virtual environment")
        _run(
            [
                *_installer(folder / "bin" / "python"),
                "--quiet",
                "--requirement",
                theirs,
                "pip",
            ],  # the language host asks pip
            "installing the base's requirements",
        )

    return store.place(f"base-venv-{digest}", make)


def _installer(python: Path) -> list[str | Path]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python, "install"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--python", python]
    msg = "the base has other requirements, and neither pip nor uv is there to install them: .venv/bin/python -m ensurepip"
    raise RehearsalError(msg)


def _run(command: list[str | Path], what: str) -> None:
    """A package may run code when it is installed, and a base may be a stranger's: no credential of the caller is in its reach."""
    passed = {
        name: value
        for name, value in os.environ.items()
        if name in _OF_INSTALLERS or name.startswith(_SETTINGS) or name.lower().endswith("_proxy")
    }
    run(command, what, cwd=Path.cwd(), env=passed)
