"""The eight examples: each verdict right, each page what the review says today."""

from __future__ import annotations

from pathlib import Path

import pytest

from review.flags import FLAGS, Grade
from tests.review.examples import DOCS, EXAMPLES, FIRES, Example, pages, report, tables


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_verdict(example: Example, tmp_path: Path) -> None:
    made = report(example, tmp_path)
    raised = {f"{f.flag}{'!' if f.grade is Grade.BLOCK else ''}" for f in made.findings}
    assert (made.verdict, raised) == (example.verdict, set(example.flags))


def test_the_rename_is_told_what_an_alias_can_and_cannot_do(tmp_path: Path) -> None:
    renamed = next(e for e in EXAMPLES if e.name == "database-renamed")
    found = next(f for f in report(renamed, tmp_path).findings if f.flag == "F3")
    assert 'aliases=[pulumi.Alias(name="main")]' in found.remedy
    assert "blocksight-prod/main → blocksight-prod/primary" in found.remedy


def test_pages_are_current(tmp_path: Path) -> None:
    for name, text in pages(tmp_path).items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, f"{name}: python -m tests.review.examples docs FOLDER"
    assert (DOCS.parent / "review-tables.md").read_text(encoding="utf-8") == tables(tmp_path)
    assert {f"{e.name}.png" for e in EXAMPLES} <= {file.name for file in DOCS.iterdir()}


def test_every_flag_is_explained() -> None:
    assert set(FIRES) == set(FLAGS)
