"""Backends that say what reached them: plain HTTP, and enough of a WebSocket to see it pass."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Backend(ThreadingHTTPServer):
    """One replica of an app, on an address of loopback. `/slow` waits, `/fail` is 500, everything else is echoed."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: str, port: int) -> None:
        super().__init__((address, port), _Handler)
        self.address = address
        self.seen: Counter[str] = Counter()
        self.broken = False
        """Answers 503 to everything while it is set."""
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # says nothing
        pass

    def answer(self) -> None:
        backend = self.server
        assert isinstance(backend, Backend)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        path = self.path.partition("?")[0]
        asked = f"{self.command} {path}"
        backend.seen[asked] += 1
        if self.headers.get("Upgrade") == "websocket":
            self._websocket()
        elif backend.broken or path.endswith("/fail"):
            self._send(503 if backend.broken else 500, {}, b"{}")
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
        if path.endswith("/slow"):
            time.sleep(0.3)
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
