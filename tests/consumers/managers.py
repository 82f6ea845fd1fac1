"""The operators at work: their real programs on a control plane of their own, with their webhooks registered.

They act as the accounts that their releases give them, and nothing runs in the pods they make: what asks a pod for its
state learns that nobody answers. Envoy Gateway and the webhooks of CloudNativePG and KEDA listen on all addresses, and
have no option against it.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cluster import versions
from cluster.versions import INSTALLED
from tests.consumers import accounts
from tests.consumers.cluster import NOWHERE, Cluster, Object, running
from tests.consumers.processes import Processes, bare_environment, free_ports, listens
from toolchain.consumers.crds import EVERY, RELEASES
from toolchain.consumers.managers import (
    BARMAN_CLOUD,
    CLOUDNATIVE_PG,
    ENVOY_GATEWAY,
    KEDA,
    PROMETHEUS_OPERATOR,
    VERSIONS,
    WEBHOOKS,
)

GOARCH = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
ENVOY_GATEWAYS_PORTS = (8081, 18000, 18001, 18002, 19001)
"""Fixed in its program."""
OPERATOR = f"ghcr.io/cloudnative-pg/cloudnative-pg:{VERSIONS['cloudnative-pg'].removeprefix('v')}"
SIDECAR = f"ghcr.io/cloudnative-pg/plugin-barman-cloud-sidecar:{VERSIONS['plugin-barman-cloud']}"
"""What the charts tell them; nothing pulls it here."""

BALANCED = "192.0.2.10"
"""What a load balancer would give to the proxies."""


def why_no_gateway() -> str | None:
    """The reason why Envoy Gateway can't run here; None if it can."""
    return None if os.geteuid() == 0 else "its certificates lie in /certs, so it needs chroot, and that needs root"


def operators() -> tuple[str, ...]:
    """Add-ons whose programs run here."""
    everywhere = ("barman_cloud", "cloudnative_pg", "prometheus_operator")
    return everywhere if why_no_gateway() else (*everywhere, "envoy_gateway")


@dataclass(frozen=True, kw_only=True)
class Operated:
    """A cluster in which the operators run."""

    cluster: Cluster
    processes: Processes

    def condition(self, each: Mapping[str, Any], kind: str) -> str:
        """Status of a condition; empty where there is none yet."""
        found = [row["status"] for row in each.get("conditions", ()) if row["type"] == kind]
        return found[0] if found else ""

    def wait_until_status(self, kind: str, name: str, namespace: str, condition: str) -> None:
        def is_so() -> bool:
            status = self.cluster.get(kind, name, namespace).get("status", {})
            return self.condition(status, condition) == "True"

        self.processes.wait_until(f"{kind} {name} is {condition}", is_so)

    def secret(self, name: str, namespace: str, key: str) -> bytes:
        return base64.b64decode(self.cluster.get("secret", name, namespace)["data"][key])

    def unzipped(self, name: str, namespace: str, key: str) -> str:
        return gzip.decompress(self.secret(name, namespace, key)).decode()


@contextmanager
def operating(folder: Path) -> Generator[Operated]:
    """All of them, on a cluster of their own."""
    with _empty(folder) as operated:
        operated.cluster.define(*RELEASES)
        _postgres(operated.cluster, operated.processes, folder)
        _prometheus(operated.cluster, operated.processes, folder)
        if why_no_gateway() is None:
            gateway(operated.cluster, operated.processes, folder)
        yield operated


@contextmanager
def operating_postgres(folder: Path) -> Generator[Operated]:
    """Those of databases alone."""
    with _empty(folder) as operated:
        ours = {"postgresql.cnpg.io", "barmancloud.cnpg.io", "snapshot.storage.k8s.io"}
        operated.cluster.define(*(each for each in EVERY if ours & set(each.groups)))
        _postgres(operated.cluster, operated.processes, folder)
        yield operated


@contextmanager
def operating_keda(folder: Path) -> Generator[Operated]:
    """KEDA alone, with the definitions of the stacks that it scales."""
    with _empty(folder) as operated:
        operated.cluster.define(*EVERY)
        _keda(operated.cluster, operated.processes, folder)
        yield operated


@contextmanager
def _empty(folder: Path) -> Generator[Operated]:
    with running(folder / "cluster", pods=NOWHERE) as cluster, Processes(folder / "managers") as processes:
        cluster.apply(*_spaces())
        yield Operated(cluster=cluster, processes=processes)


def _spaces() -> Sequence[Object]:
    names = sorted({row.namespace for row in INSTALLED.values() if row.namespace not in {"", "kube-system"}})
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names]


def _environment(kubeconfig: Path, folder: Path, **more: str) -> dict[str, str]:
    return {**bare_environment(folder), "KUBECONFIG": str(kubeconfig), **more}


