"""Backends that say what reached them: plain HTTP, and enough of a WebSocket to see it pass."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PORT = 8000
"""Where backends listen that have an address of their own."""


class Backend(ThreadingHTTPServer):
    """One replica of an app, on an address of loopback.

    `/slow` and `/slower` wait, `/fail` is 500, `/busy` is 503, `/cut` hangs up without an answer; everything else is echoed.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: str, port: int) -> None:
        super().__init__((address, port), _Handler)
        self.address = address
        self.seen: Counter[str] = Counter()
        self.broken = False
        """Answers 503 to everything while it is set."""
        self.connections: set[socket.socket] = set()
        self._serve()

    def _serve(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def die(self) -> None:
        """As a killed process: nobody listens, and what was open is cut."""
        self.close()
        for connection in tuple(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def revive(self) -> None:
        self.socket = socket.socket(self.address_family, self.socket_type)
        self.server_bind()
        self.server_activate()
        self._serve()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # says nothing
        pass

    @property
    def backend(self) -> Backend:
        assert isinstance(self.server, Backend)
        return self.server

    def setup(self) -> None:
        super().setup()
        self.backend.connections.add(self.connection)

    def finish(self) -> None:
        self.backend.connections.discard(self.connection)
        with suppress(OSError):  # cut meanwhile
            super().finish()

    def answer(self) -> None:
        backend = self.backend
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        path = self.path.partition("?")[0]
        asked = f"{self.command} {path}"
        backend.seen[asked] += 1
        if self.headers.get("Upgrade") == "websocket":
            self._websocket()
        elif path.endswith("/cut"):
            self.close_connection = True
        elif backend.broken or path.endswith(("/fail", "/busy")):
            self._send(500 if path.endswith("/fail") else 503, {}, b"{}")
        else:
            told = {
                "backend": backend.address,
                "method": self.command,
                "path": self.path,
                "body": len(body),
                "count": backend.seen[asked],
                "headers": {name.lower(): value for name, value in self.headers.items()},
            }
            self._echo(path, json.dumps(told))

    def _echo(self, path: str, told: str) -> None:
        headers = {"Content-Security-Policy": "app's own", "Strict-Transport-Security": "max-age=1"}
        time.sleep({"slow": 0.3, "slower": 2}.get(path.rpartition("/")[2], 0))
        if path.endswith("/private"):
            headers["Cache-Control"] = "private"
        self._send(200, headers, told.encode() + b" " * (4000 if path.endswith("/long") else 0))

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "X-Powered-By": "secret", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _websocket(self) -> None:
        """Switches protocols, and sends back what comes, until the other side ends."""
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.end_headers()
        while data := self.connection.recv(1024):
            self.connection.sendall(data)
        self.close_connection = True


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
    setattr(_Handler, f"do_{_method}", _Handler.answer)
