"""One comment per stack on a pull request, edited in place with each push.

Owns: which pull request a run was for, which comment is ours, and the warning where a report is its author's own word. The reports
were made by a job without rights, by code of the pull request: they are text to be shown, and nothing else.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from delivery import github, untrusted

OURS = "github-actions[bot]"
"""Who comments with a workflow's own token."""
JUDGES = (".github/", "delivery/", "rehearsal/", "review/", "toolchain/", "requirements")
"""What a report is made by."""

_ARTIFACT = re.compile(r"(rehearsed|real)-([a-z][a-z0-9-]{0,40})")
_MARK = re.compile(r"\A‹!--[^\n]*\n")
"""A report's own mark, made harmless: ours comes instead."""
_QUIET = re.compile(r"\A## \S+ NO CHANGES\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The run of a workflow that made the reports, as GitHub itself tells it."""

    repository: str
    sha: str
    owner: str
    """Of the branch: another one than the repository's for a fork."""
    branch: str
    url: str


def post(run: Run, folder: Path) -> int:
    """Makes or edits the comments. The number of stacks that were spoken of."""
    pull = _pull(run)
    if pull is None:
        sys.stdout.write(f"no open pull request is at {run.sha[:10]} any more: nothing to comment\n")
        return 0
    number = int(pull["number"])
    found = dict(_reports(folder)) if folder.is_dir() else {}
    known = _known(run.repository, number)
    caution = _caution(run, pull, number)
    for stack, (kind, report) in sorted(found.items()):
        body = _body(stack, report, caution, run)
        if stack in known:
            github.send("PATCH", f"repos/{run.repository}/issues/comments/{known[stack]}", {"body": body})
        elif not _QUIET.match(report):
            github.send("POST", f"repos/{run.repository}/issues/{number}/comments", {"body": body})
        sys.stdout.write(f"{stack}: {kind} report on pull request {number}\n")
    return len(found)


def _pull(run: Run) -> Mapping[str, Any] | None:
    """The open pull request whose head the run was for: GitHub names none for a fork, and a run's own word is not taken."""
    pulls = github.every(f"repos/{run.repository}/pulls", state="open", head=f"{run.owner}:{run.branch}")
    return next((pull for pull in pulls if pull["head"]["sha"] == run.sha), None)


def _reports(folder: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """Stack, kind and text; a real preview's comes last and so takes the place of a rehearsal's."""
    for artifact in sorted(folder.iterdir(), key=lambda file: (file.name.startswith("real-"), file.name)):
        match, file = _ARTIFACT.fullmatch(artifact.name), artifact / "report.md"
        if match and file.is_file() and not file.is_symlink() and not artifact.is_symlink():
            yield match[2], (match[1], _MARK.sub("", untrusted.text(file)))


def _known(repository: str, number: int) -> dict[str, int]:
    """Our comments by the stack that they speak of."""
    found: dict[str, int] = {}
    for comment in github.every(f"repos/{repository}/issues/{number}/comments"):
        match = re.match(r"<!-- slipway-review ([a-z][a-z0-9-]{0,40}) -->", comment["body"] or "")
        if match and github.author(comment) == OURS:
            found.setdefault(match[1], int(comment["id"]))
    return found


def _caution(run: Run, pull: Mapping[str, Any], number: int) -> str:
    """What a reader must know of who made the report."""
    names = [str(file["filename"]) for file in github.every(f"repos/{run.repository}/pulls/{number}/files")]
    judges = sorted({name for name in names if name.startswith(JUDGES)})
    if judges:
        more = f" and {len(judges) - 1} more" if len(judges) > 1 else ""
        return f"> ⚠️ This pull request changes what made this report ({untrusted.harmless(judges[0])[:120]}{more}): read those lines before you believe it.\n\n"
    origin = cast("dict[str, Any] | None", pull["head"].get("repo"))
    if origin is None or origin["full_name"] != run.repository:
        return "> ⚠️ From a fork: the report was made while code of its author ran beside it. It is a help to read the change, not a gate.\n\n"
    return ""


def _body(stack: str, report: str, caution: str, run: Run) -> str:
    return f"<!-- slipway-review {stack} -->\n{caution}{report}\n\n*Of {run.sha[:10]}, by [this run]({run.url}), which keeps the page, JSON and SARIF as artefacts. Edited in place with each push.*\n"
