"""The folder in which a rehearsal remembers what it has made: the engine's state, and the objects behind the stand-ins.

Owns: the marker without which no folder is touched, the lock, and the peace that is made with an interrupted run.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rehearsal.objects import Objects
from rehearsal.problems import RehearsalError
from rehearsal.providers.structs import mapping, sequence

_MARKER = ".slipway-rehearsal"
_FORMAT = "1"


@dataclass(frozen=True, slots=True)
class StateFolder:
    """An opened and locked folder."""

    folder: Path
    lock: IO[str]
    """Handed on to the engine: a folder is busy as long as one of its processes lives."""

    @classmethod
    def open(cls, folder: Path) -> StateFolder:
        marker = folder / _MARKER
        if not marker.is_file():
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                msg = (
                    f"{folder}: was not made by a rehearsal (it has no {_MARKER}) and is not empty; "
                    "give a new or an empty folder, for example --state .cache/rehearsal"
                )
                raise RehearsalError(msg)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            marker.write_text(_FORMAT, encoding="utf-8")
        elif marker.read_text(encoding="utf-8") != _FORMAT:
            msg = f"{folder}: was made by another version of the rehearsal; remove it"
            raise RehearsalError(msg)
        lock = (folder / "lock").open("a", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            msg = (
                f"{folder}: another rehearsal uses it, or the engine of an interrupted one is still ending; wait for it"
            )
            raise RehearsalError(msg) from None
        os.set_inheritable(lock.fileno(), True)
        return cls(folder, lock)

    def close(self) -> None:
        self.lock.close()

    @property
    def backend(self) -> Path:
        return self.folder / "backend"

    def checkpoint(self, project: str, stack: str) -> Path:
        return self.backend / ".pulumi" / "stacks" / project / f"{stack}.json"

    def add_stack(self, project: str, stack: str) -> None:
        """What `pulumi stack init` leaves behind, without the half second that it takes."""
        file = self.checkpoint(project, stack)
        if file.exists():
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        (self.backend / ".pulumi" / "meta.yaml").write_text("version: 1\n", encoding="utf-8")
        empty = {"version": 3, "checkpoint": {"stack": f"organization/{project}/{stack}"}}
        file.write_text(json.dumps(empty), encoding="utf-8")

    def begin(self, run: str, project: str, stack: str) -> None:
        (self.folder / "running").write_text(json.dumps([run, project, stack]), encoding="utf-8")

    def end(self) -> None:
        """The engine has ended by itself: whatever it made, it has written down."""
        (self.folder / "running").unlink(missing_ok=True)

    def reconcile(self, objects: Objects) -> list[str]:
        """After a run that was killed: what a person would do by hand, and a line for each thing done.

        The engine's lock is stale, because we hold ours; what it laid beside a file (`.attrs`, by engines that were not told to
        leave them out) may be half written. Pending operations tell of calls whose answer was lost; an object that such a call had
        made already is in no state, and would be in the way of the next create.
        """
        running = self.folder / "running"
        if not running.exists():
            return []
        run, project, stack = json.loads(running.read_text(encoding="utf-8"))
        engine = self.backend / ".pulumi"
        for file in (*(engine / "locks").rglob("*.json"), *engine.rglob("*.attrs")):
            file.unlink()
        document = json.loads(self.checkpoint(project, stack).read_text(encoding="utf-8"))
        latest = mapping(document["checkpoint"].get("latest"))
        known = {(r["urn"], r.get("id")) for r in sequence(latest.get("resources"))}
        if latest.pop("pending_operations", None):
            _write(self.checkpoint(project, stack), json.dumps(document))
        told: list[str] = []
        for record in objects:
            if record.run == run and (record.urn, record.id) not in known:
                objects.remove(record)
                told.append(
                    f"an interrupted run made {record.urn} and lost the answer; it was removed. In reality: delete or import it"
                )
        self.end()
        return told


def _write(file: Path, text: str) -> None:
    new = file.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(file)
