"""A real Kubernetes control plane on loopback with six fake nodes in three zones, and kubectl to talk to it.

Admission, defaulting, quotas, scheduling and all controllers are real. No container runs and no policy is enforced:
kwok's rules say that pods are ready, and that volumes exist.
"""

from __future__ import annotations

import json
import secrets
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.consumers.processes import Processes, bare_environment, free_ports
from toolchain.consumers.control_plane import ETCD, KUBERNETES, KWOK
from toolchain.consumers.crds import CRDS, EVERY, Release

Object = Mapping[str, Any]
"""A Kubernetes object, as YAML or JSON writes it."""

ZONES = ("a", "b", "c")
NODES = 6
NODE_SIZE = {"cpu": "16", "memory": "64Gi", "ephemeral-storage": "200Gi", "pods": "110"}

MOST_OF_AN_ERROR = 3000
"""Letters: kubectl can repeat whole definitions."""

NOWHERE = "239.255.0.1/16"
"""Addresses for pods that a program under test would connect to: the kernel refuses to, and nothing leaves the machine."""

MANIFESTS = Path(__file__).parent / "manifests"
USERS = ("admin", "system:kube-controller-manager", "system:kube-scheduler")


class Api:
    """Single requests to the API server, where the status code is what matters."""

    def __init__(self, port: int, token: str) -> None:
        self._server = f"https://127.0.0.1:{port}"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._trusting = ssl.create_default_context()
        self._trusting.check_hostname = False
        self._trusting.verify_mode = ssl.CERT_NONE  # its certificate is made while we wait for it

    def is_ready(self) -> bool:
        return self._code("/readyz", None) == 200

    def post(self, path: str, body: Object) -> int:
        return self._code(path, json.dumps(body).encode())

    def _code(self, path: str, body: bytes | None) -> int:
        request = urllib.request.Request(f"{self._server}{path}", data=body, headers=self._headers)  # noqa: S310  # our own API server
        try:
            with urllib.request.urlopen(request, context=self._trusting, timeout=10) as answer:  # noqa: S310  # our own API server
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0  # nobody listens yet


