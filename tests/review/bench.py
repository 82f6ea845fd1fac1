"""An engine that answers what was recorded, and notes what it was told to do."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from review import machine
from review.cli import main
from review.report import Asked, judge
from tests.review import corpus

ENGINE = """#!/bin/sh
echo "$@" >> "$TOLD"
case "$1" in
  stack) case "$2" in export) cat "$ANSWERS/state" ;; output) cat "$ANSWERS/outputs" ;; history) cat "$ANSWERS/history" ;; esac ;;
  preview) for word in "$@"; do case "$last" in --event-log) file=$word ;; esac; last=$word; done
    case "$*" in *--ignore-protect*) cat "$ANSWERS/full" > "$file" ;; *) cat "$ANSWERS/gate" > "$file"; exit "$(cat "$ANSWERS/code")" ;; esac ;;
  up) code=$(head -n 1 "$ANSWERS/ups"); sed -i 1d "$ANSWERS/ups"
    if [ "${code:-0}" != 0 ] && [ -d "$ANSWERS/after" ]; then cp "$ANSWERS"/after/* "$ANSWERS"; fi
    exit "${code:-0}" ;;
  refresh) for word in "$@"; do case "$last" in --event-log) file=$word ;; esac; last=$word; done
    cat "$ANSWERS/refresh" > "$file" ;;
  destroy) exit "$(cat "$ANSWERS/destroyed")" ;;
esac
"""

ORACLE = """#!/bin/sh
cat "$ANSWERS/uid"
"""


class Bench:
    """A folder with an engine, what it answers, and a reviewed report."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        for name, text in (("pulumi", ENGINE), ("kubectl", ORACLE)):
            (folder / name).write_text(text, encoding="utf-8")
            (folder / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("ANSWERS", str(folder))
        monkeypatch.setenv("TOLD", str(folder / "told"))
        (folder / "state").write_text(json.dumps(corpus.load("before")), encoding="utf-8")
        (folder / "uid").write_text("any", encoding="utf-8")
        (folder / "destroyed").write_text("0", encoding="utf-8")
        (folder / "ups").write_text("", encoding="utf-8")  # the exit code of each update; 0 when there is no more

    def answers(self, name: str, *, after: bool = False) -> None:
        """What previews say; with `after`, from the first failed update on."""
        folder = self.folder / "after" if after else self.folder
        folder.mkdir(exist_ok=True)
        recorded = corpus.load(name)
        for part in ("gate", "full"):
            stream = recorded.get(part, recorded["gate"])
            (folder / part).write_text("".join(f"{json.dumps(e)}\n" for e in stream), encoding="utf-8")
        (folder / "code").write_text("255" if "full" in recorded else "0", encoding="utf-8")

    def reviewed(self, name: str, *, rehearsed: bool = False) -> str:
        made = judge(corpus.case(corpus.plan(name, self.folder), corpus.before()), Asked())
        document = {**json.loads(machine.as_json(made)), "rehearsed": rehearsed}
        (self.folder / "report.json").write_text(json.dumps(document), encoding="utf-8")
        return made.fingerprint

    def run(self, *options: str) -> int:
        command = [
            "guard",
            "--stack",
            "dev",
            "--project",
            str(self.folder),
            "--report",
            str(self.folder / "report.json"),
        ]
        return main([*command, "--ledger", str(self.folder / "ledger"), "--by", "somebody", *options])

    def destroy(self, *options: str) -> int:
        command = ["guard", "--destroy", "--stack", "dev", "--project", str(self.folder)]
        return main([*command, "--ledger", str(self.folder / "ledger"), "--by", "somebody", *options])

    def _told(self, operation: str) -> list[str]:
        lines = (self.folder / "told").read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line.partition(" ")[0] == operation]

    @property
    def updated(self) -> list[str]:
        return self._told("up")

    @property
    def destroyed(self) -> list[str]:
        return self._told("destroy")

    @property
    def ledger(self) -> list[str]:
        return [
            json.loads(line)["outcome"] for line in (self.folder / "ledger").read_text(encoding="utf-8").splitlines()
        ]
