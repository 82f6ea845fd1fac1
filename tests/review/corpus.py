"""Recorded previews as files that the review reads."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from rehearsal.session import NOT_CHECKED
from review import cost, events, state
from review.flags import Case, Limits
from review.model import Plan, State
from review.report import Asked, Report, judge

FIXTURES = Path(__file__).parent / "fixtures"
HEAD = {"rehearsed": True, "notChecked": NOT_CHECKED.split(", "), "notes": []}


@cache
def load(name: str) -> Any:
    return json.loads(gzip.decompress((FIXTURES / f"{name}.json.gz").read_bytes()))


def lines(stream: list[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(event)}\n" for event in [HEAD, *stream])


def plan(name: str, folder: Path) -> Plan:
    """As the recorded stream tells it: the full preview if protection ended the normal one."""
    recorded = load(name)
    gate, full = folder / "gate", folder / "full"
    gate.write_text(lines(recorded["gate"]), encoding="utf-8")
    full.write_text(lines(recorded.get("full", recorded["gate"])), encoding="utf-8")
    return events.read(full, gate=gate)


def before(name: str = "before") -> State:
    return state.parse(load(name), name)


def case(of: Plan, base: State, limits: Limits | None = None, drifted: frozenset[str] = frozenset()) -> Case:
    return Case(of, base, cost.Prices.read(cost.SHIPPED), limits or Limits(), drifted)


def report(name: str, folder: Path) -> Report:
    return judge(case(plan(name, folder), before()), Asked())
