"""What somebody else has changed: the stream of `pulumi refresh --preview-only`.

Owns: a refresh tells what it found in the event after its step, not in the step as every other operation does.
"""

from __future__ import annotations

from pathlib import Path

from review.events import events
from review.problems import CannotJudgeError
from review.values import mapping, text

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
