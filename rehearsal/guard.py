"""Ends the engine's whole session and removes its folder when the rehearsal is gone: as a program, it waits for the end of stdin.

A killed rehearsal can't clean up after itself, and the engine puts its plugins into process groups of their own: a language host
notices only after minutes that nobody talks to it. Standard library only, and no import of ours: it starts in 10 ms.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path


def end_session(session: int) -> None:
    """Kills every process of a session, its leader last: as long as one lives, the number belongs to nobody else."""
    for pid in sorted(_processes(), key=lambda p: p == session):
        try:
            if os.getsid(pid) == session:
                os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def _processes() -> list[int]:
    proc = Path("/proc")
    if (proc / "self").exists():
        return [int(entry.name) for entry in proc.iterdir() if entry.name.isdigit()]
    listed = subprocess.run(["ps", "-axo", "pid="], capture_output=True, text=True, check=False)
    return [int(pid) for pid in listed.stdout.split()]


if __name__ == "__main__":
    sys.stdin.read()
    end_session(int(sys.argv[1]))
    shutil.rmtree(sys.argv[2], ignore_errors=True)
