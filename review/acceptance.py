"""What people have accepted: `accept: F6 URN reason`, one a line, tied to one report.

Owns: that an acceptance without a reason, or of another report, accepts nothing. Who may accept is the platform's business
(code owners of the file, or the gate that calls us).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from review.flags import Finding
from review.problems import CannotJudgeError

_LINE = re.compile(r"^\s*(?:[-*]\s+)?`?accept:\s*(F[0-9]{1,2})\s+(urn:pulumi:\S+?)\s+(\S.*?)`?\s*$")
_REPORT = re.compile(r"^\s*(?:[-*]\s+)?`?report:\s*([0-9a-f]{12,64})`?\s*$")
_TEMPLATE = re.compile(r"^<.*>$")


def read(file: Path, fingerprint: str) -> tuple[Mapping[tuple[str, str], str], str]:
    """Reasons by flag and URN, and why there are none if the file is about other reports only.

    Each acceptance belongs to the last `report:` line above it, so that one file may hold those of several reports.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{file}: no file of acceptances: {error}"
        raise CannotJudgeError(msg) from None
    found: dict[tuple[str, str], str] = {}
    reports: list[str] = []
    for line in lines:
        if match := _REPORT.match(line):
            reports.append(match[1])
        elif (match := _LINE.match(line)) and reports and fingerprint.startswith(reports[-1]):
            found[match[1], match[2]] = match[3]
    if any(fingerprint.startswith(report) for report in reports):
        return {name: reason for name, reason in found.items() if not _TEMPLATE.match(reason)}, ""
    named = f"of report {reports[-1][:12]}" if reports else "of no report: a line `report: <fingerprint>` is missing"
    return {}, f"acceptances are {named}, this report is {fingerprint[:12]}; none of them holds"


def accept(findings: list[Finding], reasons: Mapping[tuple[str, str], str]) -> list[Finding]:
    return [replace(f, accepted=reasons.get((f.flag, f.urn), "")) for f in findings]
