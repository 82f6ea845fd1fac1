"""Programs built from tagged Go modules: each pinned by a small module of its own here, with its `go.sum`.

For networks that reach a Go module proxy and nothing else. `-mod=readonly` refuses what `go.sum` lacks.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from toolchain.progress import UnavailableError, run

USUAL_PLACE = "/usr/local/go/bin/go"
"""Where Go's own installer puts it; often not on PATH."""


def build(module: Path, package: str, output: Path, *, tags: Iterable[str] = (), variables: Iterable[str] = ()) -> None:
    """Compiles `package` as `module` pins it. `variables` are the linker's `NAME=VALUE`."""
    linker = " ".join(["-s", "-w", *(f"-X {variable}" for variable in variables)])
    command = [go_program(), "build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-tags", ",".join(tags)]
    run(
        [*command, "-ldflags", linker, "-o", output, package],
        f"building {output.name}",
        cwd=module,
        env=_environment(),
    )


def install(package: str, version: str, folder: Path) -> None:
    """Compiles a package of a module that replaces nothing, by its own go.mod; Go asks its checksum database."""
    run(
        [go_program(), "install", "-ldflags", "-s -w", f"{package}@{version}"],
        f"building {package.rpartition('/')[2]}",
        cwd=folder,
        env={**_environment(), "GOBIN": str(folder)},
    )


def folder_of(module: Path, dependency: str) -> Path:
    """Where the sources of a dependency that has been built from lie."""
    command = [go_program(), "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", dependency]
    found = subprocess.run(command, cwd=module, env=_environment(), capture_output=True, text=True, check=False)
    if found.returncode != 0 or not found.stdout.strip():
        msg = f"`go list -m {dependency}` names no folder: {found.stderr.strip()}"
        raise UnavailableError(msg)
    return Path(found.stdout.strip())


def go_program() -> str:
    """Where Go is. Raises UnavailableError if it is nowhere."""
    go = shutil.which("go") or shutil.which(USUAL_PLACE)
    if go is None:
        msg = "Go is not installed (neither on PATH nor in /usr/local/go)"
        raise UnavailableError(msg)
    return go


def _environment() -> dict[str, str]:
    """The caller's environment, but for what would build something else than the pinned program."""
    kept = {key: value for key, value in os.environ.items() if key not in {"GOOS", "GOARCH"}}
    return {"HOME": str(Path.home()), **kept, "CGO_ENABLED": "0", "GOWORK": "off"}
