"""Counting what nginx logs: mtail beside it, told by datagrams, so that no file grows and no request waits.

Owns: the program, how it is started, and where it listens. Leaves the containers to the targets. Docker: a socket in a
folder that both share, since nginx would not start where a name can't be resolved. Kubernetes: a port of the pod's own
loopback, since a socket that a killed container left could not be bound again.
"""

from __future__ import annotations

from typing import Literal

from components.nginx.render import fill

PORT = 3903
"""Serves the series: mtail's own default."""
PORT_NAME = "metrics"

SOCKET_FOLDER = "/run/counter"
SOCKET = f"{SOCKET_FOLDER}/access.sock"
LOOPBACK = "127.0.0.1:5514"
"""Not 514: that needs rights."""

NGINX_TO_SOCKET = f"unix:{SOCKET}"
"""As nginx writes an address."""

PROGRAM_FILE = "access.mtail"
CPU, MEMORY, DISK = "20m", "64Mi", "16Mi"
"""A thousand requests a second cost about a tenth of a core; a pod asks for the usual. Measurements: ADR 30."""

SUFFIXES = ("-counter", "-exporter", "-exporter-config", "-exporter-files")
"""What is put behind an instance's name for it, on either target."""

Kind = Literal["edge", "site"]
"""Start of the names of all series: a site that is routed would else count its requests as the edge's."""


def program(kind: Kind) -> str:
    """Text of the mtail program."""
    return fill("access.mtail", {"kind": kind})


def arguments(listen: str, programs: str) -> list[str]:
    """mtail's command line. `listen` is `unixgram:///run/x.sock` or `udp://127.0.0.1:5514`; `programs` is a folder."""
    return [
        "/usr/bin/mtail",
        "-logtostderr",
        f"-logs={listen}",
        f"-progs={programs}",
        f"-port={PORT}",
        "-emit_prog_label=false",
    ]
