"""Stands in for BlockSight's API: answers its probes, and says what it was told about its database."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from figures import Figures, tip

FIGURES = Figures()


def database() -> dict[str, object]:
    """Whether the database can be reached and the password read; never the password."""
    host, port = os.environ.get("PGHOST", ""), int(os.environ.get("PGPORT", "0"))
    password = Path(os.environ.get("PGPASSWORD_FILE", "/nowhere"))
    try:
        socket.create_connection((host, port), timeout=2).close()
        reachable = True
    except OSError:
        reachable = False
    return {"host": host, "reachable": reachable, "password_readable": os.access(password, os.R_OK)}


class Api(BaseHTTPRequestHandler):
    """The API's own port."""

    def do_GET(self) -> None:
        began = time.monotonic()
        about = {"app": "api", "database": database()}
        answers = {"/healthz": {"ok": True}, "/livez": {"ok": True}, "/": about, "/api/status": about}
        answer = answers.get(self.path)
        body = json.dumps(answer if answer is not None else {"error": "no such path"}).encode()
        status = 200 if answer is not None else 404
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        FIGURES.answered(status, time.monotonic() - began)


class Metrics(BaseHTTPRequestHandler):
    """The port that Prometheus reads."""

    def do_GET(self) -> None:
        body = FIGURES.text(tip()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    metrics = ThreadingHTTPServer(("", 9464), Metrics)
    threading.Thread(target=metrics.serve_forever, daemon=True).start()
    ThreadingHTTPServer(("", 8000), Api).serve_forever()
