"""A real Docker daemon in namespaces of its own: its bridges, rules, ports, mounts and processes end with it.

A daemon that runs on the machine already is neither seen nor disturbed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.consumers.docker_api import Docker
from tests.consumers.processes import Processes, bare_environment, children, end
from toolchain.consumers import machine

OUTSIDE = "203.0.113.1"
"""A machine beyond this one (RFC 5737), for what only a way out may reach."""

MACHINE = "203.0.113.2"
"""The machine that the daemon believes to be on, as seen from outside."""

START = """
set -eu
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
mkdir -p /var/lib/docker "$1"
mount --bind "$1" /var/lib/docker
shift
ip link set lo up
exec "$@"
"""
"""A /run of its own keeps sockets, locks and network namespaces apart from those of another daemon. What it keeps is where
a stack's agents look for it, as its socket is."""


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """The daemon, and the machine that it believes to be on."""

    docker: Docker
    pid: int
    outside_pid: int
    cgroup: str

    def on_host(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a program where the daemon's ports are published."""
        return _run([*in_network_of(self.pid), *command])

    def from_outside(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a program on the machine at OUTSIDE."""
        return _run([*in_network_of(self.outside_pid), *command])

    def cgroup_file(self, container: str, controllers: tuple[tuple[str, str], ...]) -> str:
        """A limit as the kernel has it: the first that exists of (controller, file), for both versions of cgroups."""
        identifier: str = self.docker.inspect(container)["Id"]
        for controller, file in controllers:
            path = CGROUPS / controller / self.cgroup / identifier / file
            if path.exists():
                return path.read_text(encoding="utf-8").strip()
        msg = f"none of {controllers} of {container}"
        raise AssertionError(msg)


CGROUPS = Path("/sys/fs/cgroup")


def in_network_of(pid: int) -> list[str]:
    """A prefix that runs a program in another process's network."""
    return ["nsenter", f"--net=/proc/{pid}/ns/net", "--"]


def _run(command: list[str | Path]) -> subprocess.CompletedProcess[str]:
    environment = {**bare_environment(Path("/")), "PATH": machine.SYSTEM_PATH}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def _connect(pid: int, outside_pid: int) -> None:
    """A cable between the two machines. Nothing is routed back: what leaves a container has the machine's own address."""
    for network, command in (
        (pid, f"ip link add out type veth peer name in netns {outside_pid}"),
        (pid, f"ip addr add {MACHINE}/24 dev out"),
        (pid, "ip link set out up"),
        (outside_pid, f"ip addr add {OUTSIDE}/24 dev in"),
        (outside_pid, "ip link set in up"),
    ):
        done = _run([*in_network_of(network), *command.split()])
        assert done.returncode == 0, f"{command}: {done.stderr}"


def why_not() -> str | None:
    """The reason why this machine can't run a daemon; None if it can."""
    match machine.kind():
        case "root":
            return None
        case "confined":
            return "this process may not make namespaces"
        case "user":
            return "needs root"
        case "other":
            return "needs Linux"


@contextmanager
def running(folder: Path) -> Generator[Daemon]:
    """A daemon without images, ready. All that it made ends with the block."""
    docker = Docker(folder / "docker.sock")
    cgroup = f"slipway-{os.getpid()}"
    with Processes(folder) as processes:
        unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"]
        daemon = [
            _program("dockerd"),
            f"--host=unix://{docker.socket_path}",
            "--host=unix:///run/docker.sock",
            f"--data-root={folder / 'data'}",
            f"--cgroup-parent=/{cgroup}",
            "--storage-driver=overlay2",
            "--log-level=warn",
        ]
        environment = {**bare_environment(folder), "PATH": machine.SYSTEM_PATH}
        outside = processes.start("outside", ["unshare", "--net", "sleep", "infinity"])
        process = processes.start(
            "dockerd", [*unshare, "sh", "-c", START, "sh", folder / "data", *daemon], env=environment
        )
        try:
            processes.wait_until("the daemon answers", docker.is_up)
            (pid,) = children(process.pid)
            _connect(pid, outside.pid)
            yield Daemon(docker=docker, pid=pid, outside_pid=outside.pid, cgroup=cgroup)
        finally:
            end(process, seconds=30)  # it ends its containers first
            _remove_cgroups(cgroup)
            shutil.rmtree(folder / "data", ignore_errors=True)


def _program(name: str) -> Path:
    found = machine.program(name)
    assert found is not None, f"{name} is not installed; `make consumers-setup` gets it"
    return found


def _remove_cgroups(cgroup: str) -> None:
    for top in (CGROUPS, *CGROUPS.iterdir()):
        for folder, _, _ in os.walk(top / cgroup, topdown=False):
            Path(folder).rmdir()
