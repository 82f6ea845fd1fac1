"""What the shipped stacks render to: by the public command, so that its output is what the consumers read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).parent.parent.parent


class Rendered:
    """Stacks by name, each rendered once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def folder(self, stack: str, project: str = ".") -> Path:
        """Where `make render` has put the stack's files."""
        out = self._folder / project / stack
        if not out.is_dir():
            done = subprocess.run(
                [sys.executable, "-m", "rehearsal", "render", "--stack", stack, "--project", project, "--out", out],
                cwd=PROJECT,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"render of {stack} failed:\n{done.stdout}{done.stderr}"
        return out

    def objects(self, stack: str, project: str = ".") -> list[dict[str, Any]]:
        """Kubernetes objects, in the order of their files."""
        files = sorted(self.folder(stack, project).glob("*.yaml"))
        return [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files]

    def resources(self, stack: str) -> list[dict[str, Any]]:
        """Docker resources, in the order of their files."""
        files = sorted(self.folder(stack).glob("*.json"))
        return [json.loads(file.read_text(encoding="utf-8")) for file in files]
