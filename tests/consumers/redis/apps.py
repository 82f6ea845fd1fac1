"""Apps of the drill: what they wrote, when it was answered, and asking a server as one of them."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.consumers.redis.instance import Instance

WRITER = Path(__file__).with_name("writer.py")


@dataclass(frozen=True)
class Answer:
    number: int
    began: float
    ended: float


class Writer:
    """A running app. Leaving the block stops it."""

    def __init__(self, instance: Instance, app: str, prefix: str, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.prefix = prefix
        self._folder = folder
        settings = instance.binding(app) | {
            "ca": str(instance.tls / "ca.crt"),
            "prefix": prefix,
            "notes": str(folder / "notes"),
            "stop": str(folder / "stop"),
        }
        (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        (folder / "resolv.conf").write_text(
            f"nameserver {instance.network.gateway}\noptions timeout:1 attempts:1\n", encoding="utf-8"
        )
        program = f"exec {sys.executable} {WRITER} {folder / 'settings.json'}"
        self._process = subprocess.Popen(in_network(folder / "resolv.conf", program), stdin=subprocess.DEVNULL)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        (self._folder / "stop").touch()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def acked(self) -> list[Answer]:
        assert self._process.poll() in (None, 0), "the writer broke"
        lines = [
            line.split() for line in self.notes().splitlines() if line.startswith("acked") and line.count(" ") == 3
        ]
        return [Answer(int(n), float(began), float(ended)) for _, n, began, ended in lines]

    def notes(self) -> str:
        path = self._folder / "notes"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def first_after(self, moment: float) -> float | None:
        """Seconds from a moment to the end of the first acknowledged write that began after it."""
        later = [a.ended - moment for a in self.acked() if a.began > moment]
        return min(later) if later else None


def in_network(resolv_conf: Path, command: str) -> list[str]:
    """A shell command whose host names are answered by the instance's network."""
    script = f"mount --bind {resolv_conf} /etc/resolv.conf && {command}"
    return ["unshare", "--mount", "--propagation", "private", "sh", "-euc", script]


def ask(instance: Instance, host: str, user: str, password: str, *command: str, port: int = 6379) -> str:
    """What valkey-cli prints for one command, asked by a user over TLS from a pod that is no server."""
    return lines(instance, host, user, password, *command, port=port).strip()


def lines(instance: Instance, host: str, user: str, password: str, *command: str, port: int = 6379) -> str:
    """The same with empty lines: values that are not there."""
    words = shlex.join(command)
    line = (
        f"REDISCLI_AUTH='{password}' timeout 3 valkey-cli -h {host} -p {port} --tls --cacert /run/tls/ca.crt "
        f"--user {user} {words} 2>&1"
    )
    return instance.bystander.run("sh", "-c", line).stdout


def missing(instance: Instance, writer: Writer, app: str) -> list[int]:
    """Numbers that were acknowledged and that the primary does not hold."""
    (primary,) = instance.primaries()
    password = instance.binding(app)["password"]
    numbers = [answer.number for answer in writer.acked()]
    lost: list[int] = []
    for start in range(0, len(numbers), 500):
        part = numbers[start : start + 500]
        values = ask(instance, primary.host, app, password, "MGET", *(f"{writer.prefix}{n}" for n in part)).splitlines()
        assert len(values) == len(part), values[:3]
        lost += [n for n, value in zip(part, values, strict=True) if value.strip('"') != str(n)]
    return lost
