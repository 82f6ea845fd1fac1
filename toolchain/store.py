"""The user's cache folder: whole things under a name that holds their pins, each made once.

Owns: `$XDG_CACHE_HOME/slipway` (or `~/.cache/slipway`). A thing is made in a folder of its own and renamed
when it is whole, under a lock: an interrupted run leaves nothing that looks finished, two runs at once work once.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from toolchain.progress import say


def root() -> Path:
    """Slipway's part of the user's cache."""
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".cache") / "slipway"  # relative ones are void by XDG


def place(name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name` of the cache. If it is not there, `make` fills an empty folder that becomes it."""
    final = root() / name
    if final.is_dir():
        return final
    root().mkdir(parents=True, exist_ok=True)
    with alone(root() / f".{name}.lock", name):
        if final.is_dir():
            return final
        partial = root() / f".{name}.partial"
        shutil.rmtree(partial, ignore_errors=True)  # what a killed run left; the lock says that nobody works there
        partial.mkdir()
        try:
            make(partial)
            partial.rename(final)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return final


@contextmanager
def alone(lock: Path, what: str) -> Generator[None]:
    """Holds a lock that ends with the process, however that ends."""
    with lock.open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another run is getting {what}; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
