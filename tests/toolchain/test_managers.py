"""The operators that floor 3 runs: the wrapper modules pin the releases that the cluster layer installs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cluster.versions import INSTALLED
from toolchain.consumers import egctl, envoy
from toolchain.consumers.managers import MODULES, SOURCES, VERSIONS

WRAPPED = ("cloudnative-pg", "keda", "plugin-barman-cloud", "prometheus-operator")


@pytest.mark.parametrize("name", WRAPPED)
def test_a_wrapper_pins_the_release_whose_definitions_are_taken(name: str) -> None:
    text = (MODULES / name / "go.mod").read_text(encoding="utf-8")
    (version,) = re.findall(rf"^(?:require )?\s*{re.escape(SOURCES[name])} (v\S+)$", text, re.MULTILINE)
    assert version == VERSIONS[name]
    assert f"{SOURCES[name]} {version} h1:" in (MODULES / name / "go.sum").read_text(encoding="utf-8")


def test_the_offline_translator_is_of_the_gateway_s_release() -> None:
    assert VERSIONS["gateway"] == egctl.VERSION


def test_envoy_is_the_one_that_the_gateway_s_release_starts() -> None:
    """`DefaultEnvoyProxyImage` of the gateway's sources; raise both together."""
    assert (VERSIONS["gateway"], envoy.VERSION) == ("v1.9.0", "1.39.0")


def test_wrappers_are_for_what_is_installed() -> None:
    installed = {row.definitions for row in INSTALLED.values()}
    assert set(WRAPPED) <= installed
    assert all(Path(MODULES / name / "tools.go").is_file() for name in WRAPPED)