class Cluster:
    """What a test does to a cluster, through the kubectl of its own version."""

    def __init__(self, kube: Path, kubeconfig: Path, api: Api) -> None:
        self.kubeconfig = kubeconfig
        self.certificates = kubeconfig.parent / "pki"
        """The API server's own pair for 127.0.0.1, `apiserver.crt` and `apiserver.key`: it trusts what it made itself."""
        self.record = kubeconfig.parent / "audit.log"
        """What accounts of pods have asked, and the answers, one a line."""
        self._command = (kube, "kubectl", f"--kubeconfig={kubeconfig}")
        self._folder = kubeconfig.parent
        self._api = api
        self._defined: set[Release] = set()

    def kubectl(self, *arguments: str | Path, stdin: str | None = None) -> str:
        """Standard output. Raises AssertionError with what kubectl says if it fails."""
        done = self.try_kubectl(*arguments, stdin=stdin)
        assert done.returncode == 0, f"kubectl {' '.join(map(str, arguments))}\n{done.stderr[-MOST_OF_AN_ERROR:]}"
        return done.stdout

    def try_kubectl(self, *arguments: str | Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """For commands that may fail, or whose warnings matter."""
        return subprocess.run(
            [*self._command, *arguments],
            input=stdin,
            env=bare_environment(self._folder),
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

    def apply(self, *objects: Object) -> str:
        """Applies objects written in a test."""
        return self.kubectl("apply", "-f", "-", stdin=as_yaml(objects))

    def get(self, kind: str, name: str, namespace: str = "default") -> dict[str, Any]:
        return json.loads(self.kubectl("get", kind, name, "-n", namespace, "-o", "json"))

    def all(self, kind: str, namespace: str, selector: str = "") -> list[dict[str, Any]]:
        """Objects of a kind, sorted by name."""
        arguments = ("get", kind, "-n", namespace, "-o", "json", *(("-l", selector) if selector else ()))
        return json.loads(self.kubectl(*arguments))["items"]

    def define(self, *releases: Release) -> int:
        """Creates the definitions of operators, once each, and waits until they are served; how many they are.

        Only where a test needs them: the API server takes half a second of processor time for each.
        """
        made: list[str] = []
        for release in sorted(set(releases) - self._defined, key=lambda release: release.name):
            folder = CRDS.need() / release.name
            made += self.kubectl("create", "--validate=false", "-o", "name", "-f", folder).split()
            self._defined.add(release)
        names = [name for name in made if name.startswith("customresourcedefinition")]
        if names:
            self.wait_until("every definition is served", lambda: self._are_served(names))
        return len(names)

    def define_for(self, objects: Iterable[Object]) -> None:
        """Creates the definitions that objects are instances of."""
        groups = {str(each["apiVersion"]).partition("/")[0] for each in objects}
        self.define(*(release for release in EVERY if groups & set(release.groups)))

    def cordon(self, *, closed: bool) -> None:
        """Closes all nodes to new pods, or opens them."""
        self.kubectl("cordon" if closed else "uncordon", *(node["metadata"]["name"] for node in _nodes()))

    def _are_served(self, names: Sequence[str]) -> bool:
        columns = ".status.conditions[*]"
        lines = self.kubectl("get", *names, "--no-headers", "-o", f"custom-columns=T:{columns}.type,S:{columns}.status")
        return all(("Established", "True") in _pairs(line) for line in lines.splitlines())

    def rolled_out(self, kind: str, name: str, namespace: str, *, seconds: int = 150) -> str:
        return self.kubectl("rollout", "status", f"{kind}/{name}", "-n", namespace, f"--timeout={seconds}s")

    def evict(self, pod: str, namespace: str) -> int:
        """Asks to evict a pod, as a node's drain does; the status code of the answer."""
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": namespace}}
        return self._api.post(f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction", body)

    @contextmanager
    def namespace(self, name: str, labels: Mapping[str, str]) -> Generator[str]:
        """A namespace for objects written in a test; emptied in an order that takes no time, and deleted."""
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}})
        try:
            self.wait_until(f"{name} has its default account", lambda: bool(self.all("serviceaccount", name)))
            yield name
        finally:
            self.empty(name)

    @contextmanager
    def room_for(self, objects: Sequence[Object]) -> Generator[None]:
        """What a stack's objects stand on; at the end everything of theirs is gone."""
        made = [str(each["metadata"]["name"]) for each in objects if each["kind"] == "Namespace"]
        elsewhere = [each for each in objects if _place(each) not in made and each["kind"] != "Namespace"]
        self.define_for(objects)
        for name in made:
            self.make_room(name)
        for name in sorted({_place(each) for each in elsewhere} - {""}):
            self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        try:
            yield
        finally:
            for name in made:
                self.empty(name)
            if elsewhere:
                self.kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", stdin=as_yaml(elsewhere))

    def make_room(self, namespace: str) -> None:
        """Waits until a namespace that an earlier test has emptied is gone."""
        self.wait_until(f"{namespace} is gone", lambda: self.try_kubectl("get", "namespace", namespace).returncode != 0)

    def empty(self, namespace: str) -> None:
        """Deletes a namespace, workloads first: the namespace controller waits 15 seconds for each round of pods."""
        self.kubectl("delete", "deployment,statefulset,job", "--all", "-n", namespace, "--wait=false")
        self.kubectl("delete", "pod", "--all", "-n", namespace, "--grace-period=0", "--force", "--wait=true")
        self.kubectl("delete", "namespace", namespace, "--wait=false")

    def wait_until(self, what: str, is_so: Callable[[], bool], *, seconds: float = 120) -> None:
        until = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < until, f"not after {seconds:.0f} s: {what}"
            time.sleep(0.25)


def _pairs(line: str) -> set[tuple[str, str]]:
    """`NamesAccepted,Established   True,True`, or `<none>` for what has no conditions yet."""
    columns = [column.split(",") for column in line.split()]
    return set(zip(*columns, strict=True)) if len(columns) == 2 else set()


def _place(each: Object) -> str:
    return str(each["metadata"].get("namespace", ""))


def as_yaml(objects: Iterable[Object]) -> str:
    return yaml.safe_dump_all([dict(each) for each in objects], sort_keys=False)


