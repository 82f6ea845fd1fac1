"""amtool of the servers' root folder: reads Alertmanager's configuration, and says who an alert would reach."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.consumers.servers import installed


class Amtool:
    """One amtool, and a folder for what it reads."""

    def __init__(self, scratch: Path) -> None:
        self._root = installed()
        self._scratch = scratch

    def check(self, configuration: str) -> str:
        """`amtool check-config`. The complaint; empty if there is none."""
        done = self._run("check-config", str(self._write(configuration)))
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def receivers(self, configuration: str, labels: Mapping[str, str]) -> str:
        """`amtool config routes test`: whom an alert reaches, separated by commas. It knows no hours."""
        told = [f"{key}={value}" for key, value in labels.items()]
        file = f"--config.file={self._write(configuration)}"
        done = self._run("config", "routes", "test", file, *told)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def _write(self, text: str) -> Path:
        file = self._scratch / "alertmanager.yml"
        file.write_text(text, encoding="utf-8")
        return file

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        # Not by chroot: it needs little of its root folder, and the file lies outside.
        program = self._root / "usr/bin/amtool"
        return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=60)
