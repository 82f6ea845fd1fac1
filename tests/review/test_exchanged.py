"""Images and secrets that get another value are told before the folds, by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from review import exchanged, markdown
from tests.review import corpus

WHERE = "(CronJob shop/restore-drill, Deployment shop/web, Deployment shop/worker, and 1 more)"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("image-bumped", f"another image: ghcr.io/example/web sha256:111111111111 → sha256:222222222222 {WHERE}"),
        (
            "tag-instead-of-digest",
            f"another image: ghcr.io/example/web@sha256:111111111111 → ghcr.io/example/web:2.0 {WHERE}",
        ),
        ("secret-rotated", "a secret gets another value: Secret shop/database-binding (username)"),
    ],
)
def test_one_line_says_what_and_where(name: str, line: str, tmp_path: Path) -> None:
    report = corpus.report(name, tmp_path)
    assert list(exchanged.lines(report.case, report.differences)) == [line]
    above = markdown.render(report).partition("<details>")[0]
    assert f"- {line.partition(':')[0]}: " in above


@pytest.mark.parametrize("name", ["nothing", "replicas-cut", "claim-deleted"])
def test_other_changes_say_nothing(name: str, tmp_path: Path) -> None:
    report = corpus.report(name, tmp_path)
    assert list(exchanged.lines(report.case, report.differences)) == []
