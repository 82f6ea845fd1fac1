"""The arithmetic of an AppService holds for any values; refusals stand in tests/stacks/refusals/."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from components.app_service import facts
from components.app_service.kinds import WebSpec
from components.app_service.spec import ShutdownSpec
from components.vocabulary import seconds
from proofs.names import LONGEST_NAME

MINIMAL: dict[str, Any] = {
    "image": "registry.example.com/api@sha256:" + "1" * 64,
    "ports": {"http": 8000},
    "probes": {"readiness": {"http": "/healthz"}},
}


def spec(**more: Any) -> WebSpec:
    return WebSpec.model_validate({**MINIMAL, **more})


def test_the_defaults_are_those_of_production() -> None:
    minimal = spec()
    assert minimal.replicas == 2
    assert minimal.user > 0
    assert minimal.deletion_protection
    assert minimal.shutdown.grace_seconds == 35


@given(st.integers(0, 300), st.integers(0, 3600))
def test_grace_always_covers_pre_stop_and_drain(pause: int, drain: int) -> None:
    shutdown = ShutdownSpec.model_validate({"pre_stop": f"{pause}s", "drain": f"{drain}s"}, strict=True)
    assert shutdown.grace_seconds > pause + drain


@given(st.integers(1, 900), st.integers(1, 60))
def test_startup_is_asked_until_the_budget_is_used_up(budget: int, every: int) -> None:
    probes = spec(
        probes={"readiness": {"http": "/healthz", "every": f"{every}s"}, "startup_budget": f"{budget}s"}
    ).probes
    assert probes.first is not None
    threshold = math.ceil(seconds(probes.startup_budget) / seconds(probes.first.every))
    assert threshold * every >= budget
    assert (threshold - 1) * every < budget


@given(st.from_regex(r"[a-z]([-a-z0-9]{0,44}[a-z0-9])?", fullmatch=True))
def test_no_physical_name_exceeds_a_dns_label(name: str) -> None:
    assume(len(name) <= LONGEST_NAME)
    auto_named = max(len(claim) for claim in facts.claims(name)) + len("-12345678")
    assert auto_named <= 63


@given(st.integers(1, 50), st.integers(1, 5))
def test_the_peak_counts_every_replica_and_the_surge(replicas: int, surge: int) -> None:
    peak = facts.peak(spec(replicas=replicas, rollout={"max_surge": surge}))
    assert peak.pods == replicas + surge
    assert peak.cpu == peak.pods * 100


def test_the_peak_of_an_autoscaled_app_is_its_maximum() -> None:
    assert facts.peak(spec(autoscaling={"min": 2, "max": 9})).pods == 10
