"""Times whole process trees, in turn, and compares them within each round: a busy machine slows both sides down."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from benchmarks.run import ROOT, Manner, Program


class Cost(NamedTuple):
    """Seconds."""

    wall: float
    cpu: float
    """User and system, of the process and of all its descendants that were waited for: the engine waits for its own."""

    def __truediv__(self, other: Cost) -> Cost:
        return Cost(self.wall / other.wall, self.cpu / other.cpu)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One program, run in one manner."""

    program: Program
    manner: Manner


@dataclass(frozen=True, kw_only=True)
class Measured:
    """All rounds of one size."""

    pairs: int
    resources: int
    rounds: tuple[dict[Case, Cost], ...]

    def median(self, case: Case) -> Cost:
        return _median(costs[case] for costs in self.rounds)

    def ratio(self, case: Case, to: Case) -> Cost:
        """Median of the rounds' own ratios."""
        return _median(costs[case] / costs[to] for costs in self.rounds)


def measure(pairs: int, cases: Sequence[Case], rounds: int) -> Measured:
    """Runs each case once per round. Exits if the programs differ in size."""
    measured: list[dict[Case, Cost]] = []
    counts: set[int] = set()
    for number in range(rounds):
        costs: dict[Case, Cost] = {}
        # Every other round backwards: nobody always runs after the longest one.
        for case in cases if number % 2 == 0 else reversed(cases):
            costs[case], count = _run(case, pairs)
            counts.add(count)
        measured.append(costs)
        sys.stderr.write(f"benchmarks: {max(counts)} resources, round {number + 1} of {rounds}\n")
    if len(counts) != 1:
        sys.exit(f"benchmarks: the programs differ in size: {sorted(counts)} resources")
    return Measured(pairs=pairs, resources=counts.pop(), rounds=tuple(measured))


def _run(case: Case, pairs: int) -> tuple[Cost, int]:
    command = [sys.executable, "-m", "benchmarks.run", case.program, case.manner, str(pairs)]
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    answer = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode != 0:
        sys.exit(f"benchmarks: {' '.join(command)} failed")
    return Cost(wall, usage.ru_utime + usage.ru_stime), int(answer)


def _median(costs: Iterable[Cost]) -> Cost:
    walls, cpus = zip(*costs, strict=True)
    return Cost(statistics.median(walls), statistics.median(cpus))
