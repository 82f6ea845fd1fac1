"""The stack as one SVG: a panel per component, a chip per resource, what changes in colour.

Owns: the layout. Panels are stacked in columns of equal width, so that 200 resources stay readable; in large stacks unchanged
resources are counted, not drawn. Colours carry a sign too, for those who don't see them.
"""

from __future__ import annotations

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
_QUIET = ("#8c959f", "#f6f8fa", " ")

WIDTH, CHIP, GAP, HEAD = 300, 22, 4, 30
MANY = 60
"""Resources from which on the unchanged ones are only counted."""
LETTERS = 37


def svg(case: Case, reached: list[Reach]) -> str:
    """Self-contained; fits into an HTML page or a file."""
    panels = _panels(case, {reach.urn for reach in reached})
    columns = max(1, min(4, len(panels)))
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
    entries += [("feels it", _REACHED), ("unchanged", _QUIET)]
    return "".join(
        f'<rect x="{10 + n * 52 * 2}" y="14" width="96" height="20" rx="4" fill="{fill}" stroke="{line}"/>'
        f'<text x="{18 + n * 52 * 2}" y="28" fill="{line}">{sign} {word}</text>'
        for n, (word, (line, fill, sign)) in enumerate(entries)
    )


def _panels(case: Case, reached: set[str]) -> list[tuple[str, list[tuple[str, tuple[str, str, str]]]]]:
    """Title and chips, components with changes first."""
    groups: dict[str, list[Change]] = {}
    for change in case.plan.changes.values():
        if change.type != "pulumi:pulumi:Stack" and not change.name.startswith("default_"):
            groups.setdefault(case.component.get(change.urn, "") or "(no component)", []).append(change)
    few = len(case.plan.changes) <= MANY
    panels = [
        (name, _chips(case, group, reached, few=few), sum(c.touched for c in group)) for name, group in groups.items()
    ]
    panels.sort(key=lambda panel: (-panel[2], panel[0]))
    return [(name, chips) for name, chips, _ in panels]


def _chips(case: Case, group: list[Change], reached: set[str], *, few: bool) -> list[tuple[str, tuple[str, str, str]]]:
    chips: list[tuple[str, tuple[str, str, str]]] = []
    quiet: list[Change] = []
    for change in group:
        if change.touched:
            chips.append((_called(case, change), _COLOURS[change.op]))
        elif change.urn in reached:
            chips.append((_called(case, change), _REACHED))
        else:
            quiet.append(change)
    if few:
        chips += [(_called(case, change), _QUIET) for change in quiet]
    elif quiet:
        chips.append((f"{len(quiet)} unchanged", _QUIET))
    return chips


def _called(case: Case, change: Change) -> str:
    """Without the namespace: a stack has few, and the chip is short."""
    thing = case.thing(change.urn)
    return f"{thing.kind} {thing.name}" if thing is not None else f"{change.kind} {change.name}"


def _panel(title: str, chips: list[tuple[str, tuple[str, str, str]]], x: int, y: int, height: int) -> str:
    parts = [
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{height}" rx="6" fill="#ffffff" stroke="#d0d7de"/>',
        f'<text x="{x + 10}" y="{y + 20}" font-weight="600" fill="#1f2328">{escape(_short(title))}</text>',
    ]
    for number, (label, (line, fill, sign)) in enumerate(chips):
        top = y + HEAD + number * (CHIP + GAP)
        parts.append(
            f'<rect x="{x + 8}" y="{top}" width="{WIDTH - 16}" height="{CHIP}" rx="4" fill="{fill}" stroke="{line}"/>'
        )
        parts.append(
            f'<text x="{x + 14}" y="{top + 15}" fill="#1f2328"><title>{escape(label)}</title>{sign} {escape(_short(label))}</text>'
        )
    return "".join(parts)


def _short(label: str) -> str:
    clean = "".join(c if c.isprintable() else "�" for c in label)
    return clean if len(clean) <= LETTERS else f"{clean[: LETTERS - 1]}…"
