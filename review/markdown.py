"""A report as a comment on a pull request.

Owns: escaping for GitHub's Markdown and the length. Names come from programs and clusters and may be hostile: no word may end a
table, open a tag, mention a person or hide what follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from review.blocks import Block, Code, Fold, Line, Lines, Paste, Section, Table
from review.report import Report
from review.sections import sections, title

LIMIT = 60_000
"""Letters; GitHub takes 65,536, and its own escapes count too."""
WORD = 400
"""Letters of one cell or list entry."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~])")


def plain(word: str) -> str:
    """Printable, on one line."""
    if word.isprintable():  # as nearly all are
        return word
    return "".join(c if c.isprintable() else " " if c.isspace() else "�" for c in word)


def escaped(word: str) -> str:
    words = plain(word)
    words = words if len(words) <= WORD else f"{words[:WORD]}…"
    return (
        _SPECIAL.sub(r"\\\1", words.replace("&", "&amp;"))
        .replace("\\<", "&lt;")
        .replace("\\>", "&gt;")
        .replace("@", "@\u200b")
        .replace("://", ":\u200b//")
    )


def code(word: str) -> str:
    words = plain(word).replace("`", "'").replace("<", "‹").replace("|", "\\|")
    return f"`{words if len(words) <= WORD else words[:WORD] + '…'}`" if words.strip() else ""


def render(report: Report) -> str:
    """At most LIMIT letters; sections are left out from the end, never the verdict and the dangers."""
    head = f"<!-- slipway-review {escaped(report.case.plan.project)}/{escaped(report.case.plan.stack)} -->\n## {escaped(title(report))}\n"
    written = [(section, "\n".join(_section(section))) for section in sections(report)]
    left_out = 0
    while sum(len(text) + 1 for _, text in written) + len(head) + 200 > LIMIT:
        number = max((n for n, (section, _) in enumerate(written) if not section.keep), default=None)
        if number is None:
            break
        del written[number]
        left_out += 1
    note = [f"\n*{left_out} sections do not fit into a comment; they are in the HTML form.*"] if left_out else []
    return "\n".join([head, *(text for _, text in written), *note]) + "\n"


def _section(section: Section) -> Iterator[str]:
    if section.title:
        yield f"{'#' * section.level} {escaped(section.title)}"
    for block in section.blocks:
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Lines(lines):
            yield from (f"- {_line(line)}" for line in lines)
            yield ""
        case Table(head, rows):
            yield f"| {' | '.join(escaped(h) for h in head)} |"
            yield f"|{' --- |' * len(head)}"
            yield from (f"| {' | '.join(_line(cell) for cell in row)} |" for row in rows)
            yield ""
        case Paste(text):
            yield "```text"
            yield from (plain(line).replace("```", "'''") for line in text.splitlines())
            yield "```\n"
        case Fold(heading, blocks):
            yield f"<details><summary>{escaped(heading)}</summary>\n"
            for inner in blocks:
                yield from _block(inner)
            yield "</details>\n"
        case _:
            yield f"{_line(block.line)}\n"


def _line(line: Line) -> str:
    return "".join(code(word.text) if isinstance(word, Code) else escaped(word) for word in line)
