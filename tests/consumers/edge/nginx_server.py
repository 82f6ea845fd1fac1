"""The real nginx on loopback, with what we render: its own folder, its own ports, a name server that knows the backends.

The program comes out of the servers' root folder and is started by that folder's own loader, so that it needs no
`chroot` and no root.
"""

from __future__ import annotations

import os
import socket
import socketserver
import struct
import subprocess
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from components.edge_gateway.local_authority import script
from components.nginx.render import Place
from tests.consumers.servers import installed

LOADER = "usr/lib64/ld-linux-x86-64.so.2"
LIBRARIES = ("usr/lib/x86_64-linux-gnu",)


def program(name: str, *arguments: str) -> list[str]:
    """A command that runs a program of the root folder outside of it."""
    folder = installed()
    libraries = ":".join(str(folder / part) for part in LIBRARIES)
    return [str(folder / LOADER), "--library-path", libraries, str(folder / name), *arguments]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Names:
    """A name server that tells every name the same addresses, and can be told others."""

    def __init__(self, addresses: list[str]) -> None:
        self.addresses = addresses
        self._server = socketserver.UDPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        names = self

        class Answer(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, connection = self.request
                question = data[12 : data.index(b"\0", 12) + 5]
                of_type_a = question[-4:-2] == b"\0\1"
                found = names.addresses if of_type_a else []
                head = data[:2] + struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0)
                answers = b"".join(
                    b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 1, 4) + socket.inet_aton(address) for address in found
                )
                connection.sendto(head + question + answers, self.client_address)

        return Answer


def local_certificates(folder: Path, certificates: Mapping[str, tuple[str, ...]]) -> Path:
    """Runs the script that the one-shot container runs, with folders here and the root folder's OpenSSL; the authority's certificate."""
    authority, tls = folder / "authority", folder / "tls"
    for part in (authority, tls):
        part.mkdir(exist_ok=True)
    made = script(
        "test authority", certificates, os.getuid(), authority=str(authority), issued=str(tls), scratch=str(folder)
    )
    openssl = f"OPENSSL_CONF={installed() / 'etc/ssl/openssl.cnf'} {' '.join(program('usr/bin/openssl'))} "
    subprocess.run(["sh", "-euc", made.replace("openssl ", openssl)], check=True, capture_output=True)
    return tls / "authority.crt"


def place(folder: Path, resolver: str) -> Place:
    """Where this nginx runs: free ports, folders of its own."""
    for made in ("scratch", "tls", "config", "site", "previous", "secrets"):
        (folder / made).mkdir(exist_ok=True)
    return Place(
        resolver=resolver,
        scratch=str(folder / "scratch"),
        log=str(folder / "access.log"),
        http=f"127.0.0.1:{free_port()}",
        https=f"127.0.0.1:{free_port()}",
        inside=f"127.0.0.1:{free_port()}",
        mime_types=str(installed() / "etc/nginx/mime.types"),
        tls=str(folder / "tls"),
        given_tls=str(folder / "secrets"),
        site=str(folder / "site"),
        previous=str(folder / "previous"),
        config=str(folder / "config"),
    )


def check(configuration: str, folder: Path) -> None:
    """`nginx -t`."""
    file = folder / "nginx.conf"
    file.write_text(configuration, encoding="utf-8")
    told = subprocess.run(
        program("usr/sbin/nginx", "-t", "-q", "-c", str(file), "-e", "stderr"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert told.stderr == "", "nginx warns of something"


def _as_us() -> list[str]:
    """A container's nginx starts as its user and stays it; one that root starts would change to another."""
    return ["-g", "user root;"] if os.geteuid() == 0 else []


@contextmanager
def running(configuration: str, folder: Path, *, ready: str) -> Generator[Path]:
    """nginx, until the block ends; gives its error log. `ready` is host:port of its health check."""
    check(configuration, folder)
    errors = folder / "error.log"
    with errors.open("wb") as log:
        server = subprocess.Popen(
            program("usr/sbin/nginx", "-c", str(folder / "nginx.conf"), "-e", "stderr", *_as_us()),
            stderr=log,
            stdout=log,
        )
    try:
        _wait(ready, server)
        yield errors
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait(ready: str, server: subprocess.Popen[bytes]) -> None:
    host, _, port = ready.rpartition(":")
    for _ in range(200):
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            assert server.poll() is None, "nginx ended"
            time.sleep(0.05)
        else:
            return
    msg = "nginx does not answer"
    raise AssertionError(msg)
