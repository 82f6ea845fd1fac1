"""One run of the engine's CLI: started, listened to, ended.

Owns: the process and its signals. The engine runs in a session of its own, so that a terminal's Ctrl-C reaches it once, through
us, and nothing of it outlives us.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rehearsal import guard
from rehearsal.guard import end_session

GRACE = 20.0
"""Seconds that an engine gets to write its state after it was told to stop."""

Line = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Command:
    """What is run, and where."""

    words: Sequence[str | Path]
    folder: Path
    environment: Mapping[str, str]
    kept: int
    """A descriptor that the engine inherits."""
    temporary: Path
    """Removed by the guard if we are killed."""


def run(command: Command, tell: Line) -> int:
    """The exit code; `tell` gets every line of both outputs."""
    with _default_interrupt():
        process = subprocess.Popen(
            command.words,
            cwd=command.folder,
            env=dict(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=[command.kept],
        )
    with _forwarded(process), _guarded(process.pid, command.temporary):
        try:
            for line in process.stdout or ():
                tell(line.rstrip("\n"))
            return process.wait()
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """Nothing of the engine's session survives: its language host and the program are in it too."""
    end_session(process.pid)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


@contextmanager
def _guarded(session: int, folder: Path) -> Generator[None]:
    """Something that does it when we are killed; it is told by the end of a pipe."""
    command = [sys.executable, "-I", "-S", guard.__file__, str(session), folder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as waiting:
        try:
            yield
        finally:
            waiting.kill()


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextmanager
def _default_interrupt() -> Generator[None]:
    """An ignored SIGINT is inherited, and an engine that ignores it takes five seconds longer; a handler is not inherited."""
    ignored = _in_main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if ignored:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        if ignored:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _forwarded(process: subprocess.Popen[str]) -> Generator[None]:
    """SIGINT and SIGTERM to us become one SIGINT to the engine, which ends in good order; after the grace it is killed."""
    if not _in_main_thread():
        yield
        return
    timers: list[threading.Timer] = []

    def stop(_number: int, _frame: FrameType | None) -> None:
        process.send_signal(signal.SIGINT)
        if not timers:
            timers.append(threading.Timer(GRACE, process.kill))
            timers[0].start()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for timer in timers:
            timer.cancel()
