"""A machine of its own for a PostgreSQL server: the servers' root folder under an overlay, loopback, processes.

Whatever runs in it may write anywhere, as in a container, and all of it ends with the block.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.consumers.processes import Processes, bare_environment
from tests.consumers.servers import installed
from toolchain.consumers import machine

BIN = "/usr/lib/postgresql/18/bin"
PGDATA = "/var/lib/postgresql/18/docker"
USER = "postgres"

START = f"""
set -eu
mkdir -p upper work root
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=upper,workdir=work" root
mount -t proc proc root/proc
mount --bind /dev root/dev
ip link set lo up 2> /dev/null || "$LOWER/usr/bin/busybox" ip link set lo up
exec chroot root sh -euc '
    rm -rf /var/lib/postgresql/* && mkdir -p {PGDATA} /archive/wal /archive/base /run/postgresql
    chown -R {USER} /var/lib/postgresql /archive /run/postgresql
    su {USER} -s /bin/sh -c "{BIN}/initdb -D {PGDATA} -U postgres --data-checksums --encoding=UTF8 --auth-host=scram-sha-256" > /dev/null
    touch /ready
    exec sleep infinity
'
"""


class Machine:
    """What runs on it."""

    def __init__(self, folder: Path, processes: Processes, first: int) -> None:
        self._folder, self._processes, self._first = folder, processes, first

    def write(self, path: str, content: str, reader: str | None = None) -> None:
        """A file for everybody, or for one user alone."""
        rights = f"chmod 0644 {path}" if reader is None else f"chmod 0400 {path} && chown {reader} {path}"
        self.run(["sh", "-euc", f"mkdir -p {Path(path).parent} && cat > {path} && {rights}"], stdin=content)

    def install(self, program: Path) -> None:
        """A static program that the servers' root folder has not."""
        shutil.copy(program, f"/proc/{self._first}/root/usr/local/bin")

    def run(
        self, command: Sequence[str], *, stdin: str = "", check: bool = True, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """As root."""
        done = subprocess.run(
            self._inside(command, variables or {}),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done

    def script(self, text: str, **variables: str) -> str:
        """As the server's user, as `docker exec ... sh -euc` does."""
        command = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "sh", "-euc", text]
        return self.run(command, variables={"PGDATA": PGDATA, **variables}).stdout

    def sql(self, text: str, database: str = "postgres") -> str:
        done = self.script(
            f"psql -h /run/postgresql -U postgres -X -Atq -v ON_ERROR_STOP=1 -d {database} -f - <<'END'\n{text}\nEND"
        )
        return done.strip()

    def start(self, name: str, command: Sequence[str], user: str = USER, **variables: str) -> None:
        as_user = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", *command]
        self._processes.start(name, self._inside(as_user, variables), env=bare_environment(self._folder))

    def start_server(self, parameters: Sequence[str]) -> None:
        self.start("server", [f"{BIN}/postgres", "-D", PGDATA, *parameters])
        self._processes.wait_until("the server answers", self.answers)

    def stop_server(self) -> None:
        self.script(f"{BIN}/pg_ctl -D {PGDATA} stop -m fast -w")
        self._processes.forget("server")

    def forget_server(self) -> None:
        """After it was killed."""
        self._processes.forget("server")

    def answers(self) -> bool:
        return self.run([f"{BIN}/pg_isready", "-h", "127.0.0.1", "-U", "postgres"], check=False).returncode == 0

    def wait_until(self, what: str, command: Sequence[str]) -> None:
        self._processes.wait_until(what, lambda: self.run(command, check=False).returncode == 0)

    def _inside(self, command: Sequence[str], variables: Mapping[str, str]) -> list[str]:
        told = [
            f"{name}={value}"
            for name, value in {"PATH": f"{BIN}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **variables}.items()
        ]
        enter = ["nsenter", f"--target={self._first}", "--mount", "--net", "--pid", "--root", "--"]
        return [*enter, "env", "-i", *told, *command]


@contextmanager
def running(folder: Path) -> Generator[Machine]:
    """A machine with an empty server that is not started yet."""
    if machine.kind() != "root":
        pytest.skip("namespaces: needs root and namespaces of its own")
    lower = installed()
    with Processes(folder) as processes:
        environment = {**bare_environment(folder), "LOWER": str(lower)}
        namespaces = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child=KILL", "--"]
        outer = processes.start("machine", [*namespaces, "sh", "-euc", START], cwd=folder, env=environment)
        processes.wait_until("the machine is ready", (folder / "upper/ready").exists)
        children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text(encoding="utf-8").split()
        yield Machine(folder, processes, int(children[0]))
