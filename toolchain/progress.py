"""What a person sees while something long goes on: on standard error, as standard output is for results."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

EVERY = 15.0
"""Seconds between two signs of life."""

KEPT_LINES = 25
"""How much of a failed program's last words is repeated."""


class UnavailableError(Exception):
    """Something cannot be had on this machine; the text says why and what helps."""


def say(text: str) -> None:
    """One line for the person who waits."""
    sys.stderr.write(f"toolchain: {text}\n")
    sys.stderr.flush()


def run(command: Sequence[str | Path], what: str, *, cwd: Path, env: Mapping[str, str]) -> None:
    """Runs a long program with signs of life. Raises UnavailableError with its last words if it fails."""
    started = time.monotonic()
    last_words: deque[str] = deque(maxlen=KEPT_LINES)
    lines = 0

    with subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:

        def listen() -> None:
            nonlocal lines
            for line in process.stdout or ():
                last_words.append(line)
                lines += 1

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        while True:
            try:
                code = process.wait(timeout=EVERY)
                break
            except subprocess.TimeoutExpired:
                say(f"{what}: {time.monotonic() - started:.0f} s, {lines} steps")
        listener.join()
    if code != 0:
        msg = f"{what} failed (exit code {code}):\n{''.join(last_words).rstrip()}"
        raise UnavailableError(msg)
