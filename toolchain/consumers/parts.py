"""A part of floor 3: a folder of the user's cache that is there or can be made."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from toolchain import store
from toolchain.progress import UnavailableError, say


@dataclass(frozen=True, kw_only=True)
class Part:
    """Something that tests read, under a name that changes with everything that decides what it holds."""

    title: str
    """For people."""
    folder_name: str
    """In the cache."""
    cost: str
    """What a person waits for, once."""
    make: Callable[[Path], None]
    """Fills an empty folder. Raises UnavailableError if this machine can't."""

    @property
    def folder(self) -> Path:
        """Where it is, once it is there."""
        return store.root() / self.folder_name

    @property
    def is_there(self) -> bool:
        return self.folder.is_dir()

    def get(self) -> Path:
        """Makes it, if it is not there."""
        if not self.is_there:
            say(f"{self.title}: {self.cost}")
        return store.place(self.folder_name, self.make)

    def need(self) -> Path:
        """Its folder. Raises UnavailableError if it is not there: tests get nothing by themselves."""
        if not self.is_there:
            msg = f"{self.title} is not there; `make consumers-setup` gets it"
            raise UnavailableError(msg)
        return self.folder


def pins(*words: str, files: Iterable[Path] = ()) -> str:
    """Short name of what decides a part's content, one per kind of machine."""
    digest = hashlib.sha256(" ".join([*words, sys.platform, platform.machine()]).encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
