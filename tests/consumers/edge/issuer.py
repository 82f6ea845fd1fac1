"""Somebody who signs people in, and tokens: enough of OpenID Connect for the proxies to believe it."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

PORT = 443
ACCESS = "access-token-of-tests"


class Issuer:
    """Listens at an address with a certificate of a folder, until it is closed."""

    def __init__(self, address: str, certificates: Path, name: str) -> None:
        self.given: list[tuple[str, str, str]] = []
        """Client, its secret and the code, of those who came for tokens."""
        self._key = certificates / "signing.key"
        subprocess.run(["openssl", "genrsa", "-out", self._key, "2048"], check=True, capture_output=True)
        self._server = ThreadingHTTPServer((address, PORT), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / f"{name}.crt", certificates / f"{name}.key")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token(self, issuer: str, audience: str, *, seconds: int = 300) -> str:
        """A signed token (RS256)."""
        head = {"alg": "RS256", "typ": "JWT", "kid": "only"}
        now = int(time.time())
        claims = {"iss": issuer, "aud": audience, "sub": "somebody", "iat": now, "exp": now + seconds}
        text = f"{_encoded(json.dumps(head).encode())}.{_encoded(json.dumps(claims).encode())}"
        command = ["openssl", "dgst", "-sha256", "-sign", self._key]
        signed = subprocess.run(command, input=text.encode(), check=True, capture_output=True).stdout
        return f"{text}.{_encoded(signed)}"

    def keys(self) -> dict[str, Any]:
        command = ["openssl", "rsa", "-in", self._key, "-noout", "-modulus"]
        shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        modulus = bytes.fromhex(shown.strip().partition("=")[2])
        key = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "only"}
        return {"keys": [{**key, "n": _encoded(modulus), "e": _encoded(b"\1\0\1")}]}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Answer(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # says nothing
                pass

            def do_GET(self) -> None:
                host = f"https://{self.headers['Host']}"
                documents: dict[str, Any] = {
                    "/keys": issuer.keys(),
                    "/.well-known/openid-configuration": {
                        "issuer": host,
                        "authorization_endpoint": f"{host}/authorize",
                        "token_endpoint": f"{host}/token",
                        "jwks_uri": f"{host}/keys",
                    },
                }
                self._send(documents.get(self.path))

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                kind, _, shown = self.headers["Authorization"].partition(" ")
                assert kind == "Basic"
                client, _, secret = base64.b64decode(shown).decode().partition(":")
                issuer.given.append((client, secret, form["code"][0]))
                host = f"https://{self.headers['Host']}"
                tokens = {"access_token": ACCESS, "id_token": issuer.token(host, "desk"), "expires_in": 300}
                self._send({**tokens, "token_type": "Bearer"} if self.path == "/token" else None)

            def _send(self, document: Any) -> None:
                body = json.dumps(document).encode()
                self.send_response(404 if document is None else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Answer


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
