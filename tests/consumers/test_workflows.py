"""The workflows as two readers of them see them, which know more of GitHub's syntax and of its traps than our own tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from toolchain.consumers.workflow_readers import ACTIONLINT, ZIZMOR

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"


def _actionlint(*files: Path) -> subprocess.CompletedProcess[str]:
    command = [ACTIONLINT.need() / "actionlint", "-shellcheck=", "-pyflakes=", *files]  # what a machine happens to have
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def _zizmor(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [ZIZMOR.need() / "bin" / "zizmor", "--offline", "--no-progress", "--format", "plain", folder]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_actionlint_finds_nothing() -> None:
    done = _actionlint(*sorted((GITHUB / "workflows").glob("*.yml")))
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_finds_what_is_wrong(tmp_path: Path) -> None:
    text = (GITHUB / "workflows" / "review.yml").read_text(encoding="utf-8")
    (tmp_path / "review.yml").write_text(text.replace("matrix.project", "matrix.folder"), encoding="utf-8")
    done = _actionlint(tmp_path / "review.yml")
    assert done.returncode != 0
    assert "folder" in done.stdout


def test_zizmor_finds_nothing() -> None:
    done = _zizmor(GITHUB)
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_what_is_wrong(tmp_path: Path) -> None:
    copy = tmp_path / ".github"
    shutil.copytree(GITHUB, copy)
    review = copy / "workflows" / "review.yml"
    review.write_text(
        review.read_text(encoding="utf-8").replace("  pull_request:\n", "  pull_request_target:\n"), encoding="utf-8"
    )
    done = _zizmor(copy)
    assert done.returncode != 0
    assert "dangerous-triggers" in done.stdout
