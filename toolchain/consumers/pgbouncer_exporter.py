"""The exporter of PgBouncer that stacks on Docker run, built from its tagged Go module: Debian has another one."""

from __future__ import annotations

from pathlib import Path

from toolchain import golang
from toolchain.consumers.parts import Part, pins

PACKAGE = "github.com/prometheus-community/pgbouncer_exporter"
VERSION = "0.12.1"
PROGRAM = "pgbouncer_exporter"

MODULE = Path(__file__).parent.parent / PROGRAM


def _make(folder: Path) -> None:
    golang.build(MODULE, PACKAGE, folder / PROGRAM)


PGBOUNCER_EXPORTER = Part(
    title=f"pgbouncer_exporter {VERSION}",
    folder_name=f"pgbouncer-exporter-{VERSION}-{pins(files=[MODULE / name for name in ('go.mod', 'go.sum')])}",
    cost="building it from Go modules (seconds)",
    make=_make,
)
