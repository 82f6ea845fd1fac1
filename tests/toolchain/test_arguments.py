"""The command first, its options behind it: every program of ours says so alike, and takes it so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = {
    "rehearsal": ("preview", "up", "render", "diff"),
    "review": ("report", "diff", "preview", "drift", "guard"),
    "delivery": ("report", "release", "look", "comment", "drift"),
    "recovery": ("backup", "restore"),
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_option_before_the_command_is_told_where_it_stands(program: str) -> None:
    done = run(program, "--stack", "prod", PROGRAMS[program][0])
    assert done.returncode == 2
    assert f"options stand behind the command: python -m {program} " in done.stderr
    example = done.stderr.rpartition(f"python -m {program} ")[2].split()
    assert example[0] in PROGRAMS[program]
    assert example[1] == "--stack"


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_names_every_command_and_how_each_is_called(program: str) -> None:
    told = run(program, "--help")
    assert (told.returncode, told.stdout.split()[:4]) == (0, ["usage:", "python", "-m", program])
    for command in PROGRAMS[program]:
        assert f"\n    {command} " in told.stdout
    one = run(program, PROGRAMS[program][0], "--help").stdout
    assert one.startswith(f"usage: python -m {program} {PROGRAMS[program][0]} [-h]")