def _postgres(cluster: Cluster, processes: Processes, folder: Path) -> None:
    """CloudNativePG and its plugin, which find each other by a socket here, and by a Service elsewhere."""
    port, metrics, health = free_ports(3)
    sockets, home = folder / "sockets", folder / "cloudnative-pg"
    sockets.mkdir()
    (home / "operator").mkdir(parents=True)
    manager = CLOUDNATIVE_PG.need() / "manager"
    (home / "operator" / f"manager_{GOARCH[platform.machine()]}").symlink_to(manager)
    (plugin,) = accounts.admit(cluster, "barman_cloud").values()
    (operator,) = accounts.admit(cluster, "cloudnative_pg").values()
    processes.start(
        "barman-cloud",
        [
            BARMAN_CLOUD.need() / "manager",
            "operator",
            f"--plugin-path={sockets}",
            f"--health-probe-bind-address=127.0.0.1:{health}",
        ],
        env=_environment(plugin, folder, SIDECAR_IMAGE=SIDECAR),
    )
    processes.wait_until("the plugin's socket is there", lambda: any(sockets.iterdir()))
    processes.start(
        "cloudnative-pg",
        [
            manager,
            "controller",
            f"--metrics-bind-address=127.0.0.1:{metrics}",
            f"--webhook-port={port}",
        ],
        cwd=home,
        env=_environment(
            operator,
            folder,
            OPERATOR_NAMESPACE=INSTALLED["cloudnative_pg"].namespace,
            OPERATOR_IMAGE_NAME=OPERATOR,
            PLUGIN_SOCKET_DIR=str(sockets),
            WEBHOOK_CERT_DIR=str(cluster.certificates),
            **versions.ONE_AFTER_ANOTHER,  # its chart puts them into a ConfigMap, which is read over these
        ),
    )
    processes.wait_until("CloudNativePG's webhooks listen", lambda: listens(port))
    text = (CLOUDNATIVE_PG.need() / WEBHOOKS).read_text(encoding="utf-8")
    cluster.apply(*(_at(each, port, cluster, "cnpg") for each in yaml.safe_load_all(text)))


def _at(registration: dict[str, Any], port: int, cluster: Cluster, name: str) -> Object:
    """Webhooks that are asked at a port of this machine instead of a Service."""
    bundle = base64.b64encode((cluster.certificates / "apiserver.crt").read_bytes()).decode()
    for webhook in registration["webhooks"]:
        path = webhook["clientConfig"]["service"]["path"]
        webhook["clientConfig"] = {"url": f"https://127.0.0.1:{port}{path}", "caBundle": bundle}
    registration["metadata"] = {"name": f"{name}-{registration['kind'].lower()}"}
    return registration


def _prometheus(cluster: Cluster, processes: Processes, folder: Path) -> None:
    web, port = free_ports(2)
    programs = PROMETHEUS_OPERATOR.need()
    (operator,) = accounts.admit(cluster, "prometheus_operator").values()
    processes.start(
        "prometheus-operator",
        [programs / "operator", f"--web.listen-address=127.0.0.1:{web}"],
        env=_environment(operator, folder),
    )
    processes.start(
        "admission-webhook",
        [
            programs / "admission-webhook",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-tls",
            f"--web.cert-file={cluster.certificates / 'apiserver.crt'}",
            f"--web.key-file={cluster.certificates / 'apiserver.key'}",
        ],
        env=_environment(operator, folder),
    )
    processes.wait_until("the rules' webhook listens", lambda: listens(port))
    cluster.apply(_at(_rules_webhook(), port, cluster, "prometheus-rules"))


def _rules_webhook() -> dict[str, Any]:
    """As the operator's chart registers it."""
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "webhooks": [
            {
                "name": "prometheusrulevalidate.monitoring.coreos.com",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Fail",
                "clientConfig": {"service": {"path": "/admission-prometheusrules/validate"}},
                "rules": [
                    {
                        "apiGroups": ["monitoring.coreos.com"],
                        "apiVersions": ["*"],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": ["prometheusrules"],
                    }
                ],
            }
        ],
    }


