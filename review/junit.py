"""A report for CI systems that read JUnit: one case per flag.

Owns: what counts as failed. A flag that blocks fails its case; one that somebody must agree to is skipped with its words, as a
skipped case turns no build red; what was accepted passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from review.flags import FLAGS, Finding, Grade
from review.markdown import plain
from review.report import Report


def render(report: Report) -> str:
    plan = report.case.plan
    cases = [_case(flag, name, [f for f in report.open if f.flag == flag]) for flag, (name, _) in FLAGS.items()]
    failed = len({f.flag for f in report.open if f.grade is Grade.BLOCK})
    skipped = len({f.flag for f in report.open}) - failed
    name = _quoted(plain(f"review {plan.project} {plan.stack}"))
    head = f'<testsuite name={name} tests="{len(cases)}" failures="{failed}" errors="0" skipped="{skipped}" time="{plan.seconds}">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *cases, "</testsuite>", ""])


def _case(flag: str, name: str, found: list[Finding]) -> str:
    return f'<testcase classname="review.{flag}" name={_quoted(f"{flag} {name}")}>{"".join(_ends(found))}</testcase>'


def _ends(found: list[Finding]) -> Iterator[str]:
    """A case fails if one of its findings blocks."""
    if found:
        words = "\n".join(plain(f"{f.label}: {f.sentence}") for f in found)
        blocks = any(f.grade is Grade.BLOCK for f in found)
        message = _quoted(f"{len(found)} {'blocking' if blocks else 'to approve'}")
        yield (
            f"<failure message={message}>{escape(words)}</failure>"
            if blocks
            else f"<skipped message={message}>{escape(words)}</skipped>"
        )


def _quoted(words: str) -> str:
    return f'"{escape(words)}"'
