"""Stands in for BlockSight's front page: one page, and the API behind /api."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGE = Path(__file__).with_name("index.html").read_bytes()
API = f"http://{os.environ.get('API_HOST', 'localhost')}:{os.environ.get('API_PORT', '8000')}/"


class Front(BaseHTTPRequestHandler):
    """The page, its health, and the API."""

    def do_GET(self) -> None:
        match self.path:
            case "/healthz":
                self._answer(200, "text/plain", b"ok\n")
            case "/":
                self._answer(200, "text/html; charset=utf-8", PAGE)
            case "/api":
                try:
                    with urllib.request.urlopen(API, timeout=3) as answer:  # a fixed scheme and host
                        self._answer(200, "application/json", answer.read())
                except (urllib.error.URLError, TimeoutError):
                    self._answer(502, "application/json", b'{"error": "the API does not answer"}')
            case _:
                self._answer(404, "text/plain", b"no such page\n")

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8080), Front).serve_forever()
