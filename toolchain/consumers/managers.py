"""The operators themselves: what runs in a cluster and makes something of our objects, built from tagged Go modules.

Each at the version whose definitions `crds.py` takes.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from toolchain import golang
from toolchain.consumers.crds import RELEASES
from toolchain.consumers.parts import Part, pins

MODULES = Path(__file__).parent.parent

VERSIONS = {release.name: release.version for release in RELEASES}
SOURCES = {release.name: release.module for release in RELEASES}

WEBHOOKS = "webhooks.yaml"
"""CloudNativePG's and KEDA's own registration of their webhooks, which their releases hold too."""


def _cloudnative_pg(folder: Path) -> None:
    source, module = SOURCES["cloudnative-pg"], MODULES / "cloudnative-pg"
    golang.build(module, f"{source}/cmd/manager", folder / "manager")
    shutil.copyfile(golang.folder_of(module, source) / "config/webhook/manifests.yaml", folder / WEBHOOKS)


def _barman_cloud(folder: Path) -> None:
    golang.build(MODULES / "plugin-barman-cloud", f"{SOURCES['plugin-barman-cloud']}/cmd/manager", folder / "manager")


def _prometheus_operator(folder: Path) -> None:
    for program in ("operator", "admission-webhook"):
        package = f"{SOURCES['prometheus-operator']}/cmd/{program}"
        golang.build(MODULES / "prometheus-operator", package, folder / program)


def _envoy_gateway(folder: Path) -> None:
    golang.install(f"{SOURCES['gateway']}/cmd/envoy-gateway", VERSIONS["gateway"], folder)


def _keda(folder: Path) -> None:
    source, module = SOURCES["keda"], MODULES / "keda"
    for program in ("operator", "webhooks"):
        golang.build(module, f"{source}/cmd/{program}", folder / program)
    shutil.copyfile(golang.folder_of(module, source) / "config/webhooks/validation_webhooks.yaml", folder / WEBHOOKS)


def _wrapped(release: str) -> str:
    files = [MODULES / release / name for name in ("go.mod", "go.sum")]
    return f"{release}-{VERSIONS[release].removeprefix('v')}-{pins(VERSIONS[release], WEBHOOKS, files=files)}"


CLOUDNATIVE_PG = Part(
    title=f"CloudNativePG {VERSIONS['cloudnative-pg']}",
    folder_name=_wrapped("cloudnative-pg"),
    cost="building it from Go modules (about two minutes)",
    make=_cloudnative_pg,
)
BARMAN_CLOUD = Part(
    title=f"CloudNativePG's Barman Cloud plugin {VERSIONS['plugin-barman-cloud']}",
    folder_name=_wrapped("plugin-barman-cloud"),
    cost="building it from Go modules (a minute or two)",
    make=_barman_cloud,
)
PROMETHEUS_OPERATOR = Part(
    title=f"the prometheus-operator {VERSIONS['prometheus-operator']}",
    folder_name=_wrapped("prometheus-operator"),
    cost="building it from Go modules (about two minutes)",
    make=_prometheus_operator,
)
ENVOY_GATEWAY = Part(
    title=f"Envoy Gateway {VERSIONS['gateway']}",
    folder_name=f"envoy-gateway-{VERSIONS['gateway'].removeprefix('v')}-{pins(VERSIONS['gateway'])}",
    cost="building it from its Go module (about three minutes)",
    make=_envoy_gateway,
)
KEDA = Part(
    title=f"KEDA {VERSIONS['keda']}",
    folder_name=_wrapped("keda"),
    cost="building it from Go modules (about six minutes: it holds the clients of every cloud)",
    make=_keda,
)
MANAGERS = (CLOUDNATIVE_PG, BARMAN_CLOUD, PROMETHEUS_OPERATOR, ENVOY_GATEWAY, KEDA)
