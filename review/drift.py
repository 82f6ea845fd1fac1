"""What somebody else has changed: the stream of `pulumi refresh --preview-only`.

Owns: a refresh tells what it found in the event after its step, not in the step as every other operation does.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from review import markdown
from review.events import events
from review.problems import CannotJudgeError
from review.values import mapping, text

SHOWN = 100
"""Resources that a page names."""

_FOUND = frozenset({"update", "delete", "replace"})


def read(file: Path) -> frozenset[str]:
    """URNs."""
    drifted: set[str] = set()
    ended = False
    for event, _ in events(file):
        metadata = mapping(mapping(event.get("resOutputsEvent")).get("metadata"))
        if text(metadata.get("op")) in _FOUND:
            drifted.add(text(metadata.get("urn")))
        summary = mapping(event.get("summaryEvent"))
        ended = ended or bool(summary and summary.get("result") != "failed")
    if not ended:
        msg = f"{file}: the refresh did not end well, so nobody knows what has drifted; run it again"
        raise CannotJudgeError(msg)
    return frozenset(drifted)


def page(urns: Sequence[str]) -> str:
    """For an issue: what has drifted, by type and name; which field, `pulumi refresh --preview-only --diff` says."""
    if not urns:
        return "Nothing has drifted since the last pulumi up.\n"
    lines = [
        f"- {markdown.escaped(urn.split('::')[-2].rpartition('$')[2])} {markdown.code(urn.rpartition('::')[2])}"
        for urn in urns[:SHOWN]
    ]
    more = [f"- and {len(urns) - SHOWN} more"] if len(urns) > SHOWN else []
    what = "resource has" if len(urns) == 1 else "resources have"
    return "\n".join(
        [f"{len(urns)} {what} been changed by somebody else since the last pulumi up:", "", *lines, *more, ""]
    )