def _keda(cluster: Cluster, processes: Processes, folder: Path) -> None:
    metrics, health, asked, port, webhook_metrics, webhook_health = free_ports(6)
    programs, space = KEDA.need(), INSTALLED["keda"].namespace
    (operator,) = accounts.admit(cluster, "keda").values()
    certificates = folder / "keda"
    certificates.mkdir()
    for name, ours in {"ca.crt": "apiserver.crt", "tls.crt": "apiserver.crt", "tls.key": "apiserver.key"}.items():
        (certificates / name).symlink_to(cluster.certificates / ours)
    environment = _environment(operator, folder, WATCH_NAMESPACE="", POD_NAMESPACE=space)
    processes.start(
        "keda",
        [
            programs / "operator",
            f"--cert-dir={certificates}",
            f"--metrics-bind-address=127.0.0.1:{metrics}",
            f"--health-probe-bind-address=127.0.0.1:{health}",
            f"--metrics-service-bind-address=127.0.0.1:{asked}",
        ],
        env={**environment, "KEDA_CLUSTER_OBJECT_NAMESPACE": space},
    )
    processes.start(
        "keda-webhooks",
        [
            programs / "webhooks",
            f"--cert-dir={certificates}",
            f"--port={port}",
            f"--metrics-bind-address=127.0.0.1:{webhook_metrics}",
            f"--health-probe-bind-address=127.0.0.1:{webhook_health}",
        ],
        env=environment,
    )
    processes.wait_until("KEDA's webhooks listen", lambda: listens(port))
    text = (programs / WEBHOOKS).read_text(encoding="utf-8")
    cluster.apply(*(_at(each, port, cluster, "keda") for each in yaml.safe_load_all(text)))


def gateway(cluster: Cluster, processes: Processes, folder: Path, files: Mapping[str, str] | None = None) -> None:
    """Envoy Gateway and its class. `files` are laid into its root folder, by path."""
    taken = [port for port in ENVOY_GATEWAYS_PORTS if listens(port)]
    assert taken == [], f"ports {taken} are taken, and Envoy Gateway can't use others: end what listens there"
    program, root = ENVOY_GATEWAY.need() / "envoy-gateway", folder / "envoy-gateway"
    space = INSTALLED["envoy_gateway"].namespace
    admitted = accounts.admit(cluster, "envoy_gateway")
    subprocess.run(
        [program, "certgen", "--disable-topology-injector"],
        env=_environment(next(path for name, path in admitted.items() if name.endswith("-certgen")), folder),
        check=True,
        capture_output=True,
        timeout=60,
    )
    (root / "certs").mkdir(parents=True)
    (root / "tmp").mkdir()
    made = cluster.get("secret", "envoy-gateway", space)["data"]
    for name, content in made.items():
        (root / "certs" / name).write_bytes(base64.b64decode(content))
    shutil.copyfile(program, root / "envoy-gateway")
    (root / "envoy-gateway").chmod(0o755)
    (root / "kubeconfig").write_text(json.dumps(_whole(admitted["envoy-gateway"])), encoding="utf-8")
    for path, text in {"config.yaml": yaml.safe_dump(_gateway_config()), **(files or {})}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    command = ["chroot", root, "/envoy-gateway", "server", "--config-path=/config.yaml"]
    environment = {**bare_environment(Path("/tmp")), "KUBECONFIG": "/kubeconfig", "ENVOY_GATEWAY_NAMESPACE": space}  # noqa: S108  # inside the new root
    environment["PATH"] += ":/usr/sbin:/sbin"
    processes.start("envoy-gateway", command, env=environment)
    processes.wait_until("Envoy Gateway listens", lambda: listens(18000))
    cluster.apply(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": versions.ENVOY},
            "spec": {"controllerName": versions.ENVOY_CONTROLLER},
        }
    )


def _whole(kubeconfig: Path) -> dict[str, Any]:
    """A kubeconfig, with what it points to in it."""
    config = json.loads(kubeconfig.read_text(encoding="utf-8"))
    for each in config["clusters"]:
        path = Path(each["cluster"].pop("certificate-authority"))
        each["cluster"]["certificate-authority-data"] = base64.b64encode(path.read_bytes()).decode()
    return config


def _gateway_config() -> dict[str, Any]:
    """Its chart's, without the webhook that tells proxies their zone: it would listen at a Service."""
    (told,) = [each for each in accounts.chart("envoy_gateway") if each["kind"] == "ConfigMap"]
    config = yaml.safe_load(told["data"]["envoy-gateway.yaml"])
    config["provider"]["kubernetes"]["topologyInjector"] = {"disabled": True}
    return config


def certificate(folder: Path, names: Sequence[str]) -> tuple[Path, Path]:
    """A pair for host names, as cert-manager would have it from its authority."""
    folder.mkdir(exist_ok=True)
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    hosts = ",".join(f"DNS:{name}" for name in names)
    pair = folder / "tls.crt", folder / "tls.key"
    subprocess.run(
        [
            *command,
            "-days",
            "2",
            "-subj",
            "/O=test",
            "-addext",
            f"subjectAltName={hosts}",
            "-out",
            pair[0],
            "-keyout",
            pair[1],
        ],
        check=True,
        capture_output=True,
    )
    return pair
