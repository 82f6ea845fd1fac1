"""promtool of the servers' root folder: checks rule files, and plays series against them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.consumers.servers import installed


class Promtool:
    """One promtool, and a folder for what it reads."""

    def __init__(self, scratch: Path) -> None:
        self._root = installed()
        self._scratch = scratch

    def check(self, groups: Sequence[Mapping[str, Any]]) -> str:
        """`promtool check rules`, every lint a failure. The complaint; empty if there is none."""
        file = self._write("rules.yaml", {"groups": list(groups)})
        return self._run("check", "rules", "--lint=all", "--lint-fatal", str(file))

    def play(self, groups: Sequence[Mapping[str, Any]], tests: Sequence[Mapping[str, Any]]) -> str:
        """`promtool test rules`. What did not come out as expected; empty if all did."""
        self._write("rules.yaml", {"groups": list(groups)})
        test = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": list(tests)}
        return self._run("test", "rules", str(self._write("tests.yaml", test)))

    def _write(self, name: str, content: Mapping[str, Any]) -> Path:
        file = self._scratch / name
        file.write_text(yaml.safe_dump(content, sort_keys=False, width=1 << 20), encoding="utf-8")
        return file

    def _run(self, *arguments: str) -> str:
        # Not by chroot: it needs little of its root folder, and the files lie outside.
        program = self._root / "usr/bin/promtool"
        run = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=300)
        return "" if run.returncode == 0 else run.stdout + run.stderr


def counted(title: str, minutes: int, series: Mapping[str, str], expected: Mapping[str, int]) -> dict[str, Any]:
    """A promtool test: how many alerts of each name fire after so many minutes; the name `*` means any."""

    def query(name: str) -> str:
        which = "" if name == "*" else f'alertname="{name}",'
        return f'count(ALERTS{{{which}alertstate="firing"}}) or vector(0)'

    return {
        "name": title,
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {"expr": query(name), "eval_time": f"{minutes}m", "exp_samples": [{"labels": "{}", "value": count}]}
            for name, count in expected.items()
        ],
    }
