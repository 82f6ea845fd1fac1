"""Lua as log collectors run it, version 5.1, built from its Go module: Fluent Bit itself is in no registry of modules."""

from __future__ import annotations

from pathlib import Path

from toolchain import golang
from toolchain.consumers.parts import Part, pins

PACKAGE = "github.com/yuin/gopher-lua/cmd/glua"
VERSION = "v1.1.2"
PROGRAM = "glua"


def _make(folder: Path) -> None:
    golang.install(PACKAGE, VERSION, folder)


LUA = Part(
    title="Lua",
    folder_name=f"lua-{VERSION.removeprefix('v')}-{pins(PACKAGE, VERSION)}",
    cost="building it from its Go module (seconds)",
    make=_make,
)
