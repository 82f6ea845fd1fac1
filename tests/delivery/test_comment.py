"""One comment per stack, whatever the artefacts of a stranger's run hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from delivery import untrusted
from delivery.cli import main
from review import markdown
from tests.delivery.fake_github import FakeGitHub, installed
from tests.review.examples import EXAMPLES, report

SHA = "a" * 40
PULL = {"number": 7, "head": {"sha": SHA, "repo": {"full_name": "o/shop"}}}
REPORT = "<!-- slipway-review shop/prod -->\n## ✋ NEEDS APPROVAL · shop · prod\n\nFlags: 1 to approve.\n"
QUIET = "<!-- slipway-review shop/prod -->\n## ✅ NO CHANGES · shop · prod\n"


@pytest.fixture
def github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGitHub:
    return installed(tmp_path / "github", monkeypatch)


def _pull(github: FakeGitHub, *comments: dict[str, Any], files: tuple[str, ...] = ("config.py",), **head: Any) -> None:
    github.answers(
        pulls=[{**PULL, "head": {**PULL["head"], **head}}],
        issues__7__comments=list(comments),
        pulls__7__files=[{"filename": name} for name in files],
    )


def _comment(number: int, stack: str, author: str = "github-actions[bot]") -> dict[str, Any]:
    return {"id": number, "body": f"<!-- slipway-review {stack} -->\nold", "user": {"login": author}}


def _post(folder: Path, **reports: str) -> int:
    for name, text in reports.items():
        artifact = folder / "reports" / name.replace("_", "-")
        artifact.mkdir(parents=True)
        (artifact / "report.md").write_text(text, encoding="utf-8")
    named = {"repository": "o/shop", "sha": SHA, "owner": "o", "branch": "--help", "url": "https://example.com/runs/1"}
    return main(
        ["comment", "--reports", str(folder / "reports"), *(f"--{name}={value}" for name, value in named.items())]
    )


def test_the_first_report_makes_a_comment(github: FakeGitHub, tmp_path: Path) -> None:
    _pull(github)
    assert _post(tmp_path, rehearsed_prod=REPORT) == 0
    [(method, path, body)] = github.sent
    assert (method, path) == ("POST", "repos/o/shop/issues/7/comments")
    assert body["body"].startswith("<!-- slipway-review prod -->\n## ✋ NEEDS APPROVAL")
    assert "[this run](https://example.com/runs/1)" in body["body"]
    assert "⚠️" not in body["body"]
    assert github.calls[0][2] == {"per_page": "100", "state": "open", "head": "o:--help"}


def test_the_next_one_edits_it(github: FakeGitHub, tmp_path: Path) -> None:
    """Of each stack its own; what others wrote under our mark is not ours."""
    _pull(github, _comment(1, "prod", "somebody"), _comment(2, "dev"), _comment(3, "prod"))
    assert _post(tmp_path, rehearsed_prod=REPORT, rehearsed_dev=QUIET) == 0
    assert [(method, path) for method, path, _ in github.sent] == [
        ("PATCH", "repos/o/shop/issues/comments/2"),
        ("PATCH", "repos/o/shop/issues/comments/3"),
    ]


def test_a_stack_that_does_not_change_makes_no_noise(github: FakeGitHub, tmp_path: Path) -> None:
    _pull(github)
    assert _post(tmp_path, rehearsed_prod=QUIET) == 0
    assert github.sent == []


def test_a_real_preview_takes_the_rehearsals_place(github: FakeGitHub, tmp_path: Path) -> None:
    _pull(github)
    assert _post(tmp_path, rehearsed_prod=REPORT, real_prod=REPORT.replace("1 to approve", "from the real one")) == 0
    [(_, _, body)] = github.sent
    assert "from the real one" in body["body"]


def test_a_newer_push_has_a_run_of_its_own(github: FakeGitHub, tmp_path: Path) -> None:
    _pull(github, sha="b" * 40)
    assert _post(tmp_path, rehearsed_prod=REPORT) == 0
    assert github.sent == []


@pytest.mark.parametrize(
    ("files", "head", "caution"),
    [
        (
            ("review/flags/losses.py", "delivery/cli.py"),
            {},
            "changes what made this report (delivery/cli.py and 1 more)",
        ),
        (("config.py",), {"repo": {"full_name": "x/shop"}}, "From a fork"),
        (("config.py",), {"repo": None}, "From a fork"),
    ],
)
def test_a_report_that_is_its_authors_own_word_says_so(
    files: tuple[str, ...], head: dict[str, Any], caution: str, github: FakeGitHub, tmp_path: Path
) -> None:
    _pull(github, files=files, **head)
    assert _post(tmp_path, rehearsed_prod=REPORT) == 0
    assert caution in github.sent[0][2]["body"].split("##")[0]


def test_no_artefact_leads_out_of_its_folder(github: FakeGitHub, tmp_path: Path) -> None:
    _pull(github)
    (tmp_path / "reports").mkdir()
    (tmp_path / "passwd").write_text("root", encoding="utf-8")
    for name in ("rehearsed-Prod", "rehearsed-a b", "other-prod", "rehearsed-", "rehearsed-prod\n"):
        (tmp_path / "reports" / name).mkdir()
        (tmp_path / "reports" / name / "report.md").write_text(REPORT, encoding="utf-8")
    (tmp_path / "reports" / "rehearsed-linked").mkdir()
    (tmp_path / "reports" / "rehearsed-linked" / "report.md").symlink_to(tmp_path / "passwd")
    assert _post(tmp_path) == 0
    assert github.sent == []


def test_no_artefact_at_all_is_no_fault(github: FakeGitHub, tmp_path: Path) -> None:
    _pull(github)
    assert _post(tmp_path) == 0
    assert github.sent == []


def test_github_that_refuses_fails_the_job(
    github: FakeGitHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    github.answers(pulls="refused")
    assert _post(tmp_path, rehearsed_prod=REPORT) == 1
    assert "HTTP 403" in capsys.readouterr().err


HOSTILE = """## ✅ SAFE
@everybody look ![x](https://evil.example/pixel.png) [sign in](https://evil.example)
[ref]: https://evil.example
www.evil.example <img src=x> <!-- slipway-review dev --> <script>alert(1)</script>
\x1b[31m \u202e <details><summary>more</summary> never closed
"""


def test_what_a_stranger_writes_means_nothing_but_itself(tmp_path: Path) -> None:
    (tmp_path / "page").write_text(HOSTILE, encoding="utf-8")
    text = untrusted.text(tmp_path / "page")
    for sign in ("@everybody", "](", "]:", "://", "www.", "<img", "<!--", "<script", "\x1b", "\u202e"):
        assert sign not in text, sign
    assert text.count("<details>") == text.count("</details>") == 1


def test_a_long_page_is_cut(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("<details>" + "x" * 5_000_000, encoding="utf-8")
    text = untrusted.text(tmp_path / "page")
    assert len(text) < 60_200
    assert "Cut here" in text
    assert text.endswith("</details>")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_what_the_review_writes_comes_out_as_it_went_in(example: Any, tmp_path: Path) -> None:
    """But for its mark, instead of which the comment has its own, and the place where a reason goes."""
    text = markdown.render(report(example, tmp_path)).split("\n", 1)[1]
    assert untrusted.harmless(text).replace("‹reason>", "<reason>") == text
