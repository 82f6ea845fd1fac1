"""CustomResourceDefinitions of everything that a stack file can name, from tagged Go modules."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from toolchain import golang
from toolchain.consumers.parts import Part, pins
from toolchain.progress import UnavailableError


@dataclass(frozen=True, kw_only=True)
class Release:
    """One module at one version, with the hash that a `go.sum` would hold."""

    module: str
    version: str
    sum: str
    folder: str
    """Where the definitions lie in it."""
    groups: tuple[str, ...]
    """API groups that they define."""
    files: str = "*.yaml"
    """Which files of the folder hold them."""

    @property
    def name(self) -> str:
        return re.sub(r"/v\d+$", "", self.module).rpartition("/")[2]


RELEASES = (
    Release(
        module="github.com/cloudnative-pg/cloudnative-pg",
        version="v1.30.0",
        sum="h1:fnhVq44xXx97MNiuvJsPrX1vSjYbgdyBK5MSGfdHdp0=",
        folder="config/crd/bases",
        groups=("postgresql.cnpg.io",),
    ),
    Release(
        module="github.com/cloudnative-pg/plugin-barman-cloud",
        version="v0.14.0",
        sum="h1:kpTo7egntRIM15hvo0xtOj07wyjj23jcz/Co0KfzC7s=",
        folder="config/crd/bases",
        groups=("barmancloud.cnpg.io",),
    ),
    Release(
        module="github.com/cert-manager/cert-manager",
        version="v1.21.1",
        sum="h1:0LttV37Q5c2CBNoHkjuI8sLKTXWZDC2SwQkxrBMKV9w=",
        folder="deploy/crds",
        groups=("cert-manager.io", "acme.cert-manager.io"),
    ),
    Release(
        module="github.com/envoyproxy/gateway",
        version="v1.9.0",
        sum="h1:PaOpud15v3kDCl3L5yc1TdYzggCMpRm1yRjNKmLkzHA=",
        folder="charts/gateway-helm/charts/crds/crds/generated",
        groups=("gateway.envoyproxy.io",),
    ),
    Release(
        module="github.com/prometheus-operator/prometheus-operator",
        version="v0.93.0",
        sum="h1:AohlYJT+En8TmNpAcEUJ3GsaJTAqfEBwHmGTVpRm/Io=",
        folder="example/prometheus-operator-crd",
        groups=("monitoring.coreos.com",),
    ),
    Release(
        module="sigs.k8s.io/gateway-api",
        version="v1.6.1",
        sum="h1:mock6phZbI6rvZerwrVNk7hVNymQgHo+6sJ81Ia7ftY=",
        folder="config/crd/standard",
        groups=("gateway.networking.k8s.io",),
    ),
    Release(
        module="github.com/kedacore/keda/v2",
        version="v2.21.0",
        sum="h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=",
        folder="config/crd/bases",
        groups=("eventing.keda.sh", "keda.sh"),
    ),
    Release(
        module="k8s.io/autoscaler/vertical-pod-autoscaler",
        version="v1.7.1",
        sum="h1:gHgsammWdCT+vyqrBsCfN7+CJrfy0Mo5k1zfg8Dge7o=",
        folder="deploy",
        files="vpa-v1-crd-gen.yaml",
        groups=("autoscaling.k8s.io",),
    ),
)
"""Of the operators that the cluster layer installs."""

BROUGHT = (
    Release(
        module="github.com/cilium/cilium",
        version="v1.18.4",
        sum="h1:/HrbeMmk46UDkJs4uJemIqxB7wuZ+QRMNVscNYua5C8=",
        folder="pkg/k8s/apis/cilium.io/client/crds/v2",
        files="ciliumnetworkpolicies.yaml",
        groups=("cilium.io",),
    ),
    Release(
        module="github.com/kubernetes-csi/external-snapshotter/client/v8",
        version="v8.6.0",
        sum="h1:FtGewu2k6HWw6evLGXY8JqUZ9eHpti1kd3e4amj+ilA=",
        folder="config/crd",
        files="snapshot.storage.k8s.io_*.yaml",
        groups=("snapshot.storage.k8s.io",),
    ),
)
"""Of what a cluster has already when the cluster layer comes: stacks make such objects, and nobody here installs these."""

EVERY = (*RELEASES, *BROUGHT)


def _make(folder: Path) -> None:
    for release in EVERY:
        target = folder / release.name
        target.mkdir()
        for file in sorted((download(release) / release.folder).glob(release.files)):
            shutil.copyfile(file, target / file.name)


def download(release: Release) -> Path:
    """The module's sources, compared with their pinned hash."""
    go = shutil.which("go") or shutil.which(golang.USUAL_PLACE)
    if go is None:
        msg = "Go is not installed; the definitions lie in Go modules"
        raise UnavailableError(msg)
    with tempfile.TemporaryDirectory() as empty:  # no go.mod around it that could choose another version
        done = subprocess.run(
            [go, "mod", "download", "-json", f"{release.module}@{release.version}"],
            cwd=empty,
            capture_output=True,
            text=True,
            check=False,
        )
    answer = json.loads(done.stdout or "{}")
    if "Dir" not in answer:
        msg = f"{release.module}@{release.version} could not be had: {answer.get('Error') or done.stderr.strip()}"
        raise UnavailableError(msg)
    if answer["Sum"] != release.sum:
        msg = f"{release.module}@{release.version} is not what was pinned: its hash is {answer['Sum']}"
        raise UnavailableError(msg)
    return Path(answer["Dir"])


CRDS = Part(
    title="definitions of custom resources",
    folder_name=f"crds-{pins(*(f'{r.module} {r.version} {r.sum} {r.folder}/{r.files}' for r in EVERY))}",
    cost="downloading nine Go modules (seconds)",
    make=_make,
)
