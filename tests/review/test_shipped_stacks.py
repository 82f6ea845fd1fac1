"""The posture rules as a gate: nothing that ships breaks one, unless somebody answers for it until a date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from rehearsal.session import Session
from review import events, world
from review.rules import RULES, Breach, breaches
from tests.review.exemptions import EXEMPTIONS, ROLES

ROOT = Path(__file__).parents[2]
SHIPPED = [
    (folder, file.name.split(".")[1])
    for folder in (".", "cluster")
    for file in sorted((ROOT / folder).glob("Pulumi.*.yaml"))
    if file.name.count(".") == 2  # a `.local.yaml` is a person's own
]
TODAY = datetime.now(tz=UTC).date()
LONGEST = timedelta(days=400)
"""Somebody looks at it again once a year."""


@cache
def _found(project: str, stack: str) -> tuple[Breach, ...]:
    with Session(ROOT / project, stack) as session:
        result = session.preview("--color=never")
        assert result.exit_code == 0, result.text
        return tuple(breaches(world.after(events.read(result.events))))


@pytest.mark.parametrize(("project", "stack"), SHIPPED)
def test_shipped_stacks_break_no_rule(project: str, stack: str) -> None:
    exempt = {(e.rule, e.object) for e in EXEMPTIONS if e.expires >= TODAY}
    found = _found(project, stack)
    assert [f"{b.rule} {_object(b)}: {b.sentence}" for b in found if (b.rule, _object(b)) not in exempt] == []


def _object(breach: Breach) -> str:
    return f"{breach.urn.rpartition('::')[2]} {breach.where}".strip()


def test_all_that_ships_is_looked_at() -> None:
    assert {(".", "dev"), (".", "staging"), (".", "prod"), ("cluster", "prod")} <= set(SHIPPED)


def test_every_exemption_is_needed() -> None:
    """What was mended since is taken off the list, so that it can't come back unseen."""
    broken = {(b.rule, _object(b)) for project, stack in SHIPPED for b in _found(project, stack)}
    assert [(e.rule, e.object) for e in EXEMPTIONS if (e.rule, e.object) not in broken] == []


def test_exemptions_are_answered_for() -> None:
    for exemption in EXEMPTIONS:
        assert exemption.rule in RULES
        assert exemption.owner in ROLES
        assert len(exemption.reason.split()) >= 10, exemption
        assert exemption.expires <= TODAY + LONGEST, exemption
    assert len({(e.rule, e.object) for e in EXEMPTIONS}) == len(EXEMPTIONS)