@contextmanager
def running(folder: Path, *, pods: str | None = None) -> Generator[Cluster]:
    """The cluster, ready, with addresses for pods from a range. Ends with the block, and its data with it."""
    kube, etcd, kwok = KUBERNETES.need() / "kube", ETCD.need() / "etcd", KWOK.need()
    api_port, etcd_port, peer_port = free_ports(3)
    tokens = {user: secrets.token_hex(16) for user in USERS}
    api = Api(api_port, tokens["admin"])
    with Processes(folder) as processes:
        _write_credentials(folder, tokens, api_port)
        processes.start("etcd", [etcd, *_etcd_flags(folder, etcd_port, peer_port)])
        processes.start("kube-apiserver", [kube, "kube-apiserver", *_api_server_flags(folder, api_port, etcd_port)])
        processes.wait_until("the API server is ready", api.is_ready)
        common = ["--leader-elect=false", "--secure-port=0", "--kube-api-qps=300", "--kube-api-burst=600"]
        manager, scheduler = "kube-controller-manager", "kube-scheduler"
        processes.start(
            manager,
            [
                kube,
                manager,
                *common,
                f"--kubeconfig={_kubeconfig(folder, f'system:{manager}')}",
                *_manager_flags(folder),
            ],
        )
        processes.start(
            scheduler, [kube, scheduler, *common, f"--kubeconfig={_kubeconfig(folder, f'system:{scheduler}')}"]
        )
        cluster = Cluster(kube, _kubeconfig(folder, "admin"), api)
        cluster.kubectl("apply", "-f", "-", stdin=as_yaml(_nodes()))
        processes.start(
            "kwok", [kwok / "kwok", *_kwok_flags(folder, kwok / "stages"), *([f"--cidr={pods}"] if pods else [])]
        )
        cluster.kubectl("apply", "-f", MANIFESTS / "storage_class.yaml")
        cluster.kubectl("wait", "--for=condition=Ready", "--timeout=60s", "--all", "node")
        cluster.wait_until("the default account is there", lambda: bool(cluster.all("serviceaccount", "default")))
        yield cluster


def _etcd_flags(folder: Path, port: int, peer_port: int) -> list[str]:
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    return [
        "--name=only",
        f"--data-dir={folder / 'etcd'}",
        "--log-level=warn",
        "--unsafe-no-fsync",  # its data ends with the tests
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=only={peer}",
    ]


def _api_server_flags(folder: Path, port: int, etcd_port: int) -> list[str]:
    """Default admission, which holds Pod Security and quotas; certificates that it makes itself."""
    key = folder / "pki" / "apiserver.key"
    return [
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'pki'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        f"--audit-policy-file={MANIFESTS / 'audit.yaml'}",
        f"--audit-log-path={folder / 'audit.log'}",
        "--allow-privileged=true",  # so that it is Pod Security that denies, as on real clusters
        "--endpoint-reconciler-type=none",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
    ]


def _manager_flags(folder: Path) -> list[str]:
    return [
        "--use-service-account-credentials=true",
        f"--root-ca-file={folder / 'pki' / 'apiserver.crt'}",
        f"--service-account-private-key-file={folder / 'pki' / 'apiserver.key'}",
        "--pvclaimbinder-sync-period=2s",
        "--endpointslice-updates-batch-period=0",
        "--horizontal-pod-autoscaler-sync-period=1s",
    ]


def _kwok_flags(folder: Path, stages: Path) -> Sequence[str]:
    own = [MANIFESTS / "stages.yaml", *sorted(stages.glob("*.yaml"))]
    return [
        f"--kubeconfig={_kubeconfig(folder, 'admin')}",
        "--manage-all-nodes",
        "--node-lease-duration-seconds=40",
        *(f"--config={path}" for path in own),
    ]


def _nodes() -> list[Object]:
    return [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": f"node-{number}",
                "labels": {
                    "kubernetes.io/hostname": f"node-{number}",
                    "kubernetes.io/os": "linux",
                    "topology.kubernetes.io/zone": ZONES[number % len(ZONES)],
                },
            },
            "status": {"capacity": NODE_SIZE, "allocatable": NODE_SIZE},
        }
        for number in range(NODES)
    ]


def _write_credentials(folder: Path, tokens: Mapping[str, str], api_port: int) -> None:
    """Tokens for the people of this cluster; made anew each time, and void when it ends."""
    lines: list[str] = []
    for user, token in tokens.items():
        group = "system:masters" if user == "admin" else "system:authenticated"
        lines.append(f'{token},{user},{user},"{group}"')
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "rehearsed",
                    "cluster": {
                        "server": f"https://127.0.0.1:{api_port}",
                        "certificate-authority": str(folder / "pki" / "apiserver.crt"),
                    },
                }
            ],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [{"name": "only", "context": {"cluster": "rehearsed", "user": user}}],
            "current-context": "only",
        }
        _kubeconfig(folder, user).write_text(json.dumps(config), encoding="utf-8")
    (folder / "tokens.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _kubeconfig(folder: Path, user: str) -> Path:
    return folder / f"{user.rpartition(':')[2]}.kubeconfig"
