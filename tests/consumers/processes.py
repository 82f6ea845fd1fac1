"""Real programs under test: started with a log of their own, ended with the test session, however that ends."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

LAST_LINES = 15
"""How much of a log an error repeats."""


class Processes:
    """Programs that run side by side. Leaving the block ends them, the last started first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._files = ExitStack()

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _, process in reversed(self._running):
            end(process)
        self._files.close()

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Starts a program whose output goes to `<folder>/<name>.log`."""
        log = self._files.enter_context(self.log(name).open("wb"))
        process = subprocess.Popen(
            [*_dies_with_us(), *command],
            cwd=self._folder if cwd is None else cwd,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the tests, which then end these in order
        )
        self._running.append((name, process))
        return process

    def forget(self, name: str) -> None:
        """A program that was told to end, and does."""
        for running in [each for each in self._running if each[0] == name]:
            running[1].wait(timeout=60)
            self._running.remove(running)

    def log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def wait_until(self, what: str, is_so: Callable[[], bool], *, seconds: float = 120) -> None:
        """Waits for something that these programs do. Raises AssertionError with their last words if it does not happen."""
        until = time.monotonic() + seconds
        while not is_so():
            for name, process in self._running:
                code = process.poll()
                assert code is None, f"{name} ended with {code}:\n{self._last_words(name)}"
            if time.monotonic() > until:
                words = "\n".join(f"--- {name}\n{self._last_words(name)}" for name, _ in self._running)
                msg = f"not after {seconds:.0f} s: {what}\n{words}"
                raise AssertionError(msg)
            time.sleep(0.1)

    def _last_words(self, name: str) -> str:
        return "\n".join(self.log(name).read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:])


def _dies_with_us() -> list[str]:
    """A prefix that makes the kernel end a program when the tests are killed before they can."""
    setpriv = shutil.which("setpriv")
    return [] if setpriv is None else [setpriv, "--pdeathsig", "KILL"]


def end(process: subprocess.Popen[bytes], *, seconds: float = 10) -> None:
    """Asks a program to end, then makes it."""
    if process.poll() is None:
        for pid in (*children(process.pid), process.pid):  # `unshare` leaves signals to what it has started
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def children(pid: int) -> list[int]:
    """Processes that one has started itself."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in listed.read_text(encoding="utf-8").split()] if listed.exists() else []


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on."""
    with ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def listens(port: int) -> bool:
    """Whether somebody accepts connections on a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def bare_environment(home: Path) -> dict[str, str]:
    """Nothing of the caller's but PATH: no kubeconfig, no token, no proxy."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LC_ALL": "C.UTF-8"}
