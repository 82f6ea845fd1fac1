"""One HTTP request over a socket of our own: nothing is normalised, so that odd ones arrive as they are meant."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """By lower-case name; several of one name are joined by a comma."""
    body: bytes
    cookies: tuple[str, ...] = ()
    """Each Set-Cookie by itself."""

    def header(self, name: str) -> str | None:
        return self.headers.get(name.lower())


def until_found(at: str, target: str, **how: Any) -> None:
    """Waits for the first answer that is no 502: nginx asks for its backends' addresses after it has started."""
    for _ in range(100):
        if ask(at, target, **how).status != 502:
            return
        time.sleep(0.05)
    msg = "nginx found no backend"
    raise AssertionError(msg)


def ask(
    at: str,
    target: str = "/",
    *,
    method: str = "GET",
    host: str = "localhost",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    trust: Path | None = None,
    source: str | None = None,
) -> Answer:
    """One request to host:port; by TLS if there is an authority to trust, whose certificate must be for `host`.

    `source` is the address of this machine that it comes from.
    """
    address, _, port = at.rpartition(":")
    by = None if source is None else (source, 0)
    connection = http.client.HTTPConnection(address, int(port), timeout=10, source_address=by)
    connection.connect()
    if trust is not None:
        assert isinstance(connection.sock, socket.socket)
        connection.sock = ssl.create_default_context(cafile=str(trust)).wrap_socket(
            connection.sock, server_hostname=host
        )
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    given = {"Host": host, **(headers or {})}
    if body is not None:
        given["Content-Length"] = str(len(body))
    for name, value in given.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    with connection.getresponse() as answer:
        found: dict[str, str] = {}
        cookies: list[str] = []
        for name, value in answer.getheaders():
            key = name.lower()
            found[key] = f"{found[key]}, {value}" if key in found else value
            cookies += [value] if key == "set-cookie" else []
        read = answer.read()
    connection.close()
    return Answer(answer.status, found, read, tuple(cookies))


def dial(at: str, host: str, trust: Path, **versions: ssl.TLSVersion) -> ssl.SSLSocket:
    """A connection by TLS on which a test speaks for itself; `minimum_version` and `maximum_version` may be asked for."""
    context = ssl.create_default_context(cafile=str(trust))
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    for name, version in versions.items():
        setattr(context, name, version)
    address, _, port = at.rpartition(":")
    return context.wrap_socket(socket.create_connection((address, int(port)), timeout=10), server_hostname=host)
