"""Prometheus' own tool plays series of nginx, Envoy, cert-manager and the prober: each alert fires on each target, and only then."""

from __future__ import annotations

from typing import Any

import pytest

from components.edge_gateway.telemetry import telemetry
from components.environment.spec import KubernetesTargetSpec
from components.telemetry import TargetKind
from components.telemetry_rules import groups
from tests.consumers.promtool import Promtool, counted
from tests.stacks.shipped import topology_of

DAY = 86_400
MINUTES = 100
STACKS: dict[TargetKind, str] = {"docker": "dev", "kubernetes": "prod"}
ROUTE = 'instance_name="edge",route="api"'
ENVOY = 'instance_name="edge",envoy_cluster_name="httproute/blocksight-prod/edge-api/rule/0"'
PROBE = 'instance_name="edge",instance="blocksight.localhost"'
OF_THE_STACK = 'instance_name="edge",name="edge-main",namespace="cert-manager",exported_namespace="blocksight-prod"'
KEPT_LABELS = 'instance_name="edge",name="edge-main",namespace="blocksight-prod"'
OF_ANOTHER = 'instance_name="edge",name="edge-main",namespace="cert-manager",exported_namespace="shop-prod"'
NOT_AFTER, NOT_BEFORE = (f"certmanager_certificate_not_{word}_timestamp_seconds" for word in ("after", "before"))

Series = dict[str, str]


def rate(per_second: float) -> str:
    return f"0+{per_second * 60:g}x{MINUTES}"


def always(value: float) -> str:
    return f"{value:g}x{MINUTES}"


def life(labels: str, *, began: int, ends: int) -> Series:
    """A certificate's days, from the beginning of the play."""
    return {f"{NOT_BEFORE}{{{labels}}}": always(began * DAY), f"{NOT_AFTER}{{{labels}}}": always(ends * DAY)}


def buckets(series: str, labels: str, scale: float, *, slow: bool) -> Series:
    """Ten requests a second; of a slow route one in ten takes more than a second. `scale` is what one second is called."""
    below = {0.1: 1, 0.2: 2, 1: 9, 5: 10} if slow else {0.1: 9, 0.2: 10, 1: 10, 5: 10}
    bounds = {f"{bound * scale:g}": count for bound, count in below.items()}
    return {f'{series}{{{labels},le="{le}"}}': rate(count) for le, count in {**bounds, "+Inf": 10}.items()}


WELL: dict[TargetKind, Series] = {
    "docker": {
        f'edge_requests_total{{{ROUTE},code_class="2xx"}}': rate(10),
        f'edge_requests_total{{{ROUTE},code_class="5xx"}}': rate(0.01),
        **buckets("edge_request_seconds_bucket", ROUTE, 1, slow=False),
        f"edge_limited_total{{{ROUTE}}}": rate(0.1),
        f"probe_success{{{PROBE}}}": always(1),
        'probe_success{instance_name="web",instance="http://web:8080/healthz"}': always(0),  # no matter of the edge
        f"probe_ssl_earliest_cert_expiry{{{PROBE}}}": always(300 * DAY),
    },
    "kubernetes": {
        f'envoy_cluster_upstream_rq_xx{{{ENVOY},envoy_response_code_class="2"}}': rate(10),
        f'envoy_cluster_upstream_rq_xx{{{ENVOY},envoy_response_code_class="5"}}': rate(0.01),
        **buckets("envoy_cluster_upstream_rq_time_bucket", ENVOY, 1000, slow=False),
        'envoy_http_local_rate_limit_rate_limited{instance_name="edge"}': rate(0.1),
        f"probe_success{{{PROBE}}}": always(1),
        f"probe_ssl_earliest_cert_expiry{{{PROBE}}}": always(60 * DAY),
        **life(OF_THE_STACK, began=-30, ends=60),
        **life(OF_ANOTHER, began=-89, ends=1),
    },
}

