"""The demo of BlockSight's API serves what the dev stack declares of it, in a form that Prometheus reads."""

from __future__ import annotations

import importlib.util
import re
from types import ModuleType

import pytest

from tests.house.sources import ROOT
from tests.stacks.shipped import topology_of


@pytest.fixture(scope="module")
def figures() -> ModuleType:
    spec = importlib.util.spec_from_file_location("figures", ROOT / "images" / "api" / "figures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def series(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    found = [re.fullmatch(r"(\w+(?:\{[^}]*\})?) (\S+)", line) for line in lines]
    assert all(found)
    return {match[1]: float(match[2]) for match in found if match is not None}


def test_it_serves_every_series_that_the_stack_file_declares(figures: ModuleType) -> None:
    metrics = topology_of("dev").stack.app_services["api"].metrics
    assert metrics is not None
    counted = figures.Figures()
    counted.answered(200, 0.01)
    names = {name.partition("{")[0] for name in series(counted.text((7, 1_700_000_000)))}
    assert metrics.emitted <= names


def test_its_buckets_are_those_of_the_stack_file_and_add_up(figures: ModuleType) -> None:
    metrics = topology_of("dev").stack.app_services["api"].metrics
    assert metrics is not None
    assert metrics.requests is not None
    assert metrics.requests.bounds == figures.BOUNDS
    counted = figures.Figures()
    for seconds in (0.001, 0.2, 0.3, 9.0):
        counted.answered(200, seconds)
    counted.answered(500, 0.001)
    told = series(counted.text(None))
    within = {
        le: told[f'http_request_duration_seconds_bucket{{status_code="200",le="{le}"}}']
        for le in ("0.1", "0.2", "0.5", "+Inf")
    }
    assert within == {"0.1": 1, "0.2": 2, "0.5": 3, "+Inf": 4}
    assert told['http_request_duration_seconds_count{status_code="500"}'] == 1


def test_without_a_node_it_tells_of_no_block(figures: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITCOIND_HOST", "127.0.0.1")
    monkeypatch.setenv("BITCOIND_PORT", "1")
    assert figures.tip() is None
    assert "tip" not in figures.Figures().text(None)
