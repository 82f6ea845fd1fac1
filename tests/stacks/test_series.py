"""No rule asks a series, or a label of one, that its exporter does not have: over everything that is told on each target."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from components.monitoring_stack import monitors
from components.nginx import counting
from components.promql import parse
from components.telemetry import TargetKind
from components.telemetry_rules import groups
from tests.series import emitted, missing, registries
from tests.stacks.kitchen_sink import RUNBOOKS, STACKS, topology_of
from topology import Topology


def counted() -> dict[str, frozenset[str]]:
    """What our own program makes of access logs."""
    text = counting.program("edge") + counting.program("site")
    found = {name: frozenset[str]() for name in re.findall(r"^gauge (\w+)$", text, re.MULTILINE)}
    for kind, name, by in re.findall(r"^(counter|histogram) (\w+) by ([\w, ]+?)(?: buckets.*)?$", text, re.MULTILINE):
        labels = frozenset(by.split(", "))
        found |= (
            {name: labels}
            if kind == "counter"
            else {f"{name}_{part}": labels | {"le"} for part in ("bucket", "count", "sum")}
        )
    return found


def declared(plan: Topology) -> dict[str, frozenset[str]]:
    """What the stack file says of its apps' own series."""
    found: dict[str, frozenset[str]] = {}
    for app in plan.stack.app_services.values():
        if app.metrics is not None:
            status = set() if app.metrics.requests is None else {app.metrics.requests.status_label, "le"}
            found |= {series: frozenset(status) for series in app.metrics.emitted}
    return found


def asked(plan: Topology, target: TargetKind) -> Iterator[tuple[str, str]]:
    """Everything that asks exporters: sources of signals, promises, and alerts that a stack file words."""
    for one in plan.telemetry:
        yield from ((signal.name, signal.sources[target]) for signal in one.signals if target in signal.sources)
        yield from ((slo.name, text.replace("$window", "5m")) for slo in one.slos for text in (slo.total, slo.bad))
        yield from ((alert.name, alert.expr) for alert in one.alerts if "slipway:" not in alert.expr)


def there(plan: Topology) -> Mapping[str, frozenset[str]]:
    signals = {signal.series: frozenset[str]() for one in plan.telemetry for signal in one.signals}
    return {**declared(plan), **emitted(), **counted(), **signals}


@pytest.mark.parametrize("target", STACKS)
def test_every_series_and_label_that_is_asked_for_is_there(target: TargetKind) -> None:
    plan = topology_of(target)
    known = there(plan)
    found = {name: absent for name, text in asked(plan, target) if (absent := _absent(text, known))}
    assert found == {}


def _absent(text: str, known: Mapping[str, frozenset[str]]) -> list[str]:
    # Labels of signals are what their sources keep.
    has_signal = any(series.startswith("slipway:") for series in parse(text).series)
    kept = ("by (", "slipway:") if has_signal else ()
    return [word for word in missing(text, known) if not (word.startswith(kept) and word.endswith(("}", ")")))]


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("kube_pod_status_phases", ["kube_pod_status_phases"]),
        ('kube_pod_status_phase{status="x"}', ["kube_pod_status_phase{status}"]),
        ("sum by (mountpoint) (kube_pod_status_phase)", ["by (mountpoint)"]),
        ("sum by (phase) (kube_pod_status_phase)", []),
    ],
)
def test_what_is_not_there_is_noticed(text: str, absent: list[str]) -> None:
    assert list(missing(text, emitted())) == absent


@pytest.mark.parametrize("target", STACKS)
def test_our_own_reader_understands_every_rule(target: TargetKind) -> None:
    rules = [
        rule for group in groups(topology_of(target).telemetry, target, runbooks=RUNBOOKS) for rule in group["rules"]
    ]
    assert len(rules) > 200
    for rule in rules:
        assert parse(rule["expr"]).kind in ("vector", "scalar"), rule


def test_every_registry_says_what_it_is_about() -> None:
    for registry in registries():
        assert registry["exporter"]
        assert registry["version"]
        assert registry["series"]


def test_what_signals_ask_of_the_kubelets_is_kept() -> None:
    kept = re.compile(f"{monitors.VOLUMES}|{monitors.CONTAINERS}")
    sources = [
        s.sources["kubernetes"]
        for one in topology_of("kubernetes").telemetry
        for s in one.signals
        if "kubernetes" in s.sources
    ]
    asked_for = {
        series for source in sources for series in parse(source).series if series.startswith(("container_", "kubelet_"))
    }
    assert len(asked_for) > 5
    assert sorted(series for series in asked_for if not kept.fullmatch(series)) == []
