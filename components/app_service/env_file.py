"""A developer's own variables: an `.env` file as `make env` writes it, filled in."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import pulumi

_LINE = re.compile(r"(?:export )?(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>.*)")
_QUOTED = re.compile(r"'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"")


def variables(app: str, file: str | None, theirs: Collection[str] = ()) -> dict[str, str]:
    """NAME=VALUE by lines; a `#` after a space begins a comment, and an empty value leaves the variable to the stack.

    So do the names in `theirs`, which connections bring: a file for outside the container says 127.0.0.1, where inside it
    nobody listens.

    Raises pulumi.RunError if the file is not there, or a line is neither of it; the line itself is not repeated.
    """
    if file is None:
        return {}
    path = Path(file)
    if not path.is_file():
        msg = f"app_services.{app}.docker.env_file: {file} is not there; write it: make env APP={app} > {file}"
        raise pulumi.RunError(msg)
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if (match := _LINE.fullmatch(text)) is None:
            msg = f"app_services.{app}.docker.env_file: {file}:{number}: must be NAME=VALUE; e.g. LOG_LEVEL=debug"
            raise pulumi.RunError(msg)
        if match["name"] not in theirs and (value := _value(match["value"])):
            found[match["name"]] = value
    return found


def _value(text: str) -> str:
    if quoted := _QUOTED.match(text):
        return quoted["single"] if quoted["single"] is not None else quoted["double"]
    return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].strip()
