"""A report as one HTML file: no script, nothing loaded from anywhere, readable on paper."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from review.blocks import Block, Code, Fold, Line, Lines, Paste, Table
from review.markdown import plain
from review.report import Report, Verdict
from review.sections import sections, title

_COLOURS = {
    Verdict.BLOCK: "#cf222e",
    Verdict.NEEDS_APPROVAL: "#9a6700",
    Verdict.SAFE: "#1a7f37",
    Verdict.NO_CHANGES: "#1a7f37",
}

_SIGNS = str.maketrans({"⛔": "✖", "✋": "▲", "✅": "✔"})
"""Not every machine that prints a page has the pictures; all have these."""

_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;color:#1f2328;max-width:1280px;margin:24px auto;padding:0 20px}
h1{font-size:24px;color:#fff;padding:12px 16px;border-radius:6px}h2{font-size:18px;border-bottom:1px solid #d0d7de;padding-bottom:4px}
table{border-collapse:collapse;width:100%;margin:8px 0}th,td{border:1px solid #d0d7de;padding:5px 9px;text-align:left;vertical-align:top}
th{background:#f6f8fa}code,pre{font:13px/1.4 ui-monospace,monospace;background:#f6f8fa;border-radius:4px;overflow-wrap:anywhere}
code{padding:1px 4px}pre{padding:8px;white-space:pre-wrap}details{border:1px solid #d0d7de;border-radius:6px;padding:6px 12px;margin:6px 0}
summary{cursor:pointer;font-weight:600}p{margin:6px 0}ul{margin:6px 0}.picture svg{max-width:100%;height:auto}td:first-child{white-space:nowrap}
td:last-child code{font-size:11px}
"""


def render(report: Report) -> str:
    body = "\n".join(_body(report))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><title>{_words(title(report))}</title><style>{_STYLE}</style></head>\n'
        f'<body><h1 style="background:{_COLOURS[report.verdict]}">{_words(title(report))}</h1>\n{body}\n</body></html>\n'
    )


def _body(report: Report) -> Iterator[str]:
    for section in sections(report):
        if section.title:
            yield f"<h2>{_words(section.title)}</h2>"
        for block in section.blocks:
            yield from _block(block)
        if section.title == "Blast radius":
            yield f'<div class="picture">{report.picture}</div>'


def _block(block: Block) -> Iterator[str]:
    match block:
        case Lines(lines):
            yield "<ul>" + "".join(f"<li>{_line(line)}</li>" for line in lines) + "</ul>"
        case Table(head, rows):
            yield "<table><tr>" + "".join(f"<th>{_words(h)}</th>" for h in head) + "</tr>"
            yield (
                "".join("<tr>" + "".join(f"<td>{_line(cell)}</td>" for cell in row) + "</tr>" for row in rows)
                + "</table>"
            )
        case Paste(text):
            yield f"<pre>{chr(10).join(_words(line) for line in text.splitlines())}</pre>"
        case Fold(heading, blocks):
            yield f"<details><summary>{_words(heading)}</summary>"
            for inner in blocks:
                yield from _block(inner)
            yield "</details>"
        case _:
            yield f"<p>{_line(block.line)}</p>"


def _line(line: Line) -> str:
    return "".join(f"<code>{_words(word.text)}</code>" if isinstance(word, Code) else _words(word) for word in line)


def _words(word: str) -> str:
    return escape(plain(word).translate(_SIGNS))
