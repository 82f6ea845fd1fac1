"""Who reads workflows before GitHub does: actionlint, built from its tagged Go module, and zizmor, from its Python package.

Owns: their versions. zizmor looks at files alone here: what it would ask GitHub needs a network and a token.
"""

from __future__ import annotations

import os
from pathlib import Path

from toolchain.consumers.parts import Part, pins
from toolchain.consumers.python_packages import install
from toolchain.golang import go_program
from toolchain.progress import run

ACTIONLINT_MODULE = "github.com/rhysd/actionlint/cmd/actionlint"
ACTIONLINT_VERSION = "v1.7.12"
ZIZMOR_VERSION = "1.32.0"


def _actionlint(folder: Path) -> None:
    """Go checks the modules against its checksum database; versions are those of the tagged module's own go.mod."""
    run(
        [go_program(), "install", f"{ACTIONLINT_MODULE}@{ACTIONLINT_VERSION}"],
        "building actionlint",
        cwd=folder,
        env={"HOME": str(Path.home()), **os.environ, "GOBIN": str(folder), "GOWORK": "off"},
    )


def _zizmor(folder: Path) -> None:
    install(f"zizmor=={ZIZMOR_VERSION}", folder)


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
