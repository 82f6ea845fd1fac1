"""What the edge tells the monitoring holds together: one name on both targets, alerts over signals, a runbook each."""

from __future__ import annotations

import re

import pytest

from components.cdn_frontend import telemetry as site
from components.cdn_frontend.spec import CdnFrontendSpec
from components.edge_gateway.signals import Sources, signals
from components.edge_gateway.spec import EdgeGatewaySpec
from components.edge_gateway.telemetry import telemetry
from components.environment.spec import KubernetesTargetSpec
from components.telemetry import Telemetry
from tests.components.edge_gateway.series import SERIES
from tests.stacks.shipped import ROOT, topology_of

EVERYWHERE = Sources(envoy=True, issued_in="shop-prod", made_for=["shop.localhost"])
WORDS = {"by", "sum", "max", "rate", "label_replace", "histogram_quantile", "time", "or"}
SCRAPER = {"instance_name", "instance", "exported_namespace", "namespace"}
OURS = {"route", "code_class"}


@pytest.fixture(params=["dev", "staging", "prod"])
def stack(request: pytest.FixtureRequest) -> str:
    return request.param


def told_by(stack: str) -> Telemetry:
    plan = topology_of(stack)
    assert plan.stack.edge is not None
    target = plan.stack.environment.target
    cluster = target.cluster if isinstance(target, KubernetesTargetSpec) else None
    return telemetry(plan.stack.edge, plan.routes, cluster=cluster, prefix=plan.prefix)


def test_every_signal_has_a_source_on_both_targets() -> None:
    found = signals(EVERYWHERE)
    assert len(found) == 9
    assert {signal.name: sorted(signal.sources) for signal in found} == {
        signal.name: ["docker", "kubernetes"] for signal in found
    }


def test_a_source_that_is_not_there_is_not_named() -> None:
    found = {s.name: s.sources for s in signals(Sources(envoy=False, issued_in=None, made_for=()))}
    assert "kubernetes" not in found["edge_requests_per_second"]
    assert found["edge_certificate_life_left_ratio"] == {}
    assert sorted(found["edge_certificate_seconds_left"]) == ["docker", "kubernetes"]


def test_series_of_others_are_known_with_their_labels() -> None:
    for signal in signals(EVERYWHERE):
        text = re.sub(r'"[^"]*"', '""', signal.sources["kubernetes"])
        names = set(re.findall(r"\b(?:envoy|certmanager|probe)_[a-z_]+(?=[{\[\s)]|$)", text)) & SERIES.keys()
        unknown = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", text)) - names - WORDS - SCRAPER - OURS
        labels = set().union(*(SERIES[name][0] for name in names))
        assert names, signal.name
        assert unknown <= labels, signal.name


def test_alerts_and_panels_ask_signals_alone(stack: str) -> None:
    told = told_by(stack)
    assert told.dashboard is not None
    known = {signal.series for signal in told.signals}
    queries = [q for row in told.dashboard.rows for panel in row.panels for q in panel.queries.values()]
    for text in (*(alert.expr for alert in told.alerts), *(slo.total + slo.bad for slo in told.slos), *queries):
        names = set(re.findall(r"[a-z_]+:[a-z0-9_]+", text))
        assert names
        assert names <= known
        assert not re.findall(r"\b(envoy|edge_requests_total|certmanager|probe)_", text)


def test_every_alert_has_a_runbook(stack: str) -> None:
    for alert in told_by(stack).alerts:
        assert (ROOT / "docs" / "runbooks" / f"{alert.name}.md").is_file(), alert.name


def test_every_route_has_an_objective_and_every_host_a_probe(stack: str) -> None:
    plan = topology_of(stack)
    assert plan.stack.edge is not None
    hosts = {route.spec.host for route in plan.routes}
    told = told_by(stack)
    assert {slo.name for slo in told.slos} == {f"{route.backend}-availability" for route in plan.routes}
    assert {probe.target for probe in told.probes} == {f"{host}:443" for host in hosts}
    inside = telemetry(plan.stack.edge, plan.routes, door="edge:8443").probes
    assert {(probe.target, probe.server_name) for probe in inside} == {("edge:8443", host) for host in hosts}


@pytest.mark.parametrize(
    ("stack", "module"), [("dev", "tls_connect"), ("staging", "tls_dates"), ("prod", "tls_connect")]
)
def test_a_certificate_for_trying_need_not_be_trusted(stack: str, module: str) -> None:
    assert {probe.module for probe in told_by(stack).probes} == {module}


def test_what_is_scraped_is_one_counter_on_docker_and_the_gateways_own_pods_on_kubernetes() -> None:
    (counter,) = told_by("dev").scrapes
    assert (counter.host, counter.port, counter.labels) == ("edge-exporter", 3903, {})
    proxies, issuer = told_by("prod").scrapes
    assert (proxies.namespace, proxies.port, proxies.path) == ("envoy-gateway-system", 19001, "/stats/prometheus")
    assert proxies.labels == {
        "gateway.envoyproxy.io/owning-gateway-name": "edge",
        "gateway.envoyproxy.io/owning-gateway-namespace": "blocksight-prod",
    }
    assert (issuer.namespace, issuer.port) == ("cert-manager", 9402)


def test_given_certificates_have_no_issuer_that_could_tell() -> None:
    plan = topology_of("prod")
    target = plan.stack.environment.target
    assert isinstance(target, KubernetesTargetSpec)
    given = {
        "hosts": ["blocksight.live", "api.blocksight.live"],
        "given": {"certificate": {"secret": "chain"}, "key": {"secret": "key"}},
    }
    spec = EdgeGatewaySpec.model_validate({"certificates": {"main": given}})
    told = telemetry(spec, plan.routes, cluster=target.cluster, prefix=plan.prefix)
    assert [scrape.job for scrape in told.scrapes] == ["envoy"]
    assert {s.name: s.sources for s in told.signals}["edge_certificate_life_left_ratio"] == {}


def test_a_site_tells_of_its_cache_only_if_it_has_one() -> None:
    plain = CdnFrontendSpec.model_validate({"image": "demo/site:1"})
    cached = CdnFrontendSpec.model_validate({"image": "demo/site:1", "proxies": {"/api": {"app": "a", "fresh": "5s"}}})
    without, with_it = ({s.name for s in site.telemetry("web", spec, "docker").signals} for spec in (plain, cached))
    assert with_it - without == {"site_cache_hit_ratio"}
    assert [probe.target for probe in site.telemetry("web", plain, "docker").probes] == ["http://web:8080/healthz"]


def test_a_site_is_scraped_beside_its_server_on_both_targets() -> None:
    plain = CdnFrontendSpec.model_validate({"image": "demo/site:1"})
    (docker,), (kubernetes,) = (site.telemetry("web", plain, target).scrapes for target in ("docker", "kubernetes"))
    assert (docker.host, docker.labels) == ("web-exporter", {})
    assert (kubernetes.host, kubernetes.port_name) == ("", "metrics")
    assert kubernetes.labels == {"app.kubernetes.io/name": "cdn-frontend", "app.kubernetes.io/instance": "web"}
