"""The Docker daemon's HTTP interface over its socket, as far as floor 3 needs it. https://docs.docker.com/reference/api/engine/"""

from __future__ import annotations

import http.client
import io
import json
import re
import socket
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

Body = Mapping[str, Any] | bytes | IO[bytes] | None


class DaemonError(Exception):
    """The daemon said no; the text is its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Docker:
    """One daemon."""

    def __init__(self, socket_path: Path) -> None:
        self.socket_path = socket_path

    def call(self, method: str, path: str, body: Body = None, /, **query: str) -> Any:
        """The answer: parsed if it is JSON, else bytes. Raises DaemonError for anything but success."""
        status, kind, data = self._exchange(method, f"{path}?{urlencode(query)}" if query else path, body)
        if status >= 400:
            raise DaemonError(status, _message(data))
        return json.loads(data) if kind == "application/json" and data.count(b"\n") <= 1 and data else data

    def is_up(self) -> bool:
        try:
            return self.call("GET", "/_ping") == b"OK"
        except (OSError, DaemonError):
            return False

    def inspect(self, container: str) -> dict[str, Any]:
        return self.call("GET", f"/containers/{container}/json")

    def containers(self) -> list[str]:
        """Names of all, running or not."""
        return sorted(each["Names"][0].removeprefix("/") for each in self.call("GET", "/containers/json", all="true"))

    def networks(self) -> list[str]:
        """Names, without those that a daemon always has."""
        names = {each["Name"] for each in self.call("GET", "/networks")}
        return sorted(names - {"bridge", "host", "none"})

    def volumes(self) -> list[str]:
        """Names, without those that the daemon gives: they belong to a container, and go with it."""
        names = [each["Name"] for each in self.call("GET", "/volumes")["Volumes"] or []]
        return sorted(name for name in names if re.fullmatch(r"[0-9a-f]{64}", name) is None)

    def logs(self, container: str) -> str:
        """Both streams, mixed. Each frame of the answer has a head of eight bytes."""
        data: bytes = self.call("GET", f"/containers/{container}/logs", stdout="true", stderr="true")
        return _unframed(data)

    def run(self, container: str, *command: str, user: str = "") -> tuple[int, str]:
        """Exit code and output of a command inside a running container."""
        wanted = {"AttachStdout": True, "AttachStderr": True, "Cmd": list(command), "User": user}
        identifier = self.call("POST", f"/containers/{container}/exec", wanted)["Id"]
        output: bytes = self.call("POST", f"/exec/{identifier}/start", {"Detach": False, "Tty": False})
        code: int = self.call("GET", f"/exec/{identifier}/json")["ExitCode"]
        return code, _unframed(output)

    def load(self, tar: IO[bytes], name: str) -> None:
        """Makes an image of one layer."""
        repository, _, tag = name.rpartition(":")
        self.call("POST", "/images/create", tar, fromSrc="-", repo=repository, tag=tag)

    def build(self, context: bytes, name: str, *, dockerfile: str = "Dockerfile") -> None:
        """Builds an image of a tar that holds a Dockerfile."""
        answer: bytes = self.call("POST", "/build", context, t=name, rm="true", dockerfile=dockerfile)
        assert b'"error"' not in answer, answer.decode()

    def _exchange(self, method: str, path: str, body: Body) -> tuple[int, str, bytes]:
        connection = _Connection(self.socket_path)
        data = json.dumps(dict(body)).encode() if isinstance(body, Mapping) else body
        kind = "application/json" if isinstance(body, Mapping) else "application/x-tar"
        try:
            connection.request(method, path, body=data, headers={"Content-Type": kind} if data is not None else {})
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type", ""), answer.read()
        finally:
            connection.close()


class _Connection(http.client.HTTPConnection):
    def __init__(self, socket_path: Path) -> None:
        super().__init__("docker", timeout=180)
        self._path = socket_path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def tar_of(files: Mapping[str, bytes], *, mode: int = 0o644) -> bytes:
    """An archive of files by path, all root's."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _message(data: bytes) -> str:
    try:
        return json.loads(data)["message"]
    except (ValueError, KeyError):
        return data.decode(errors="replace")


def _unframed(data: bytes) -> str:
    found: list[bytes] = []
    while len(data) >= 8:
        size = int.from_bytes(data[4:8], "big")
        found.append(data[8 : 8 + size])
        data = data[8 + size :]
    return b"".join(found).decode(errors="replace")
