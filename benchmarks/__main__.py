"""`python -m benchmarks`: measures and prints the table that is committed as benchmarks/result.txt."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import itertools
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence

from benchmarks import stack
from benchmarks.equality import differences
from benchmarks.measure import Case, Cost, Measured, measure
from toolchain import engine

OURS = Case(program="ours", manner="rehearsed")
SAME = Case(program="plain", manner="rehearsed")
PLAIN = Case(program="plain", manner="defaults")
OURS_MOCKED = Case(program="ours", manner="mocks")
PLAIN_MOCKED = Case(program="plain", manner="mocks")
CASES = (OURS, PLAIN, SAME, OURS_MOCKED, PLAIN_MOCKED)

COMPARISONS = (
    (OURS, PLAIN, 1.0, "preview: ours, as `make preview` does it / plain, engine's defaults"),
    (OURS, SAME, 1.25, "preview: ours / plain, same settings"),
    (OURS_MOCKED, PLAIN_MOCKED, 1.25, "mocks: ours / plain"),
)
NAMES = {
    OURS: "preview, ours, as `make preview` does it",
    SAME: "preview, plain, same settings",
    PLAIN: "preview, plain, engine's defaults",
    OURS_MOCKED: "mocks, ours",
    PLAIN_MOCKED: "mocks, plain",
}
PACKAGES = ("pulumi", "pulumi_kubernetes", "pydantic", "grpcio", "protobuf")


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", choices=sorted(stack.PAIRS), default=sorted(stack.PAIRS))
    parser.add_argument("--rounds", type=int, default=3, help="odd, so that a median is one of them")
    given = parser.parse_args(arguments)
    if unlike := differences(stack.PAIRS[min(given.sizes)]):
        sys.exit("benchmarks: the programs do not register the same:\n" + "\n".join(unlike))
    results = [measure(stack.PAIRS[size], CASES, given.rounds) for size in given.sizes]
    for line in (
        *_header(arguments, given.rounds),
        "",
        *_ratios(results),
        "",
        *_seconds(results),
        "",
        *_growth(results),
    ):
        sys.stdout.write(f"{line}\n")


def _header(arguments: Sequence[str], rounds: int) -> Iterator[str]:
    today = datetime.datetime.now(tz=datetime.UTC).date()
    pulumi = subprocess.run([engine.ensure() / "pulumi", "version"], capture_output=True, text=True, check=True).stdout
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    yield f"$ {shlex.join(['python', '-m', 'benchmarks', *arguments])}"
    yield f"{today}, {os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, Pulumi {pulumi.strip()}, {versions}"
    yield f"Medians of {rounds} rounds; in each, every case runs once, in turn. CPU is that of the whole process tree, the stand-in"
    yield "providers and the driver included. Both programs register the same resources: inputs and options were compared."
    yield f"Load average at the end: {', '.join(f'{load:.1f}' for load in os.getloadavg())}; above the number of cores, wall times say little."


def _ratios(results: Sequence[Measured]) -> Iterator[str]:
    yield f"{'ratio':<72}{'resources':>9}{'wall':>7}{'CPU':>7}{'aim':>7}"
    for case, to, aim, name in COMPARISONS:
        for result in results:
            ratio = result.ratio(case, to)
            verdict = "" if max(ratio) <= aim else "  missed"
            yield f"{name:<72}{result.resources:>9}{ratio.wall:>7.2f}{ratio.cpu:>7.2f}{aim:>7.2f}{verdict}"


def _seconds(results: Sequence[Measured]) -> Iterator[str]:
    yield f"{'seconds':<72}{'resources':>9}{'wall':>7}{'CPU':>7}"
    for case, name in NAMES.items():
        for result in results:
            cost = result.median(case)
            yield f"{name:<72}{result.resources:>9}{cost.wall:>7.1f}{cost.cpu:>7.1f}"


def _growth(results: Sequence[Measured]) -> Iterator[str]:
    """What each further resource costs, between one size and the next: a program that grows faster than its stack shows here."""
    yield f"{'milliseconds for each further resource':<72}{'resources':>9}{'wall':>7}{'CPU':>7}"
    for case, name in NAMES.items():
        for small, large in itertools.pairwise(results):
            more = large.resources - small.resources
            cost = Cost(*(1000 * (b - a) / more for a, b in zip(small.median(case), large.median(case), strict=True)))
            yield f"{name:<70}{f'{small.resources}-{large.resources}':>11}{cost.wall:>7.1f}{cost.cpu:>7.1f}"


if __name__ == "__main__":
    os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"
    main(sys.argv[1:])
