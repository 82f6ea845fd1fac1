#!/usr/bin/python3
"""Stands in for a program that can't be had here: says on its port that it is there, whatever it is asked."""

from __future__ import annotations

import http.server
import sys
from pathlib import Path

PORTS = {"fluent-bit": 2020}
"""Where a stack replaces the entry point, which says the port elsewhere."""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # the base class's name
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b"stands_in 1\n")

    do_POST = do_GET  # noqa: N815  # the base class's name

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        pass


port = PORTS.get(Path(sys.argv[0]).name) or int(sys.argv[1])
http.server.ThreadingHTTPServer(("0.0.0.0", port), Handler).serve_forever()  # noqa: S104  # its container's own
