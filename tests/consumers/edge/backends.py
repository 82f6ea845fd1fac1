"""Backends that say what reached them: plain HTTP, and enough of a WebSocket to see it pass."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Backend:
    """One replica of an app, on an address of loopback. `/slow` waits, `/fail` is 500, everything else is echoed."""

    def __init__(self, address: str, port: int) -> None:
        self.address, self.port = address, port
        self.seen: Counter[str] = Counter()
        self.broken = False
        """Answers 503 to everything while it is set."""
        handler = self._handler()
        self._server = ThreadingHTTPServer((address, port), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        backend = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def _body(self) -> bytes:
                return self.rfile.read(int(self.headers.get("Content-Length", "0")))

            def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "X-Powered-By": "secret", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def do_any(self) -> None:
                body = self._body()
                path = self.path.partition("?")[0]
                backend.seen[f"{self.command} {path}"] += 1
                if self.headers.get("Upgrade") == "websocket":
                    self._websocket()
                    return
                if backend.broken or path.endswith("/fail"):
                    self._answer(503 if backend.broken else 500, {}, b"{}")
                    return
                if path.endswith("/slow"):
                    time.sleep(0.3)
                told = {
                    "backend": f"{backend.address}",
                    "method": self.command,
                    "path": self.path,
                    "body": len(body),
                    "count": backend.seen[f"{self.command} {path}"],
                    "headers": {name.lower(): value for name, value in self.headers.items()},
                }
                headers = {"Content-Security-Policy": "app's own", "Strict-Transport-Security": "max-age=1"}
                if path.endswith("/private"):
                    headers["Cache-Control"] = "private"
                padding = " " * (4000 if path.endswith("/long") else 0)
                self._answer(200, headers, (json.dumps(told) + padding).encode())

            def _websocket(self) -> None:
                """Switches protocols, and sends back what comes, until the other side ends."""
                self.send_response(101)
                self.send_header("Upgrade", "websocket")
                self.send_header("Connection", "Upgrade")
                self.end_headers()
                while data := self.connection.recv(1024):
                    self.connection.sendall(data)
                self.close_connection = True

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = do_any

        return Handler
