"""Envoy Gateway's own offline translator, built from its tagged Go module, which needs no wrapper: it replaces nothing."""

from __future__ import annotations

from pathlib import Path

from toolchain import golang
from toolchain.consumers.parts import Part, pins

PACKAGE = "github.com/envoyproxy/gateway/cmd/egctl"
VERSION = "v1.9.0"
"""The release whose definitions `crds.py` takes."""
PROGRAM = "egctl"


def _make(folder: Path) -> None:
    golang.install(PACKAGE, VERSION, folder)


EGCTL = Part(
    title="Envoy Gateway's translator",
    folder_name=f"egctl-{VERSION.removeprefix('v')}-{pins(PACKAGE, VERSION)}",
    cost="building it from its Go module (about five minutes)",
    make=_make,
)
