"""A `gh` that answers what a test gives it, and notes what it was asked and sent."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """#!/usr/bin/env -S python3 -I -S
import json, os, pathlib, sys
folder = pathlib.Path(os.environ["FAKE_GITHUB"])
words = sys.argv[1:]
assert words[0] == "api", words
method = words[words.index("--method") + 1]
path = next(word for word in words if word.startswith("repos/"))
query = dict(words[n + 1].split("=", 1) for n, word in enumerate(words) if word == "--raw-field")
sent = json.loads(sys.stdin.read()) if "--input" in words else None
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps([method, path, query, sent]) + "\\n")
answers = json.loads((folder / "answers").read_text())
if method == "GET" and path not in answers:
    sys.exit("gh: Not Found (HTTP 404)")
if answers.get(path) == "refused":
    sys.exit("gh: Resource not accessible by integration (HTTP 403)")
if method == "GET":
    print(json.dumps([answers[path][:1], answers[path][1:]] if "--slurp" in words else answers[path]))
"""
"""Lists come in two pages."""


@dataclass
class FakeGitHub:
    folder: Path

    def answers(self, **given: Any) -> None:
        """By path below the repository, `/` written as two underscores."""
        paths = {f"repos/o/shop/{name.replace('__', '/')}": value for name, value in given.items()}
        (self.folder / "answers").write_text(json.dumps(paths), encoding="utf-8")

    @property
    def calls(self) -> list[tuple[str, str, dict[str, str], dict[str, Any] | None]]:
        file = self.folder / "calls"
        return (
            [tuple(json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
        )

    @property
    def sent(self) -> list[tuple[str, str, dict[str, Any]]]:
        """What would have changed something."""
        return [(method, path, body) for method, path, _, body in self.calls if method != "GET" and body is not None]


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGitHub:
    folder.mkdir()
    (folder / "gh").write_text(PROGRAM, encoding="utf-8")
    (folder / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_GITHUB", str(folder))
    made = FakeGitHub(folder)
    made.answers()
    return made
