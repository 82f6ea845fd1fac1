"""GitHub's REST interface through `gh`, which reads its token from GH_TOKEN.

Owns: how it is called: values travel as JSON on standard input, never as words of a shell.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from typing import Any, cast


class GitHubError(Exception):
    """GitHub refused, or can't be reached."""


class NotFoundError(GitHubError):
    """There is no such thing, or the token may not see it."""


def get(path: str) -> dict[str, Any]:
    """One answer."""
    return json.loads(_gh("api", "--method", "GET", path))


def every(path: str, **query: str) -> list[dict[str, Any]]:
    """All entries of a list, whatever number of pages it has."""
    fields = [word for name, value in query.items() for word in ("--raw-field", f"{name}={value}")]
    pages = json.loads(
        _gh("api", "--method", "GET", "--paginate", "--slurp", path, "--raw-field", "per_page=100", *fields)
    )
    return [entry for page in cast("list[list[dict[str, Any]]]", pages) for entry in page]


def author(entry: Mapping[str, Any]) -> str:
    """Who wrote a comment or an issue; nobody, if the account is gone."""
    user = cast("dict[str, Any] | None", entry.get("user"))
    return str(user["login"]) if user is not None else ""


def send(method: str, path: str, body: Mapping[str, Any]) -> None:
    _gh("api", "--method", method, path, "--input", "-", sent=json.dumps(body))


def _gh(*arguments: str, sent: str | None = None) -> str:
    done = subprocess.run(["gh", *arguments], input=sent, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return done.stdout
    kind = NotFoundError if "HTTP 404" in done.stderr else GitHubError
    msg = f"gh {' '.join(arguments[:4])}: {done.stderr.strip()}"
    raise kind(msg)
