"""The way in on Kubernetes at work: Envoy Gateway on a control plane, and the Envoy that it tells, in a pod of its own.

Envoy runs with the command line, certificates and files of the Deployment that Envoy Gateway makes, in a network namespace
with the ports that it has in a cluster, and is told everything by Envoy Gateway itself. Kubernetes' part that is missing here
is laid by hand: what leads from a Service to backends.
"""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.versions import INSTALLED
from components.edge_gateway import facts
from tests.consumers import cluster as clusters
from tests.consumers import managers
from tests.consumers.cluster import NOWHERE, Cluster
from tests.consumers.edge import nginx_server, way_in
from tests.consumers.edge.asking import Answer, ask
from tests.consumers.edge.backends import PORT, Backend
from tests.consumers.edge.issuer import Issuer
from tests.consumers.network import Network
from tests.consumers.processes import Processes
from tests.kit.recorded import Secret
from tests.kit.recording import Recording
from toolchain.consumers.envoy import ENVOY, PROGRAM

SPACE = INSTALLED["envoy_gateway"].namespace
KINDS = {
    "BackendTrafficPolicy",
    "ClientTrafficPolicy",
    "EnvoyProxy",
    "Gateway",
    "HTTPRoute",
    "Namespace",
    "ReferenceGrant",
    "SecurityPolicy",
}
HTTP, HTTPS, STATS = 10080, 10443, 19001
"""Where Envoy listens in its pod; the Service in front has 80 and 443."""

POD = r"""
set -eu
root=$1 place=$2 envoy=$3 user=$4
shift 4
cd "$place"
mount -t overlay overlay -o "lowerdir=$root,upperdir=upper,workdir=work" merged
mount --bind /dev merged/dev
mount -t tmpfs -o mode=1777 tmpfs merged/dev/shm
mount -t proc proc merged/proc
for folder in files/*; do
  mkdir -p "merged/${folder#files/}"
  mount --bind "$folder" "merged/${folder#files/}"
done
cp resolv.conf merged/etc/resolv.conf
mkdir -p merged/etc/ssl/certs
cp authority.crt merged/etc/ssl/certs/ca-certificates.crt
touch merged/envoy
mount --bind "$envoy" merged/envoy
# Envoy opens /dev/stdout anew, as its own user.
touch log
chown "$user" log
exec >>log 2>&1
exec chroot merged setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs --pdeathsig KILL \
  env -i ENVOY_POD_NAME=proxy /envoy "$@"
"""


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """An Envoy that answers, and who stands around it."""

    address: str
    namespace: str
    """Of the stack's routes."""
    authority: Path
    folder: Path
    process: subprocess.Popen[bytes]
    replicas: tuple[Backend, Backend]
    """Of every app."""
    canary: Backend
    """Of an app that gets a share."""
    client: str
    """Where requests come from."""
    cdn: str
    """Where requests of a trusted proxy in front come from."""
    issuer: Issuer

    @property
    def at(self) -> str:
        return f"{self.address}:{HTTPS}"

    def log_lines(self, *, until: str | None) -> list[dict[str, Any]]:
        """What Envoy has logged of requests, its other lines left out; `until` is waited for."""
        log = self.folder / "log"
        for _ in range(200):
            text = log.read_text(encoding="utf-8")
            if until is None or until in text:
                return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
            time.sleep(0.1)
        raise AssertionError(until)

    def stats(self) -> str:
        """What monitoring scrapes."""
        return ask(f"{self.address}:{STATS}", "/stats/prometheus").body.decode()

    def ask(self, target: str, *, host: str = way_in.HOST, source: str | None = None, **how: Any) -> Answer:
        return ask(self.at, target, host=host, trust=self.authority, source=source or self.client, **how)


@contextmanager
def running(stack: str, root: Path, folder: Path) -> Generator[Proxy]:
    envoy = ENVOY.need() / PROGRAM
    with ExitStack() as ends:
        network = ends.enter_context(Network())
        replicas = [network.here(), network.here()]
        canary, cdn, at_issuer = network.here(), network.here(), network.here(way_in.ISSUER)
        network.addresses[f"envoy-gateway.{SPACE}.svc.cluster.local"] = network.gateway
        recording, plan = way_in.recorded(stack, cdn)
        backends = [Backend(address, PORT) for address in (*replicas, canary)]
        for backend in backends:
            ends.callback(backend.close)
        assert plan.stack.edge is not None
        wanted = {name: certificate.hosts for name, certificate in plan.stack.edge.certificates.items()}
        authority = nginx_server.local_certificates(folder, {**wanted, "issuer": (way_in.ISSUER,)})
        issuer = Issuer(at_issuer, folder / "tls", "issuer")
        ends.callback(issuer.close)
        cluster = ends.enter_context(clusters.running(folder / "cluster", pods=NOWHERE))
        processes = ends.enter_context(Processes(folder / "gateway"))
        cluster.define_for([r.inputs for r in recording.resources if r.inputs.get("kind") in KINDS])
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
        resolver = f"nameserver {network.gateway}\n"
        trusted = {"etc/resolv.conf": resolver, "etc/ssl/certs/ca-certificates.crt": authority.read_text("utf-8")}
        managers.gateway(cluster, processes, folder, trusted)
        objects = [r.inputs for r in recording.resources if r.inputs.get("kind") in KINDS]
        leads = {f"asked-{way_in.CANARY}": [canary]}
        secrets = [
            _data(r.inputs) for r in recording.of_type("Secret") if r.name.startswith(("edge-oidc", "edge-keys"))
        ]
        certificates = [_certificate(plan.prefix, folder, name) for name in wanted]
        spaces = [each for each in objects if each["kind"] == "Namespace"]
        cluster.apply(*_plain(spaces))
        cluster.apply(*_plain([*secrets, *certificates, *_services(recording, leads, replicas)]))
        cluster.apply(*_plain([each for each in objects if each["kind"] != "Namespace"]))
        deployment = _made(cluster)
        place = folder / "pod"
        _lay_out(place, deployment, cluster, authority, resolver)
        namespace = network.join("proxy", "proxy.test")
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        user = container["securityContext"]["runAsUser"]
        enter = ["ip", "netns", "exec", namespace, "unshare", "--mount", "--propagation", "private"]
        program = ["sh", "-c", POD, "sh", root, place, envoy, str(user), *_arguments(container)]
        process = processes.start("envoy", [*enter, *program])
        proxy = Proxy(
            address=network.addresses["proxy"],
            namespace=plan.prefix,
            authority=authority,
            folder=place,
            process=process,
            replicas=(backends[0], backends[1]),
            canary=backends[2],
            client=network.gateway,
            cdn=cdn,
            issuer=issuer,
        )
        hosts = sorted({route.spec.host for route in plan.routes})
        processes.wait_until("Envoy leads requests", lambda: all(_leads(proxy, host) for host in hosts))
        yield proxy


