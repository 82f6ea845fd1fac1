"""Flat programs in a temporary folder: the rehearsal is tested without any component of this repository."""

from __future__ import annotations

import textwrap
from collections.abc import Generator
from pathlib import Path

import pytest

from rehearsal.session import Session

PROGRAM = """
import pulumi
import pulumi_docker as docker
import pulumi_kubernetes as k8s
import pulumi_random as random
from pulumi import ResourceOptions

cluster = k8s.Provider("cluster", kubeconfig="~/.kube/config", context="x")
other = k8s.Provider("other", kubeconfig="~/.kube/config", context="y")
on = ResourceOptions(provider=cluster)
"""

STACK = """\
config:
  flat:size: 3
"""


class Folder:
    """A project `flat` with a stack `dev`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        (path / "Pulumi.yaml").write_text("name: flat\nruntime: python\n", encoding="utf-8")
        self.stack(STACK)
        self.program("")

    def stack(self, text: str) -> None:
        (self.path / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")

    def program(self, body: str) -> None:
        (self.path / "__main__.py").write_text(PROGRAM + textwrap.dedent(body), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "flat")


@pytest.fixture
def session(folder: Folder) -> Generator[Session]:
    with Session(folder.path, "dev") as opened:
        yield opened
