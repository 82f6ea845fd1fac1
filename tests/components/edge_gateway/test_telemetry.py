"""What the edge tells the monitoring holds together: one name on both targets, alerts over signals, a runbook each."""

from __future__ import annotations

import re

import pytest

from components.cdn_frontend import telemetry as site
from components.cdn_frontend.spec import CdnFrontendSpec
from components.edge_gateway.telemetry import SIGNALS, telemetry
from tests.stacks.shipped import ROOT, topology_of


@pytest.fixture(params=["dev", "staging", "prod"])
def stack(request: pytest.FixtureRequest) -> str:
    return request.param


def test_every_signal_has_a_source_on_both_targets() -> None:
    assert {signal.name: sorted(signal.sources) for signal in SIGNALS} == {
        signal.name: ["docker", "kubernetes"] for signal in SIGNALS
    }


def test_alerts_and_panels_ask_signals_alone(stack: str) -> None:
    plan = topology_of(stack)
    assert plan.stack.edge is not None
    told = telemetry(plan.stack.edge, plan.routes)
    assert told.dashboard is not None
    known = {signal.series for signal in told.signals}
    queries = [q for row in told.dashboard.rows for panel in row.panels for q in panel.queries.values()]
    for text in (*(alert.expr for alert in told.alerts), *(slo.total + slo.bad for slo in told.slos), *queries):
        names = set(re.findall(r"[a-z_]+:[a-z0-9_]+", text))
        assert names
        assert names <= known
        assert not re.findall(r"\b(envoy|edge_requests_total|certmanager|probe)_", text)


def test_every_alert_has_a_runbook(stack: str) -> None:
    plan = topology_of(stack)
    assert plan.stack.edge is not None
    for alert in telemetry(plan.stack.edge, plan.routes).alerts:
        assert (ROOT / "docs" / "runbooks" / f"{alert.name}.md").is_file(), alert.name


def test_every_route_has_an_objective_and_every_host_a_probe(stack: str) -> None:
    plan = topology_of(stack)
    assert plan.stack.edge is not None
    told = telemetry(plan.stack.edge, plan.routes, door="edge:8443")
    assert {slo.name for slo in told.slos} == {f"{route.backend}-availability" for route in plan.routes}
    asked = {(probe.target, probe.server_name) for probe in told.probes}
    assert asked == {("edge:8443", route.spec.host) for route in plan.routes}
    names = {probe.target for probe in telemetry(plan.stack.edge, plan.routes).probes}
    assert names == {f"{route.spec.host}:443" for route in plan.routes}


def test_a_site_tells_of_its_cache_only_if_it_has_one() -> None:
    plain = CdnFrontendSpec.model_validate({"image": "demo/site:1"})
    cached = CdnFrontendSpec.model_validate({"image": "demo/site:1", "proxies": {"/api": {"app": "a", "fresh": "5s"}}})
    assert site.telemetry("web", plain).signals == ()
    assert [signal.name for signal in site.telemetry("web", cached).signals] == ["site_cache_hit_ratio"]
    assert [probe.target for probe in site.telemetry("web", plain).probes] == ["http://web:8080/healthz"]