ILL: list[tuple[TargetKind, str, Series]] = [
    ("docker", "EdgeRouteFailing", {f'edge_requests_total{{{ROUTE},code_class="5xx"}}': rate(1)}),
    ("docker", "EdgeRouteSlow", buckets("edge_request_seconds_bucket", ROUTE, 1, slow=True)),
    ("docker", "EdgeLimitsInForce", {f"edge_limited_total{{{ROUTE}}}": rate(3)}),
    ("docker", "EdgeCertificateNotRenewed", {f"probe_ssl_earliest_cert_expiry{{{PROBE}}}": always(60 * DAY)}),
    ("docker", "EdgeCertificateEnds", {f"probe_ssl_earliest_cert_expiry{{{PROBE}}}": always(6 * DAY)}),
    ("docker", "EdgeUnreachable", {f"probe_success{{{PROBE}}}": always(0)}),
    (
        "kubernetes",
        "EdgeRouteFailing",
        {f'envoy_cluster_upstream_rq_xx{{{ENVOY},envoy_response_code_class="5"}}': rate(1)},
    ),
    ("kubernetes", "EdgeRouteSlow", buckets("envoy_cluster_upstream_rq_time_bucket", ENVOY, 1000, slow=True)),
    (
        "kubernetes",
        "EdgeLimitsInForce",
        {'envoy_http_local_rate_limit_rate_limited{instance_name="edge"}': rate(3)},
    ),
    ("kubernetes", "EdgeCertificateNotRenewed", life(OF_THE_STACK, began=-75, ends=15)),
    ("kubernetes", "EdgeCertificateNotRenewed", life(KEPT_LABELS, began=-40, ends=5)),
    ("kubernetes", "EdgeCertificateEnds", {f"probe_ssl_earliest_cert_expiry{{{PROBE}}}": always(6 * DAY)}),
    ("kubernetes", "EdgeUnreachable", {f"probe_success{{{PROBE}}}": always(0)}),
]


def rules(target: TargetKind) -> list[dict[str, Any]]:
    plan = topology_of(STACKS[target])
    assert plan.stack.edge is not None
    place = plan.stack.environment.target
    cluster = place.cluster if isinstance(place, KubernetesTargetSpec) else None
    door = "edge:8443" if cluster is None else None
    told = telemetry(plan.stack.edge, plan.routes, door=door, cluster=cluster, prefix=plan.prefix)
    return [group for group in groups([told], target, runbooks="https://r") if not group["name"].startswith("slo-")]


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Promtool:
    return Promtool(tmp_path_factory.mktemp("edge-rules"))


@pytest.mark.parametrize("target", STACKS)
def test_the_rules_are_sound(tool: Promtool, target: TargetKind) -> None:
    assert tool.check(rules(target)) == ""


@pytest.mark.parametrize("target", STACKS)
def test_nothing_fires_while_all_is_well(tool: Promtool, target: TargetKind) -> None:
    assert tool.play(rules(target), [counted("well", MINUTES, WELL[target], {"*": 0})]) == ""


@pytest.mark.parametrize(("target", "alert", "changed"), ILL, ids=lambda value: value if isinstance(value, str) else "")
def test_each_alert_fires(tool: Promtool, target: TargetKind, alert: str, changed: Series) -> None:
    test = counted(alert, MINUTES, {**WELL[target], **changed}, {alert: 1})
    assert tool.play(rules(target), [test]) == ""


def test_refusals_of_all_kinds_are_one_figure(tool: Promtool) -> None:
    prefix = '{instance_name="edge",envoy_http_conn_manager_prefix="https-443"}'
    kinds = ("rbac_denied", "jwt_authn_denied", "api_key_auth_unauthorized")
    play = {
        "interval": "1m",
        "input_series": [{"series": f"envoy_http_{kind}{prefix}", "values": rate(2)} for kind in kinds],
        "promql_expr_test": [
            {
                "expr": "slipway:edge_refused_per_second",
                "eval_time": "30m",
                "exp_samples": [{"labels": 'slipway:edge_refused_per_second{instance_name="edge"}', "value": 6}],
            }
        ],
    }
    assert tool.play(rules("kubernetes"), [play]) == ""


def test_no_alert_is_left_out() -> None:
    for target, stack in STACKS.items():
        plan = topology_of(stack)
        assert plan.stack.edge is not None
        every = {alert.name for alert in telemetry(plan.stack.edge, plan.routes).alerts}
        assert {alert for on, alert, _ in ILL if on == target} == every
