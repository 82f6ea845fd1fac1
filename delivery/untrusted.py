"""Text that a stranger's code has written, made fit to be posted under our name.

Owns: what is left of it: headings, tables, lists and folds. It can mention nobody, load no picture, link nowhere, hide nothing and
pass for none of our own marks.
"""

from __future__ import annotations

import re
from pathlib import Path

LIMIT = 60_000
"""Letters; GitHub takes 65,536."""
READ = 1_000_000
"""Bytes of a file that are looked at."""
ZERO = "\u200b"

_TAG = re.compile(r"<(?!/?(?:details|summary)>)")
_MENTION = re.compile(rf"@(?!{ZERO})")
_LINK = re.compile(r"\](?=[(\[:])")
_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)


def text(file: Path) -> str:
    """At most LIMIT letters of a file."""
    with file.open("rb") as opened:
        words = opened.read(READ).decode("utf-8", errors="replace")
    safe = harmless(words)
    if len(safe) > LIMIT:
        safe = f"{safe[:LIMIT]}\n\n*Cut here; the artefact of the run holds all of it.*"
    return safe + "\n</details>" * (safe.count("<details>") - safe.count("</details>"))


def harmless(words: str) -> str:
    """The same words where they mean nothing but themselves; what the review writes comes out as it went in."""
    printable = "".join(c if c.isprintable() or c in f"\n{ZERO}" else " " for c in words.replace("\r\n", "\n"))
    mute = _MENTION.sub(f"@{ZERO}", _TAG.sub("‹", printable))
    return _ADDRESS.sub(ZERO, _LINK.sub(f"]{ZERO}", mute))
