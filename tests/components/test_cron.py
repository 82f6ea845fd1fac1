"""How far apart two firings can be: what the alert about old backups and the restore proof count with."""

from __future__ import annotations

import pytest

from components.cron import DAY, longest_gap


@pytest.mark.parametrize(
    ("schedule", "gap"),
    [
        ("0 0 2 * * *", DAY),
        ("0 0 */6 * * *", DAY // 4),
        ("0 0 2,14 * * *", DAY // 2),
        ("0 0 2,3 * * *", 23 * 3600),
        ("30 0 2 * * sun", 7 * DAY),
        ("0 0 2 * * 1-5", 3 * DAY),
        ("0 0 2 1 * ?", 31 * DAY),
        ("0 0 2 1,15 * *", 17 * DAY),
        ("0 0 2 1 jan *", 366 * DAY),
        ("0 0 2 1 * mon", 7 * DAY),
        ("*/20 * * * * *", 20),
    ],
)
def test_the_longest_gap_between_two_firings(schedule: str, gap: int) -> None:
    assert longest_gap(schedule) == gap


@pytest.mark.parametrize(
    ("schedule", "rule"),
    [
        ("0 2 * * *", "has 5 fields, and needs six: seconds come first"),
        ("@daily", "has 1 fields, and needs six: seconds come first"),
        ("0 0 24 * * *", "has no such hour: they go from 0 to 23"),
        ("0 0 2 0 * *", "has no such day of the month: they go from 1 to 31"),
        ("0 0 2 * * 7", "has no such day of the week: they go from 0 to 6"),
        ("0 0 2 * juneish *", "has no such month: they go from 1 to 12"),
        ("0 0 9-5 * * *", "has a range of hours that ends before it begins"),
        ("0 */0 2 * * *", "has a step that is no number in its minutes"),
        ("0 0 2 30 feb *", "never fires twice in four years"),
    ],
)
def test_what_is_no_six_field_cron_is_refused_with_the_rule(schedule: str, rule: str) -> None:
    with pytest.raises(ValueError, match="^" + rule.replace("*", r"\*") + "$"):
        longest_gap(schedule)
