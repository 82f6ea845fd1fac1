"""The plain program of the benchmark says by hand what the components say now; otherwise it would measure something else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_both_programs_of_the_benchmark_register_the_same() -> None:
    """In a process of its own: a program's modules hold what it has registered."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.equality"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), (
        f"benchmarks/flat no longer mirrors the components:\n{done.stderr}"
    )
