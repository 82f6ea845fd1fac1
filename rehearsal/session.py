"""A rehearsal of one stack: several runs of the engine on one state.

Owns: the order of things - state folder, objects, stand-ins, scratch project, engine - and their end. `Session` is what the
command line, the tests and the review use; it prints nothing but what a caller's `tell` does with the lines.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rehearsal import engine_run, environment, scratch
from rehearsal.objects import Objects
from rehearsal.problems import RehearsalError
from rehearsal.providers import computed
from rehearsal.providers.sdk import installed
from rehearsal.providers.server import Servers
from rehearsal.state import StateFolder
from toolchain import engine

_ENDED = re.compile(r"error: an unhandled error occurred: program exited with non-zero exit code: \d+\s*$")
"""The language host's own words for it; they name no cause."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

NOT_CHECKED = "CRDs present, admission, quota, images, what charts make, live drift"


@dataclass(frozen=True, slots=True)
class Result:
    """One run of the engine."""

    exit_code: int
    text: str
    events: Path
    """The engine's event log, one JSON object per line; it lives as long as the session."""
    changes: dict[str, int]
    """Number of resources by operation, empty when the run failed before its end."""
    notes: tuple[str, ...]
    """What the rehearsal made up or assumed."""


class Session:
    """Context manager. Without `state` everything is thrown away at its end; with it, the next session goes on from there."""

    def __init__(
        self,
        project: Path,
        stack: str,
        *,
        stack_text: str | None = None,
        state: Path | None = None,
        venv: Path | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.project = project
        """May be changed between runs: another version of the program on the same state."""
        self.stack = stack
        self.stack_text = stack_text
        """Instead of the stack file's own text; may be changed between runs."""
        self.venv = venv if venv is not None else Path(sys.prefix)
        self.tell = tell
        self._durable = state
        self._open = ExitStack()
        self._runs = 0
        self._told: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self._engine = engine.ensure()
            self._temporary = Path(opening.enter_context(tempfile.TemporaryDirectory(prefix="slipway-rehearsal-")))
            self._state = StateFolder.open(self._durable if self._durable is not None else self._temporary / "state")
            opening.callback(self._state.close)
            self._objects = Objects(self._state.folder / "objects" if self._durable is not None else None)
            self._told = tuple(self._state.reconcile(self._objects))
            environment.prepare_home(self._temporary / "home")
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def preview(self, *options: str) -> Result:
        return self._run("preview", options)

    def up(self, *options: str) -> Result:
        return self._run("up", ("--skip-preview", "--yes", *options))

    def destroy(self, *options: str) -> Result:
        return self._run("destroy", ("--skip-preview", "--yes", *options))

    def export(self) -> dict[str, Any]:
        """`pulumi stack export` of the state as it is, secrets in plaintext: they are placeholders."""
        places, _, _ = self._prepared()
        answer = subprocess.run(
            [self._engine / "pulumi", "stack", "export", "--stack", self.stack, "--show-secrets"],
            cwd=places.project,
            env=environment.build(places, "", durable=True),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            msg = f"the state can't be exported: {answer.stderr.strip()}"
            raise RehearsalError(msg)
        return json.loads(answer.stdout)

    def _run(self, operation: str, options: Sequence[str]) -> Result:
        places, prepared, name = self._prepared()
        self._runs += 1
        events = self._temporary / f"events-{self._runs}.json"
        command = [
            *(self._engine / "pulumi", operation, "--stack", self.stack, "--non-interactive"),
            *("--event-log", str(events), *options),
        ]
        packages = installed(_site_packages(self.venv))
        places.silent.write_text(json.dumps(computed.silent(packages)), encoding="utf-8")
        lines: list[str] = []

        def hear(line: str) -> None:
            if not _echo(line, lines):
                lines.append(line)
                self.tell(line)

        run = uuid.uuid4().hex
        if operation != "preview":
            self._state.begin(run, name, self.stack)
        with Servers(packages, self._objects, prepared.namespaces, run) as servers:
            build = environment.build(places, servers.addresses, durable=self._durable is not None)
            lock = self._state.lock.fileno()
            exit_code = engine_run.run(engine_run.Command(command, places.project, build, lock, self._temporary), hear)
        if operation != "preview":
            self._state.end()
        guessed = [
            f"{p}: no stand-in describes this package; its replacements show as updates" for p in servers.guessed()
        ]
        notes = (*self._told, *_notes(prepared, name), *guessed)
        self._told = ()
        return Result(exit_code, "\n".join(lines), events, _changes(events), notes)

    def _prepared(self) -> tuple[environment.Places, scratch.Prepared, str]:
        project = scratch.Project.read(self.project.resolve())
        folder = self._temporary / "project"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        prepared = scratch.prepare(project, self.stack, self.stack_text, folder, self._engine, self.venv)
        self._state.add_stack(project.name, self.stack)
        places = environment.Places(
            engine=self._engine,
            venv=self.venv,
            home=self._temporary / "home",
            backend=self._state.backend,
            project=folder,
            temporary=self._temporary,
            silent=self._temporary / "silent.json",
        )
        return places, prepared, project.name


def _echo(line: str, before: Sequence[str]) -> bool:
    """Whether the language host only repeats that the program ended, after the program itself has said why."""
    return _ENDED.search(_COLOUR.sub("", line)) is not None and any("error:" in other for other in before)


def _site_packages(venv: Path) -> Path:
    found = sorted(venv.glob("lib/python3.*/site-packages"))
    if not found:
        msg = f"{venv}: is not a virtual environment; run the rehearsal with the project's own: .venv/bin/python"
        raise RehearsalError(msg)
    return found[-1]


def _changes(events: Path) -> dict[str, int]:
    if not events.exists():
        return {}
    with events.open(encoding="utf-8") as file:
        for line in file:
            if '"summaryEvent"' in line:
                return dict(json.loads(line)["summaryEvent"]["resourceChanges"] or {})
    return {}


def _notes(prepared: scratch.Prepared, project: str) -> list[str]:
    notes: list[str] = []
    if prepared.replaced:
        notes.append(f"{Path(prepared.file).name}: placeholders stand in for secret values: {prepared.replaced}")
    notes += [
        f"secret `{name}` is not set, a placeholder stands in for it: set it with `pulumi config set --secret --path {project}:secrets.{name}`"
        for name in prepared.missing
    ]
    if prepared.namespaces:
        notes.append(
            f"taken to exist because the stack file names them: namespaces {', '.join(sorted(prepared.namespaces))}"
        )
    return notes


__all__ = ["NOT_CHECKED", "Result", "Session"]
