"""Grafana's own grammar of LogQL, from its JavaScript package: Loki itself is in no registry that this repository builds from.

It says whether a text is LogQL; what a query finds, only Loki can say.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from toolchain.consumers import machine
from toolchain.consumers.parts import Part, pins
from toolchain.progress import UnavailableError, run

MODULE = Path(__file__).parent.parent / "logql"
FILES = ("package.json", "package-lock.json", "errors.mjs")
PROGRAM = "errors.mjs"
"""Run by Node: texts in, places of errors out, both as JSON."""


def _make(folder: Path) -> None:
    npm = machine.program("npm")
    if npm is None:
        msg = "npm is not installed"
        raise UnavailableError(msg)
    for name in FILES:
        shutil.copyfile(MODULE / name, folder / name)
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    run(
        [npm, "ci", *quiet], "installing the grammar of LogQL", cwd=folder, env={"HOME": str(Path.home()), **os.environ}
    )


LOGQL = Part(
    title="the grammar of LogQL",
    folder_name=f"logql-{pins(files=[MODULE / name for name in FILES])}",
    cost="installing its package (seconds)",
    make=_make,
)
