"""Helm, which renders the charts that lie in Go modules; built from its tagged Go module, which replaces nothing."""

from __future__ import annotations

from pathlib import Path

from toolchain import golang
from toolchain.consumers.parts import Part, pins

PACKAGE = "helm.sh/helm/v3/cmd/helm"
VERSION = "v3.21.3"
"""What Envoy Gateway's own module asks for."""
PROGRAM = "helm"


def _make(folder: Path) -> None:
    golang.install(PACKAGE, VERSION, folder)


HELM = Part(
    title=f"Helm {VERSION}",
    folder_name=f"helm-{VERSION.removeprefix('v')}-{pins(PACKAGE, VERSION)}",
    cost="building it from its Go module (about two minutes)",
    make=_make,
)
