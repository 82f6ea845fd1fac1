"""The reader of expressions and the exporters' lists: what is there passes, what is not is named."""

from __future__ import annotations

import pytest

from components import versions
from components.postgres_cluster.signals import SIGNALS
from components.telemetry import Signal
from tests.series import emitted, missing, reads, registries
from toolchain.consumers.crds import RELEASES

THERE = {"cnpg_backends_total": frozenset({"state", "datname"}), "up_seconds": frozenset[str]()}


def test_an_expressions_series_and_labels_are_read() -> None:
    read = reads(
        'max by (instance_name, slot) (label_replace(rate(a_total{x="1",y!~"by (z)"}[5m]) - ignoring (v) b > bool 0, "slot", "$1", "x", "(.*)")) * 1e3'
    )
    assert read.series == {"a_total": {"x", "y"}, "b": frozenset()}
    assert read.labels == {"instance_name", "slot", "v"}
    assert "slot" in read.made


@pytest.mark.parametrize(
    "expression",
    [
        'sum by (instance_name, state) (cnpg_backends_total{state="active"})',
        "time() - max(up_seconds) or vector(0)",
        'max by (kind) (label_replace(up_seconds, "kind", "$1", "pod", "(.*)"))',
    ],
)
def test_what_is_emitted_is_not_missed(expression: str) -> None:
    assert list(missing(expression, THERE)) == []


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("sum(cnpg_backends)", ["cnpg_backends"]),
        ('cnpg_backends_total{usename="x"}', ["cnpg_backends_total{usename}"]),
        ("sum by (usename) (cnpg_backends_total)", ["by (usename)"]),
    ],
)
def test_what_nobody_emits_is_named(expression: str, named: list[str]) -> None:
    assert list(missing(expression, THERE)) == named


def test_no_series_has_two_exporters() -> None:
    names = [name for registry in registries() for name in registry["series"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
def test_every_source_of_a_postgres_signal_is_emitted(signal: Signal) -> None:
    assert [lack for source in signal.sources.values() for lack in missing(source, emitted())] == []


def test_the_lists_are_of_the_versions_that_stacks_run() -> None:
    images = {
        "pgbouncer-exporter": versions.PGBOUNCER_EXPORTER,
        "postgres-exporter": versions.POSTGRES_EXPORTER,
    }
    operators = {"cloudnative-pg": "cloudnative-pg", "barman-cloud": "plugin-barman-cloud"}
    released = {release.name: release.version for release in RELEASES}
    listed = {registry["exporter"]: f"v{registry['version']}" for registry in registries()}
    assert {name: listed[name] for name in images} == {name: image.rpartition(":")[2] for name, image in images.items()}
    assert {name: listed[name] for name in operators} == {name: released[module] for name, module in operators.items()}
