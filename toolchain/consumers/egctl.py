"""Envoy Gateway's own offline translator, built from its tagged Go module, which needs no wrapper: it replaces nothing."""

from __future__ import annotations

import os
from pathlib import Path

from toolchain.consumers.parts import Part, pins
from toolchain.golang import go_program
from toolchain.progress import run

PACKAGE = "github.com/envoyproxy/gateway/cmd/egctl"
VERSION = "v1.9.0"
"""The release whose definitions `crds.py` takes."""
PROGRAM = "egctl"


def _make(folder: Path) -> None:
    """Go checks the modules against its checksum database; versions are those of the tagged module's own go.mod."""
    run(
        [go_program(), "install", f"{PACKAGE}@{VERSION}"],
        "building egctl",
        cwd=folder,
        env={"HOME": str(Path.home()), **os.environ, "GOBIN": str(folder), "GOWORK": "off"},
    )


EGCTL = Part(
    title="Envoy Gateway's translator",
    folder_name=f"egctl-{VERSION.removeprefix('v')}-{pins(PACKAGE, VERSION)}",
    cost="building it from its Go module (about five minutes)",
    make=_make,
)
