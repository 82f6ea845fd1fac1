"""Bad stack files are refused with the lines of the table, and with nothing else."""

from __future__ import annotations

import re

import pulumi
import pytest

import config
import topology
from cluster import config as cluster_config
from cluster import plan
from stack_file import StackFile
from tests.stacks.refusals import CASES
from tests.stacks.refusals.case import BASES, PROJECT, Case, as_the_engine_reads, project_text, stack_text

FILE = "Pulumi.prod.yaml"


def refusal(text: str, case: Case | None = None) -> list[str]:
    """The lines a stack file is refused with; none if it is accepted."""
    values, shared = as_the_engine_reads(text), "" if case is None else project_text(case)
    if case is not None and case.contracts:
        values = {f"{PROJECT}:contracts": case.contracts, **values}
    file = StackFile(FILE, text, PROJECT, shared)
    try:
        if case is not None and case.target == "cluster":
            plan.plan(cluster_config.parse(PROJECT, "prod", file, values))
        else:
            topology.plan(config.parse(PROJECT, "prod", file, values))
    except pulumi.RunError as error:
        return str(error).splitlines()
    return []


def matches(line: str, expected: str) -> bool:
    """A trailing `*` stands for a list of known words, which other tests hold."""
    told = re.sub(r"^Pulumi(\.prod)?\.yaml(:\d+)?: ", "", line)
    return told.startswith(expected[:-1]) if expected.endswith("*") else told == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_bad_stack_is_refused_with_exactly_the_lines_of_the_table(case: Case) -> None:
    heading, *lines = refusal(stack_text(case), case)
    count = f"{len(case.lines)} problem{'s' if len(case.lines) > 1 else ''}"
    assert heading == f"{FILE} is refused: {count}, nothing was registered"
    assert len(lines) == len(case.lines), "\n".join(lines)
    for expected in case.lines:
        assert any(matches(line, expected) for line in lines), f"{expected}\nis not among\n" + "\n".join(lines)


@pytest.mark.parametrize("target", BASES)
def test_the_small_stacks_that_the_cases_change_are_accepted(target: str) -> None:
    case = Case("nothing", {}, (), target)
    assert refusal(stack_text(case), case) == []


def test_each_line_names_the_line_of_the_file_where_the_value_stands() -> None:
    case = Case("bad", {"app_services.api.replicas": "three"}, ())
    text = stack_text(case)
    number = next(n for n, line in enumerate(text.splitlines(), 1) if "replicas: three" in line)
    assert refusal(text)[1].startswith(f"{FILE}:{number}: app_services.api.replicas: ")


def test_a_missing_key_is_placed_at_what_lacks_it() -> None:
    text = stack_text(Case("bad", {"app_services.api.connects_to": [{"external": "db.example.com"}]}, ()))
    number = next(n for n, line in enumerate(text.splitlines(), 1) if "external: db.example.com" in line)
    assert refusal(text)[1].startswith(f"{FILE}:{number}: app_services.api.connects_to[0].port: is missing")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_no_line_shows_what_was_written_as_a_secret(case: Case) -> None:
    assert not any("v1:abc" in line for line in refusal(stack_text(case)))


def test_a_wrong_value_is_never_printed_since_it_may_be_a_secret() -> None:
    text = stack_text(
        Case("bad", {"app_services.api.image": "hunter two", "app_services.api.replicas": "hunter two"}, ())
    )
    assert "hunter" not in "\n".join(refusal(text))


def test_problems_come_in_the_order_of_the_file() -> None:
    text = stack_text(CASES[-1])
    numbers = [int(match[1]) for line in refusal(text)[1:] if (match := re.match(rf"{re.escape(FILE)}:(\d+):", line))]
    assert numbers == sorted(numbers)
    assert len(numbers) == len(CASES[-1].lines)
