"""Signs of life, and last words."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from toolchain import progress


def test_a_long_program_gives_signs_of_life(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.2)
    command = [sys.executable, "-c", "import time; print('one', flush=True); time.sleep(0.7)"]
    progress.run(command, "waiting", cwd=tmp_path, env=dict(os.environ))
    captured = capsys.readouterr()
    assert "toolchain: waiting: " in captured.err
    assert "1 steps" in captured.err
    assert captured.out == ""


def test_a_failed_program_has_the_last_word(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "import sys; [print('line', n, file=sys.stderr) for n in range(100)]; sys.exit('no such module')",
    ]
    with pytest.raises(progress.UnavailableError) as caught:
        progress.run(command, "building", cwd=tmp_path, env=dict(os.environ))
    lines = str(caught.value).splitlines()
    assert lines[0] == "building failed (exit code 1):"
    assert "no such module" in lines
    assert len(lines) == progress.KEPT_LINES + 1
