"""Kubernetes' control plane without nodes: API server, controllers, scheduler, kubectl, etcd, and kwok's fake nodes.

Each is built from its tagged Go module, which a small module beside this package pins.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from toolchain import golang
from toolchain.consumers.parts import Part, pins

KUBERNETES_VERSION = "1.36.3"
"""A patch of the minor that the stack files name."""

ETCD_VERSION = "3.6.14"
"""The minor that Kubernetes 1.36 is released with."""

KWOK_VERSION = "0.8.0"
"""https://kwok.sigs.k8s.io: nodes and pods whose status is written by rules, called stages."""

MODULES = Path(__file__).parent.parent

KWOK_STAGES = (
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
)
"""kwok's own rules for nodes that stay ready and pods that become ready at once."""


def _kubernetes(folder: Path) -> None:
    major, minor, _ = KUBERNETES_VERSION.split(".")
    facts = {"gitVersion": f"v{KUBERNETES_VERSION}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    golang.build(
        MODULES / "kubernetes",
        ".",
        folder / "kube",
        variables=[
            f"k8s.io/{package}.{fact}={value}"
            for package in ("component-base/version", "client-go/pkg/version")
            for fact, value in facts.items()
        ],
    )


def _etcd(folder: Path) -> None:
    golang.build(MODULES / "etcd", "go.etcd.io/etcd/server/v3", folder / "etcd")


def _kwok(folder: Path) -> None:
    golang.build(MODULES / "kwok", "sigs.k8s.io/kwok/cmd/kwok", folder / "kwok")
    sources = golang.folder_of(MODULES / "kwok", "sigs.k8s.io/kwok") / "kustomize/stage"
    (folder / "stages").mkdir()
    for stage in KWOK_STAGES:
        shutil.copyfile(sources / stage, folder / "stages" / Path(stage).name)


def _folder_name(program: str, version: str, sources: tuple[str, ...]) -> str:
    module = MODULES / program
    return f"{program}-{version}-{pins(version, *KWOK_STAGES, files=[module / name for name in sources])}"


_PINNED = ("go.mod", "go.sum")

KUBERNETES = Part(
    title=f"Kubernetes {KUBERNETES_VERSION}",
    folder_name=_folder_name("kubernetes", KUBERNETES_VERSION, (*_PINNED, "main.go")),
    cost="building it from Go modules (about 10 minutes on two cores)",
    make=_kubernetes,
)
ETCD = Part(
    title=f"etcd {ETCD_VERSION}",
    folder_name=_folder_name("etcd", ETCD_VERSION, _PINNED),
    cost="building it from Go modules (about a minute)",
    make=_etcd,
)
KWOK = Part(
    title=f"kwok {KWOK_VERSION}",
    folder_name=_folder_name("kwok", KWOK_VERSION, _PINNED),
    cost="building it from Go modules (1 to 3 minutes)",
    make=_kwok,
)
