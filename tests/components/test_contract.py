"""Every component on every target: tokens, attributes, outputs, parents and names are as promised."""

from __future__ import annotations

import pulumi
import pytest

import components
from components import AppService, CDNFrontend, EdgeGateway, Environment, MonitoringStack, PostgresCluster, RedisCache
from tests.kit.recording import Recording
from tests.stacks.shipped import recorded

TOKENS = {
    AppService: "slipway:index:AppService",
    CDNFrontend: "slipway:index:CDNFrontend",
    EdgeGateway: "slipway:index:EdgeGateway",
    Environment: "slipway:index:Environment",
    PostgresCluster: "slipway:index:PostgresCluster",
    MonitoringStack: "slipway:index:MonitoringStack",
    RedisCache: "slipway:index:RedisCache",
}
"""Frozen: a changed token replaces everything below it."""

STACK = {"docker": "dev", "kubernetes": "prod"}


@pytest.fixture(params=sorted(STACK))
def recording(request: pytest.FixtureRequest) -> Recording:
    return recorded(STACK[request.param])


def test_the_public_components_are_those_with_a_frozen_token() -> None:
    assert sorted(components.__all__) == components.__all__
    assert {getattr(components, name) for name in components.__all__} == set(TOKENS)


@pytest.mark.parametrize("component", TOKENS, ids=lambda c: c.__name__)
def test_a_component_registers_its_token_and_outputs_on_both_targets(
    component: type[pulumi.ComponentResource], recording: Recording
) -> None:
    instances = recording.of_type(TOKENS[component])
    assert instances
    assert all(instance.outputs for instance in instances)


def test_every_child_is_named_after_its_instance(recording: Recording) -> None:
    names = {r.urn: r.name for r in recording.resources if not r.custom}
    strays = [r.label for r in recording.resources if r.custom and not r.name.startswith(f"{names[str(r.parent)]}-")]
    assert strays == []


def test_a_component_shows_its_spec_on_its_own_row(recording: Recording) -> None:
    api = recording.one("AppService", "api")
    assert api.inputs["ports"] == {"http": 8000, "metrics": 9464}
    assert recording.one("PostgresCluster", "main").inputs["major"] == 18


@pytest.mark.parametrize("component", TOKENS, ids=lambda c: c.__name__)
def test_a_component_says_what_it_creates_on_each_target(component: type[pulumi.ComponentResource]) -> None:
    told = component.__doc__ or ""
    assert "Kubernetes:" in told
    assert "Docker:" in told
