"""One rendered RedisCache as running pods: servers, Sentinels, proxies, with certificates as cert-manager would issue them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.consumers.network import Network
from tests.consumers.redis.pods import Pod
from tests.kit import stand_ins
from tests.kit.recorded import Secret
from tests.kit.recording import Recording


class Instance:
    """Leaving the block ends every pod."""

    def __init__(self, name: str, recording: Recording, root: Path, folder: Path) -> None:
        self.name = name
        self._recording = recording
        self._root = root
        self._folder = folder
        self._stack = ExitStack()
        self.network = Network()
        self.tls = folder / "tls"
        self.servers: list[Pod] = []
        self.shards: list[list[Pod]] = []
        self.sentinels: list[Pod] = []
        self.keepers: list[Pod] = []
        self.proxies: list[Pod] = []

    def __enter__(self) -> Self:
        self._stack.enter_context(self.network)
        self._stack.callback(self._end)
        self._certify()
        self._shards()
        self.servers = [pod for shard in self.shards for pod in shard] or self._stateful(f"{self.name}-server")
        if self._has(f"{self.name}-sentinel-watch"):
            self.sentinels = self._stateful(f"{self.name}-sentinel-watch")
        self.proxies = self._deployed("proxy")
        self.keepers = self._deployed("keeper")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def pods(self) -> list[Pod]:
        return [*self.servers, *self.sentinels, *self.proxies, *self.keepers]

    @property
    def engine(self) -> str:
        """As the servers' scripts are told."""
        return next(each["value"] for each in self.servers[0].container["env"] if each["name"] == "ENGINE")

    @property
    def bystander(self) -> Pod:
        """A pod that has the client and is no server."""
        return [*self.sentinels, *self.keepers][-1]

    def _end(self) -> None:
        for pod in self.pods:
            if pod.running:
                pod.kill()

    def _has(self, name: str) -> bool:
        return any(resource.name == name for resource in self._recording.resources)

    def _shards(self) -> None:
        while self._has(shard := f"{self.name}-shard-{len(self.shards)}-server"):
            self.shards.append(self._stateful(shard))

    def grow(self, recording: Recording) -> None:
        """As after the number of shards was raised: theirs are new pods, the keeper is replaced, the rest stays."""
        self._recording = recording
        before = len(self.shards)
        self._shards()
        added = [pod for shard in self.shards[before:] for pod in shard]
        self.servers += added
        for pod in self.keepers:
            pod.kill()
        self.keepers = self._deployed("keeper", generation=1)
        for pod in [*added, *self.keepers]:
            pod.start()

    def _deployed(self, role: str, generation: int = 0) -> list[Pod]:
        name = f"{self.name}-{role}"
        if not self._has(f"{name}-deployment"):
            return []
        body = self._recording.one("Deployment", f"{name}-deployment").inputs
        return [
            self._pod(f"{name}-{generation}{index}", name, body["spec"]["template"])
            for index in range(body["spec"]["replicas"])
        ]

    def _stateful(self, resource: str) -> list[Pod]:
        body = self._recording.one("StatefulSet", resource).inputs
        name, service = body["metadata"]["name"], body["spec"]["serviceName"]
        namespace = body["metadata"]["namespace"]
        return [
            self._pod(
                f"{name}-{index}",
                f"{name}-{index}.{service}.{namespace}.svc.cluster.local",
                body["spec"]["template"],
            )
            for index in range(body["spec"]["replicas"])
        ]

    def _pod(self, name: str, host: str, template: Mapping[str, Any]) -> Pod:
        contents = {volume["name"]: self._contents(volume) for volume in template["spec"]["volumes"]}
        return Pod(
            name=name,
            host=host,
            template=template,
            contents=contents,
            root=self._root,
            folder=self._folder / "pods",
            network=self.network,
        )

    def _contents(self, volume: Mapping[str, Any]) -> dict[str, str]:
        if "configMap" in volume:
            return dict(self._object("ConfigMap", volume["configMap"]["name"])["data"])
        if "secret" in volume:
            keys = [item["key"] for item in volume["secret"]["items"]]
            if volume["secret"]["secretName"] == f"{self.name}-tls":
                return {key: (self.tls / key).read_text(encoding="utf-8") for key in keys}
            data = _plain(self._object("Secret", volume["secret"]["secretName"])["stringData"])
            return {key: _plain(data[key]) for key in keys}
        return {}

    def check(self, attempt: str, job_name: str = "restore-check") -> Pod:
        """The pod of a restore check, on the volume of the server that it reads."""
        job = self._recording.one("CronJob", f"{self.name}-batch-{job_name}").inputs
        name = f"{self.name}-{job_name}-{attempt}"
        pod = self._pod(name, name, job["spec"]["jobTemplate"]["spec"]["template"])
        (claim,) = [v["persistentVolumeClaim"] for v in pod.template["spec"]["volumes"] if "persistentVolumeClaim" in v]
        (server,) = [each for each in self.servers if claim["claimName"] == f"data-{each.name}"]
        pod.claim = server.claim
        return pod

    def _object(self, kind: str, name: str) -> Mapping[str, Any]:
        """By physical name; those that the engine names are found by what the recorder made of their logical names."""
        for resource in self._recording.of_type(kind):
            made = stand_ins.outputs(resource.type, resource.name, resource.inputs)["metadata"]["name"]
            if made == name:
                return resource.inputs
        raise AssertionError((kind, name))

    def binding(self, app: str) -> dict[str, str]:
        """The Secret that an app reads."""
        data = _plain(self._recording.one("Secret", f"{self.name}-{app}-binding").inputs["stringData"])
        return {key: _plain(value) for key, value in data.items()}

    def _certify(self) -> None:
        """An authority and a certificate for the names that our Certificate object asks for."""
        self.tls.mkdir(parents=True)
        names = self._recording.one("Certificate", f"{self.name}-certificate").inputs["spec"]["dnsNames"]
        extension = self.tls / "extensions"
        extension.write_text("subjectAltName=" + ",".join(f"DNS:{name}" for name in names), encoding="utf-8")
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        openssl(
            "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2", "-subj", "/CN=test", at=self.tls
        )
        openssl("req", *key, "-keyout", "tls.key", "-out", "tls.csr", "-subj", "/O=test", at=self.tls)
        openssl(
            *("x509", "-req", "-in", "tls.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "2"),
            *("-out", "tls.crt", "-extfile", "extensions"),
            at=self.tls,
        )

    def start(self) -> None:
        """Everything at once, as an apply does."""
        for pod in self.pods:
            pod.start()

    def role(self, pod: Pod) -> str:
        """What a server says it is; empty if it says nothing."""
        if not pod.running:
            return ""
        answer = pod.run(
            "sh", "-c", f"REDISCLI_AUTH=$(cat /run/secrets/health) timeout 2 valkey-cli {self._tls} --user health role"
        )
        return answer.stdout.partition("\n")[0].strip()

    _tls = "--tls --cacert /run/tls/ca.crt"

    def primaries(self) -> list[Pod]:
        return [pod for pod in self.servers if self.role(pod) == "master"]

    def keys(self, pod: Pod) -> int:
        """How many keys a server holds."""
        answer = pod.run(
            *(
                "sh",
                "-c",
                f"REDISCLI_AUTH=$(cat /run/secrets/health) valkey-cli {self._tls} --user health info keyspace",
            )
        )
        found = [line for line in answer.stdout.splitlines() if line.startswith("db0:keys=")]
        return int(found[0].partition("=")[2].partition(",")[0]) if found else 0

    def all_ready(self) -> bool:
        return all(pod.probe("readinessProbe") for pod in [*self.servers, *self.sentinels, *self.keepers])

    def wait(self, what: str, is_so: Callable[[], bool], *, seconds: float = 60) -> float:
        """Seconds it took. Raises AssertionError with the last words of every pod if it does not happen."""
        began = time.monotonic()
        while not is_so():
            if time.monotonic() - began > seconds:
                words = "\n".join(f"--- {pod.name}\n" + "\n".join(pod.log().splitlines()[-12:]) for pod in self.pods)
                msg = f"not after {seconds:.0f} s: {what}\n{words}"
                raise AssertionError(msg)
            time.sleep(0.2)
        return time.monotonic() - began


def openssl(*arguments: str, at: Path) -> None:
    subprocess.run(["openssl", *arguments], cwd=at, check=True, capture_output=True)


def _plain(value: Any) -> Any:
    return value.reveal() if isinstance(value, Secret) else value
