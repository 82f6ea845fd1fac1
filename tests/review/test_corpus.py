"""Every recorded change gets the flags, grades and exit code that it deserves, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from review import world
from review.flags import FLAGS, Grade
from review.rules import RULES, breaches
from tests.review import corpus
from tests.review.scenario import Scenario
from tests.review.scenarios import SCENARIOS


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_scenario(scenario: Scenario, tmp_path: Path) -> None:
    report = corpus.report(scenario.name, tmp_path)
    raised = {f"{f.flag}{'!' if f.grade is Grade.BLOCK else ''}" for f in report.findings}
    assert raised == set(scenario.flags), [(f.flag, f.label, f.sentence) for f in report.findings]
    assert report.exit_code == scenario.exit_code
    assert all(f.remedy for f in report.findings), [f.sentence for f in report.findings if not f.remedy]
    rule = scenario.about if scenario.about in RULES else ""
    about = [f.sentence for f in report.findings if f.flag == ("F7" if rule else scenario.about)]
    assert not rule or rule in {breach.rule for breach in report.failing}
    if scenario.says:
        assert any(scenario.says in sentence for sentence in about), about


def test_every_rule_is_broken_by_a_change_and_by_nothing_before(tmp_path: Path) -> None:
    """The program of the corpus keeps all of them: each scenario that is about something else holds that they stay quiet."""
    assert breaches(world.before(corpus.plan("nothing", tmp_path))) == []
    broken = {
        breach.rule for s in SCENARIOS if "F7" in "".join(s.flags) for breach in corpus.report(s.name, tmp_path).failing
    }
    assert broken == set(RULES)


def test_every_flag_is_held_both_ways() -> None:
    """What raises it, and what comes close and does not; F12 and F14 are held by states and streams that no program makes."""
    raised = {flag.rstrip("!") for s in SCENARIOS for flag in s.flags}
    assert raised >= set(FLAGS) - {"F12", "F14"}
    quiet = {s.about for s in SCENARIOS if s.about not in {flag.rstrip("!") for flag in s.flags}}
    assert quiet >= set(FLAGS) - {"F12", "F14"}


def test_names_are_unique_and_recorded() -> None:
    names = [s.name for s in SCENARIOS]
    assert len(names) == len(set(names)) >= 40
    recorded = {file.name.removesuffix(".json.gz") for file in corpus.FIXTURES.glob("*.json.gz")}
    assert recorded >= {*names, "before"}
