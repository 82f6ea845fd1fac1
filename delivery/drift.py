"""One issue per stack while it has drifted: opened, kept up to date, closed by itself.

Owns: which issue is ours. A look that failed says nothing: it neither opens an issue nor closes one.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from delivery import github, untrusted
from delivery.comment import OURS

LABEL = "drift"
_ARTIFACT = re.compile(r"drift-([a-z][a-z0-9-]{0,40})")


def tell(repository: str, folder: Path, url: str) -> None:
    """For each stack that was looked at: `drift-STACK/exit-code` and `drift-STACK/page.md`."""
    issues = _open(repository)
    for artifact in sorted(folder.iterdir()):
        match = _ARTIFACT.fullmatch(artifact.name)
        if match:
            code = (artifact / "exit-code").read_text(encoding="utf-8").strip()
            sys.stdout.write(f"{match[1]}: {_told(repository, match[1], code, artifact, issues, url)}\n")


def _told(repository: str, stack: str, code: str, artifact: Path, issues: dict[str, int], url: str) -> str:
    number = issues.get(stack)
    if code == "10":
        page = untrusted.text(artifact / "page.md")
        body = f"<!-- slipway-drift {stack} -->\n{page}\nLast seen by [this run]({url}). Look: `pulumi refresh --preview-only --diff -s {stack}`. To take it over, `pulumi refresh`; to undo it, `pulumi up --refresh`. Closes itself when it is gone.\n"
        if number is None:
            sent = {"title": f"Drift in {stack}", "body": body, "labels": [LABEL]}
            github.send("POST", f"repos/{repository}/issues", sent)
            return "has drifted, issue opened"
        github.send("PATCH", f"repos/{repository}/issues/{number}", {"body": body})
        return f"has drifted, issue {number} is up to date"
    if code == "0" and number is not None:
        github.send("POST", f"repos/{repository}/issues/{number}/comments", {"body": f"Gone, says [this run]({url})."})
        github.send("PATCH", f"repos/{repository}/issues/{number}", {"state": "closed", "state_reason": "completed"})
        return f"nothing has drifted, issue {number} closed"
    return (
        "nothing has drifted" if code == "0" else f"could not be looked at (exit {code[:4]}): its issue stays as it is"
    )


def _open(repository: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for issue in github.every(f"repos/{repository}/issues", state="open", labels=LABEL):
        match = re.match(r"<!-- slipway-drift ([a-z][a-z0-9-]{0,40}) -->", issue["body"] or "")
        if match and github.author(issue) == OURS and "pull_request" not in issue:
            found.setdefault(match[1], int(issue["number"]))
    return found
