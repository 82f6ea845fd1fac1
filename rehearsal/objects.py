"""The objects that exist behind the stand-ins, kept beside the state.

Owns: what a cluster or a daemon would remember between two runs, on disk for a state that a person keeps and in memory for a
throw-away one. An object is one file that appears whole or not at all, so that a killed run leaves a readable folder.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.providers.model import Key, RefusalError


@dataclass(frozen=True, slots=True)
class Record:
    """One object."""

    token: str
    id: str
    urn: str
    """Of the resource that made it."""
    run: str
    """Of the engine run that made it."""
    key: Key | None
    outputs: dict[str, Any]

    @property
    def file(self) -> str:
        identity = (
            self.key.digest()
            if self.key is not None
            else hashlib.sha256(f"{self.token}\0{self.id}".encode()).hexdigest()
        )
        return f"{identity[:40]}.json"


class Objects:
    """Safe to use from the threads of several servers."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._records: dict[str, Record] = {}
        if folder is not None:
            folder.mkdir(mode=0o700, exist_ok=True)
            for file in sorted(folder.glob("*.json")):
                self._records[file.name] = _read(file)

    def taken(self, key: Key) -> bool:
        return f"{key.digest()[:40]}.json" in self._records

    def add(self, record: Record) -> None:
        """Raises RefusalError when another object has the name."""
        with self._lock:
            if record.key is not None and record.file in self._records:
                other = self._records[record.file]
                msg = f'"{record.key.name}" already exists; {other.urn} made it'
                raise RefusalError(msg)
            self._put(record)

    def replace(self, record: Record) -> None:
        """After an update; the object stays that of the run that made it."""
        with self._lock:
            before = self._records.get(record.file, record)
            self._put(dataclasses.replace(record, run=before.run))

    def remove(self, record: Record) -> None:
        """Also of an object that is gone already: an interrupted run may have deleted it. A namespace takes its objects with it."""
        with self._lock:
            gone = [record.file]
            if record.key is not None and record.key.kind == "core/Namespace":
                inside = (record.key.place, record.key.name)
                gone += [
                    f
                    for f, r in self._records.items()
                    if r.key is not None and (r.key.place, r.key.namespace) == inside
                ]
            for file in gone:
                self._records.pop(file, None)
                if self._folder is not None:
                    (self._folder / file).unlink(missing_ok=True)

    def find(self, token: str, identifier: str) -> Record | None:
        return next((r for r in self if (r.token, r.id) == (token, identifier)), None)

    def __iter__(self) -> Iterator[Record]:
        with self._lock:
            return iter(list(self._records.values()))

    def _put(self, record: Record) -> None:
        self._records[record.file] = record
        if self._folder is not None:
            new = self._folder / f".{record.file}.new"
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(dataclasses.asdict(record), file)
            new.replace(self._folder / record.file)


def _read(file: Path) -> Record:
    values = json.loads(file.read_text(encoding="utf-8"))
    key = values.pop("key")
    return Record(key=Key(**key) if key is not None else None, **values)
