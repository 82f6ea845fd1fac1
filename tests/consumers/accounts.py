"""Operators as who they are in a cluster: service accounts with what their releases let them do, and no more.

The API server keeps a record of what they ask, so that a refusal shows which the operator itself passes over.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from cluster.versions import INSTALLED
from tests.consumers.cluster import Cluster, Object
from tests.consumers.processes import bare_environment
from toolchain.consumers.helm import HELM, PROGRAM
from toolchain.consumers.rights import CHARTS, RIGHTS

KINDS = frozenset({"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "ServiceAccount"})
LIFE = "--duration=4h"
"""Of a token: longer than any test."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One that an account has made."""

    account: str
    """Namespace and name."""
    verb: str
    what: str
    """Resource, and the part of it."""
    code: int
    told: str


def rights(addon: str) -> list[dict[str, Any]]:
    """Accounts, roles and bindings of an add-on, in the namespace that the cluster layer gives it."""
    release = INSTALLED[addon].definitions
    assert release is not None
    if release in CHARTS:
        found = chart(addon)
    else:
        files = sorted((RIGHTS.need() / release).glob("*.yaml"))
        found = [each for file in files for each in yaml.safe_load_all(file.read_text(encoding="utf-8"))]
    return [_placed(each, INSTALLED[addon].namespace) for each in found if each and each["kind"] in KINDS]


def chart(addon: str) -> list[dict[str, Any]]:
    """Every object of a chart that lies in a Go module, with the cluster layer's own values."""
    row = INSTALLED[addon]
    assert row.definitions is not None
    assert row.chart is not None
    folder = RIGHTS.need() / row.definitions
    done = subprocess.run(
        [HELM.need() / PROGRAM, "template", addon.replace("_", "-"), folder, f"--namespace={row.namespace}", "-f", "-"],
        input=yaml.safe_dump(row.chart.given),
        env=bare_environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def _placed(each: dict[str, Any], space: str) -> dict[str, Any]:
    if not each["kind"].startswith("Cluster"):
        each["metadata"]["namespace"] = space
    for subject in each.get("subjects", ()):
        subject["namespace"] = space
    return each


def admit(cluster: Cluster, addon: str) -> dict[str, Path]:
    """Creates an add-on's accounts and their rights; a kubeconfig for each account."""
    given, space = rights(addon), INSTALLED[addon].namespace
    names = {subject["name"] for each in given for subject in each.get("subjects", ())}
    names |= {each["metadata"]["name"] for each in given if each["kind"] == "ServiceAccount"}
    told = [_account(name, space) for name in sorted(names)]
    cluster.apply(*told, *(each for each in given if each["kind"] != "ServiceAccount"))
    return {name: _kubeconfig(cluster, name, space) for name in names}


def _account(name: str, space: str) -> Object:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": space}}


def _kubeconfig(cluster: Cluster, name: str, space: str) -> Path:
    """The administrator's, with a token of the account."""
    config = json.loads(cluster.kubeconfig.read_text(encoding="utf-8"))
    token = cluster.kubectl("create", "token", name, "-n", space, LIFE).strip()
    config["users"] = [{"name": user["name"], "user": {"token": token}} for user in config["users"]]
    path = cluster.kubeconfig.with_name(f"{space}-{name}.kubeconfig")
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def requests(cluster: Cluster) -> Iterator[Request]:
    """Everything that accounts have asked so far."""
    for line in cluster.record.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        status = cast("Mapping[str, Any]", told.get("responseStatus") or {})
        place = cast("Mapping[str, str]", told.get("objectRef") or {})
        yield Request(
            account=told["user"]["username"].removeprefix("system:serviceaccount:"),
            verb=told["verb"],
            what="/".join(filter(None, (place.get("resource"), place.get("subresource")))) or told["requestURI"],
            code=status.get("code", 0),
            told=status.get("message", ""),
        )
