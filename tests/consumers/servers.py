"""Programs of the servers' root folder, run on this machine's loopback.

Each sees that folder read-only, a folder of the test at /mnt/work, and a /run and /tmp of its own, in mount and process
namespaces that end with it: the cached folder stays as it was, and nothing is left mounted.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.consumers.processes import bare_environment
from toolchain.consumers import machine
from toolchain.consumers.servers import ROOT, SERVERS
from toolchain.progress import UnavailableError

WORK = "/mnt/work"
"""Where a program finds the test's folder."""

ENTER = f"""
set -eu
root=$1 work=$2 user=$3
shift 3
mount --bind "$root" "$root"
cd "$root"
mount -o remount,bind,ro .
for folder in mnt run tmp; do mount -t tmpfs -o mode=1777 tmpfs "$folder"; done
mkdir .{WORK}
mount --bind "$work" .{WORK}
mount --rbind /dev dev
mount -t proc proc proc
exec chroot --userspec="$user" . env HOME=/tmp "$@"
"""


def why_not() -> str | None:
    """The reason why this machine can't run them; None if it can."""
    kind = machine.kind()
    return None if kind == "root" else f"they need root and namespaces, which `{kind}` has not"


def installed() -> Path:
    """The root folder; skips the test where it is not there."""
    try:
        return SERVERS.need() / ROOT
    except UnavailableError as error:
        pytest.skip(f"servers: {error}")


class Servers:
    """The root folder, and how to run what is in it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def command(self, work: Path, *command: str, user: str = "root") -> list[str | Path]:
        """The command line that runs a program as a user of the root folder. `work` becomes that user's; root needs none."""
        entry = self._entry(user)
        if user != "root":
            shutil.chown(work, int(entry[2]), int(entry[3]))
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL"]
        return [*unshare, "sh", "-c", ENTER, "sh", self._root, work, f"{entry[2]}:{entry[3]}", *command]

    def run(self, work: Path, *command: str, user: str = "root") -> str:
        """Both streams of a program that ends. Raises AssertionError with them if it fails."""
        done = subprocess.run(
            self.command(work, *command, user=user),
            env=bare_environment(work),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}"
        return done.stdout

    def postgres_is_ready(self, work: Path, port: int) -> bool:
        """It listens well before it lets anybody in."""
        asked = [postgres_tool("pg_isready"), "--quiet", "-h", "127.0.0.1", "-p", str(port)]
        done = subprocess.run(self.command(work, *asked, user="postgres"), env=bare_environment(work), check=False)
        return done.returncode == 0

    def _entry(self, user: str) -> list[str]:
        """A line of the root folder's passwd: names mean others outside."""
        lines = (self._root / "etc/passwd").read_text(encoding="utf-8").splitlines()
        (entry,) = [line.split(":") for line in lines if line.startswith(f"{user}:")]
        return entry


def postgres_tool(name: str) -> str:
    """A program of PostgreSQL: Debian keeps them by major, off PATH."""
    return f"/usr/lib/postgresql/18/bin/{name}"
