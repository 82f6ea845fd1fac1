"""One issue per stack, for as long as it has drifted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from delivery.cli import main
from tests.delivery.fake_github import FakeGitHub, installed


@pytest.fixture
def github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGitHub:
    return installed(tmp_path / "github", monkeypatch)


def _issue(number: int, stack: str, author: str = "github-actions[bot]", **more: Any) -> dict[str, Any]:
    return {"number": number, "body": f"<!-- slipway-drift {stack} -->\nold", "user": {"login": author}, **more}


def _tell(folder: Path, **found: int) -> int:
    for stack, code in found.items():
        artifact = folder / "found" / f"drift-{stack}"
        artifact.mkdir(parents=True)
        (artifact / "exit-code").write_text(f"{code}\n", encoding="utf-8")
        (artifact / "page.md").write_text("1 resource has been changed\n\n- Service `door`\n", encoding="utf-8")
    return main(["drift", "--repository", "o/shop", "--url", "https://example.com/1", "--found", str(folder / "found")])


def test_drift_opens_an_issue(github: FakeGitHub, tmp_path: Path) -> None:
    github.answers(issues=[])
    assert _tell(tmp_path, prod=10, staging=0) == 0
    [(method, path, body)] = github.sent
    assert (method, path, body["title"], body["labels"]) == ("POST", "repos/o/shop/issues", "Drift in prod", ["drift"])
    assert body["body"].startswith("<!-- slipway-drift prod -->\n1 resource")


def test_the_next_day_keeps_it_up_to_date(github: FakeGitHub, tmp_path: Path) -> None:
    """Neither one of another stack, nor somebody's own, nor a pull request is it."""
    others = [_issue(1, "staging"), _issue(2, "prod", "somebody"), _issue(3, "prod", pull_request={})]
    github.answers(issues=[*others, _issue(4, "prod")])
    assert _tell(tmp_path, prod=10) == 0
    assert [(method, path) for method, path, _ in github.sent] == [("PATCH", "repos/o/shop/issues/4")]


def test_it_closes_when_the_drift_is_gone(github: FakeGitHub, tmp_path: Path) -> None:
    github.answers(issues=[_issue(4, "prod")])
    assert _tell(tmp_path, prod=0) == 0
    assert [path for _, path, _ in github.sent] == ["repos/o/shop/issues/4/comments", "repos/o/shop/issues/4"]
    assert github.sent[1][2]["state"] == "closed"


@pytest.mark.parametrize("code", [30, 1, 31])
def test_a_look_that_failed_says_nothing(code: int, github: FakeGitHub, tmp_path: Path) -> None:
    github.answers(issues=[_issue(4, "prod")])
    assert _tell(tmp_path, prod=code) == 0
    assert github.sent == []