def _arguments(container: Mapping[str, Any]) -> list[str]:
    """As a kubelet fills them in."""
    return [word.replace("$(ENVOY_POD_NAME)", "proxy") for word in container["args"]]


def _leads(proxy: Proxy, host: str) -> bool:
    try:
        return proxy.ask("/", host=host).status < 500
    except OSError:
        return False


def _services(
    recording: Recording, leads: Mapping[str, Sequence[str]], usual: Sequence[str]
) -> Generator[dict[str, Any]]:
    """Those that routes lead to, without pods, and where they lead."""
    wanted = {
        (reference.get("namespace", each["metadata"]["namespace"]), reference["name"])
        for each in (r.inputs for r in recording.resources if r.inputs.get("kind") == "HTTPRoute")
        for rule in each["spec"]["rules"]
        for reference in rule.get("backendRefs", ())
    }
    for made in (resource.inputs for resource in recording.of_type("Service")):
        name, namespace = made["metadata"]["name"], made["metadata"]["namespace"]
        if (namespace, name) not in wanted:
            continue
        spec = {key: value for key, value in made["spec"].items() if key != "selector"}
        yield {"apiVersion": "v1", "kind": "Service", "metadata": made["metadata"], "spec": spec}
        yield {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"{name}-here",
                "namespace": namespace,
                "labels": {"kubernetes.io/service-name": name},
            },
            "addressType": "IPv4",
            "ports": [{"name": port.get("name", ""), "port": PORT, "protocol": "TCP"} for port in spec["ports"]],
            "endpoints": [
                {"addresses": [address], "conditions": {"ready": True}} for address in leads.get(name, usual)
            ],
        }


def _data(secret: Any) -> dict[str, Any]:
    """A Secret, in plain."""
    held = secret["stringData"]
    held = held.reveal() if isinstance(held, Secret) else held
    plain = {key: value.reveal() if isinstance(value, Secret) else value for key, value in held.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": secret["metadata"], "stringData": plain}


def _certificate(namespace: str, folder: Path, name: str) -> dict[str, Any]:
    """What cert-manager would have put there."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": f"{facts.NAME}-{name}-tls", "namespace": namespace},
        "stringData": {
            f"tls.{part}": (folder / "tls" / f"{name}.{part}").read_text(encoding="utf-8") for part in ("crt", "key")
        },
    }


def _plain(objects: Sequence[Any]) -> list[dict[str, Any]]:
    return json.loads(json.dumps(objects))


def _made(cluster: Cluster) -> dict[str, Any]:
    """The Deployment of the proxies that Envoy Gateway makes."""
    owned = f"gateway.envoyproxy.io/owning-gateway-name={facts.NAME}"
    cluster.wait_until("the proxies have a Deployment", lambda: bool(cluster.all("deployment", SPACE, owned)))
    (deployment,) = cluster.all("deployment", SPACE, owned)
    return deployment


def _lay_out(place: Path, deployment: Mapping[str, Any], cluster: Cluster, authority: Path, resolver: str) -> None:
    for part in ("upper", "work", "merged", "files"):
        (place / part).mkdir(parents=True)
    place.chmod(0o755)
    pod = deployment["spec"]["template"]["spec"]
    mounts = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    for volume in pod["volumes"]:
        if volume["name"] in mounts:
            folder = place / "files" / mounts[volume["name"]].strip("/")
            folder.mkdir(parents=True)
            for name, content in _content(volume, cluster).items():
                (folder / name).write_bytes(content)
    (place / "resolv.conf").write_text(resolver, encoding="utf-8")
    (place / "authority.crt").write_bytes(authority.read_bytes())


def _content(volume: Mapping[str, Any], cluster: Cluster) -> dict[str, bytes]:
    match volume:
        case {"secret": {"secretName": str(name)}}:
            data = cluster.get("secret", name, SPACE)["data"]
            return {key: base64.b64decode(value) for key, value in data.items()}
        case {"configMap": {"name": str(name)}}:
            return {key: value.encode() for key, value in cluster.get("configmap", name, SPACE)["data"].items()}
        case _:
            return {}
