"""The stack as one SVG: a panel per component, a chip per resource, what changes in colour.

Owns: the layout. Panels are stacked in columns of equal width, so that 200 resources stay readable; in large stacks unchanged
resources are counted, not drawn. Colours carry a sign too, for those who don't see them.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from review.flags import Case
from review.model import Change, Op
from review.radius import Reach

_COLOURS = {
    Op.CREATE: ("#1a7f37", "#dafbe1", "+"),
    Op.IMPORT: ("#1a7f37", "#dafbe1", "="),
    Op.UPDATE: ("#9a6700", "#fff8c5", "~"),
    Op.REPLACE: ("#bc4c00", "#ffe3d0", "±"),
    Op.DELETE: ("#cf222e", "#ffebe9", "−"),
}
_REACHED = ("#0969da", "#ddf4ff", "→")
_THICK = ' stroke-width="2.5"'
_QUIET = ("#8c959f", "#f6f8fa", " ")

WIDTH, CHIP, GAP, HEAD = 300, 22, 4, 30
MANY = 60
"""Resources from which on the unchanged ones are only counted."""
LETTERS = 37
LONG = 24
"""Chips of one panel; what is longer goes on in the next."""
COLUMNS = 4
_WEIGHT = {Op.DELETE: 0, Op.REPLACE: 1, Op.CREATE: 2, Op.IMPORT: 3, Op.UPDATE: 4}
"""What is lost comes first."""

Chip = tuple[str, tuple[str, str, str], bool]
"""Label, colours with sign, and whether a flag blocks it."""


def svg(case: Case, reached: list[Reach], blocked: set[str]) -> str:
    """Self-contained; fits into an HTML page or a file."""
    panels = _parts(_panels(case, {reach.urn for reach in reached}, blocked))
    columns = COLUMNS  # always: the legend needs the room, and pictures of two pushes can be laid side by side
    heights = [0] * columns
    parts: list[str] = []
    for title, chips in panels:
        column = heights.index(min(heights))
        x, y = 10 + column * (WIDTH + 12), 48 + heights[column]
        height = HEAD + len(chips) * (CHIP + GAP) + 6
        parts.append(_panel(title, chips, x, y, height))
        heights[column] += height + 12
    width, height = 10 + columns * (WIDTH + 12), 48 + max(heights) + 6
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="resources of the stack by component" font-family="system-ui, sans-serif" font-size="12">'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>{_legend()}{"".join(parts)}</svg>'
    )


def _legend() -> str:
    entries = [
        ("create", _COLOURS[Op.CREATE]),
        ("update", _COLOURS[Op.UPDATE]),
        ("replace", _COLOURS[Op.REPLACE]),
        ("delete", _COLOURS[Op.DELETE]),
    ]
    entries += [("feels it", _REACHED), ("unchanged", _QUIET), ("blocked", _COLOURS[Op.DELETE])]
    return "".join(
        f'<rect x="{10 + n * 52 * 2}" y="14" width="96" height="20" rx="4" fill="{"#ffffff" if word == "blocked" else fill}" stroke="{line}"{_THICK if word == "blocked" else ""}/>'
        f'<text x="{18 + n * 52 * 2}" y="28" fill="{line}">{"✖" if word == "blocked" else sign} {word}</text>'
        for n, (word, (line, fill, sign)) in enumerate(entries)
    )


def _panels(case: Case, reached: set[str], blocked: set[str]) -> list[tuple[str, list[Chip]]]:
    """Title and chips, components with changes first."""
    groups: dict[str, list[Change]] = {}
    for change in case.plan.changes.values():
        if change.type != "pulumi:pulumi:Stack" and not change.name.startswith("default_"):
            groups.setdefault(case.component.get(change.urn, "") or "(no component)", []).append(change)
    few = len(case.plan.changes) <= MANY
    panels = [
        (name, _chips(case, group, reached, blocked, few=few), sum(c.touched for c in group))
        for name, group in groups.items()
    ]
    panels.sort(key=lambda panel: (-panel[2], panel[0]))
    return [(name, chips) for name, chips, _ in panels]


def _parts(panels: list[tuple[str, list[Chip]]]) -> Iterator[tuple[str, list[Chip]]]:
    """Long ones cut, so that 200 changes of one component are four columns and not one ribbon."""
    for title, chips in panels:
        for start in range(0, len(chips), LONG):
            yield title if start == 0 else f"{title}, continued", chips[start : start + LONG]


def _chips(case: Case, group: list[Change], reached: set[str], blocked: set[str], *, few: bool) -> list[Chip]:
    touched = sorted((c for c in group if c.touched), key=lambda c: (c.urn not in blocked, _WEIGHT.get(c.op, 5)))
    chips = [(_called(case, c), _COLOURS[c.op], c.urn in blocked) for c in touched]
    felt = [c for c in group if not c.touched and (c.urn in reached or c.urn in blocked)]
    chips += [(_called(case, c), _REACHED if c.urn in reached else _QUIET, c.urn in blocked) for c in felt]
    known = {c.urn for c in [*touched, *felt]}
    quiet = [c for c in group if c.urn not in known]
    if few:
        chips += [(_called(case, change), _QUIET, False) for change in quiet]
    elif quiet:
        chips.append((f"{len(quiet)} unchanged", _QUIET, False))
    return chips


def _called(case: Case, change: Change) -> str:
    """Without the namespace: a stack has few, and the chip is short."""
    thing = case.thing(change.urn)
    return f"{thing.kind} {thing.name}" if thing is not None else f"{change.kind} {change.name}"


def _panel(title: str, chips: list[Chip], x: int, y: int, height: int) -> str:
    parts = [
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{height}" rx="6" fill="#ffffff" stroke="#d0d7de"/>',
        f'<text x="{x + 10}" y="{y + 20}" font-weight="600" fill="#1f2328">{escape(_short(title))}</text>',
    ]
    for number, (label, (line, fill, sign), blocked) in enumerate(chips):
        top = y + HEAD + number * (CHIP + GAP)
        parts.append(
            f'<rect x="{x + 8}" y="{top}" width="{WIDTH - 16}" height="{CHIP}" rx="4" fill="{fill}" stroke="{line}"{_THICK if blocked else ""}/>'
        )
        parts.append(
            f'<text x="{x + 14}" y="{top + 15}" fill="#1f2328"><title>{escape(label)}</title>{"✖" if blocked else sign} {escape(_short(label))}</text>'
        )
    return "".join(parts)


def _short(label: str) -> str:
    clean = "".join(c if c.isprintable() else "�" for c in label)
    return clean if len(clean) <= LETTERS else f"{clean[: LETTERS - 1]}…"
