"""There is always a page, and what turns a job red is what blocks or can't be judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from delivery.cli import main
from tests.review.bench import Bench

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    return Bench(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("name", "code", "verdict"),
    [
        ("nothing", 0, "NO CHANGES"),
        ("image-bumped", 0, "SAFE"),
        ("replicas-cut", 0, "NEEDS APPROVAL"),
        ("privileged", 20, "BLOCK"),
    ],
)
def test_a_real_preview(name: str, code: int, verdict: str, bench: Bench) -> None:
    bench.answers(name)
    out = bench.folder / "out"
    assert main(["report", "--stack", "dev", "--project", str(bench.folder), "--out", str(out)]) == code
    page = (out / "report.md").read_text(encoding="utf-8")
    assert verdict in page.splitlines()[1]
    assert (bench.folder / "summary").read_text(encoding="utf-8") == page


def test_what_can_not_be_judged_has_a_page(tmp_path: Path) -> None:
    """The words come from a program, and mean nothing but themselves."""
    command = [
        "report",
        "--stack",
        "dev",
        "--project",
        str(ROOT),
        "--base",
        "no-such-commit@all",
        "--out",
        str(tmp_path),
    ]
    assert main(command) == 30
    page = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert page.startswith("## ⛔ CANNOT JUDGE · dev\n")
    assert "no such commit" in page
    assert "@all" not in page


def test_an_accepted_flag_is_read_from_the_release_file(bench: Bench) -> None:
    fingerprint = bench.reviewed("privileged")
    bench.answers("privileged")
    urns = [
        w
        for line in (bench.folder / "report.json").read_text(encoding="utf-8").split('"')
        if line.startswith("accept: F7")
        for w in [line]
    ]
    (bench.folder / "releases").mkdir()
    lines = "\n".join(urn.replace("<reason>", "for one day") for urn in urns)
    (bench.folder / "releases" / "dev").write_text(f"report: {fingerprint[:12]}\n{lines}\n", encoding="utf-8")
    out = bench.folder / "out"
    assert main(["report", "--stack", "dev", "--project", str(bench.folder), "--out", str(out)]) == 0
    assert "for one day" in (out / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("result", "code", "left"), [("succeeded", 0, "0"), ("failed", 30, "30")])
def test_a_look_leaves_its_end(result: str, code: int, left: str, bench: Bench) -> None:
    (bench.folder / "refresh").write_text(
        f'{{"summaryEvent": {{"isPreview": true, "result": "{result}"}}}}\n', encoding="utf-8"
    )
    out = bench.folder / "drift"
    assert main(["look", "--stack", "dev", "--project", str(bench.folder), "--out", str(out)]) == code
    assert (out / "exit-code").read_text(encoding="utf-8").strip() == left
