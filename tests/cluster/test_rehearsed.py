"""The cluster layer by the real engine: it previews, comes up, and a second look shows nothing to do."""

from __future__ import annotations

from collections.abc import Generator

import pytest
import yaml

from cluster.versions import ONE_AFTER_ANOTHER
from rehearsal import render
from rehearsal.session import Session
from tests.cluster.shipped import ROOT

RELEASES = 9


@pytest.fixture(scope="module")
def prod() -> Generator[Session]:
    with Session(ROOT / "cluster", "prod") as session:
        result = session.up("--color=never")
        assert result.exit_code == 0, result.text
        yield session


def test_staging_previews() -> None:
    with Session(ROOT / "cluster", "staging") as session:
        result = session.preview("--color=never")
    assert result.exit_code == 0, result.text
    assert result.changes["create"] >= 60


def test_every_add_on_previews_together() -> None:
    """Those that no shipped cluster has, too."""
    text = (ROOT / "cluster" / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    with Session(ROOT / "cluster", "prod") as session:
        session.stack_text = text.replace(
            "    metrics_server: {}\n", "    metrics_server: {}\n    keda: {}\n    vertical_pod_autoscaler: {}\n"
        )
        result = session.preview("--color=never")
    assert result.exit_code == 0, result.text
    for made in ("operators-keda", "operators-vertical-pod-autoscaler", "operators-log-collector"):
        assert made in result.text
    assert "definitions-customresourcedefinition-scaledobjects.keda.sh" in result.text
    assert "definitions-customresourcedefinition-verticalpodautoscalers.autoscaling.k8s.io" in result.text


def test_a_second_look_shows_nothing(prod: Session) -> None:
    result = prod.preview("--color=never", "--expect-no-changes")
    assert result.exit_code == 0, result.text
    assert set(result.changes) == {"same"}


def test_an_upgrade_is_an_update_and_switching_off_a_gateway_deletes_its_release(prod: Session) -> None:
    text = (ROOT / "cluster" / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    try:
        prod.stack_text = text.replace("replicaCount: 2", "replicaCount: 3")
        assert prod.preview().changes["update"] == 1
        prod.stack_text = text.replace("    metrics_server: {}\n", "")
        assert prod.preview().changes["delete"] == 1
        prod.stack_text = text.replace("    envoy_gateway: {}\n", "").replace(
            "    prod: {file: ../Pulumi.prod.yaml}", "    {}"
        )
        refused = prod.preview("--color=never")
        assert refused.exit_code != 0
        assert "protected" in refused.text  # its definitions and its namespace
    finally:
        prod.stack_text = None


def test_a_chart_renders_to_the_values_of_a_helm_command(prod: Session) -> None:
    files = {file.name: file.text for file in render.files(prod.export())}
    values = [name for name in files if name.endswith(".values")]
    assert len(values) == RELEASES
    command, *rest = files["helm-cnpg-system-cloudnative-pg.values"].splitlines()
    assert command == (
        "# helm upgrade --install cloudnative-pg cloudnative-pg --namespace cnpg-system --version 0.29.0 "
        "--repo https://cloudnative-pg.github.io/charts --skip-crds --values helm-cnpg-system-cloudnative-pg.values"
    )
    assert yaml.safe_load("\n".join(rest)) == {
        "config": {"data": ONE_AFTER_ANOTHER},
        "crds": {"create": False},
        "replicaCount": 2,
    }
