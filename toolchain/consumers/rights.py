"""What the operators may do in a cluster, as their releases say it: roles and bindings out of their tagged Go modules.

Where a release's roles stand in its chart alone, the chart is taken, and Helm renders it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from toolchain.consumers import crds
from toolchain.consumers.crds import RELEASES
from toolchain.consumers.parts import Part, pins

ROLES: Mapping[str, Sequence[str]] = {
    "cloudnative-pg": ("config/rbac/role.yaml", "config/rbac/role_binding.yaml"),
    "plugin-barman-cloud": (
        "config/rbac/service_account.yaml",
        "config/rbac/role.yaml",
        "config/rbac/role_binding.yaml",
        "config/rbac/leader_election_role.yaml",
        "config/rbac/leader_election_role_binding.yaml",
    ),
    "prometheus-operator": (
        "example/rbac/prometheus-operator/prometheus-operator-service-account.yaml",
        "example/rbac/prometheus-operator/prometheus-operator-cluster-role.yaml",
        "example/rbac/prometheus-operator/prometheus-operator-cluster-role-binding.yaml",
    ),
    "keda": ("config/rbac/role.yaml", "config/rbac/role_binding.yaml"),
}
"""Files of a release, without what its chart leaves out: the plugin's guard of its own series, which the chart has off."""

CHARTS: Mapping[str, str] = {"gateway": "charts/gateway-helm"}
"""Folder of a release."""

_VALUES, _TEMPLATE = "values.yaml", "values.tmpl.yaml"
"""A release makes the first from the second, and fills these in."""
_IMAGE, _PULL_POLICY = "docker.io/envoyproxy/gateway:", "IfNotPresent"


def _make(folder: Path) -> None:
    for release in RELEASES:
        target, files, chart = folder / release.name, ROLES.get(release.name, ()), CHARTS.get(release.name)
        if not files and chart is None:
            continue
        source = crds.download(release)
        target.mkdir()
        for file in files:
            shutil.copyfile(source / file, target / Path(file).name)
        if chart is not None:
            shutil.copytree(source / chart, target, dirs_exist_ok=True, copy_function=shutil.copyfile)
            text = (target / _TEMPLATE).read_text(encoding="utf-8")
            filled = text.replace("${GatewayImage}", f"{_IMAGE}{release.version}")
            (target / _VALUES).write_text(filled.replace("${GatewayImagePullPolicy}", _PULL_POLICY), encoding="utf-8")


def _taken() -> list[str]:
    named = {release.name: f"{release.module} {release.version} {release.sum}" for release in RELEASES}
    return [f"{named[name]} {' '.join(files)}" for name, files in ROLES.items()] + [
        f"{named[name]} {folder}" for name, folder in CHARTS.items()
    ]


RIGHTS = Part(
    title="the operators' rights",
    folder_name=f"rights-{pins(*_taken(), _IMAGE, _PULL_POLICY)}",
    cost="copying them out of Go modules (seconds)",
    make=_make,
)
