"""Pods run as a kubelet would: the rendered container's command, variables and files, in namespaces of their own.

Only what a RedisCache uses: ConfigMap, Secret and emptyDir volumes, a claim per pod that outlives it, the pod's name as a
variable. Probes are asked by the tests. The root folder is the servers' one below an overlay of the pod's own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.consumers.network import Network

PROGRAM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(kw_only=True)
class Pod:
    """One pod that may start several times; its claim stays."""

    name: str
    host: str
    template: Mapping[str, Any]
    """The pod template, with volumes filled in by `contents`."""
    contents: Mapping[str, Mapping[str, str]]
    """Files by volume name."""
    root: Path
    folder: Path
    network: Network
    process: subprocess.Popen[bytes] | None = None
    namespace: str = ""
    starts: int = 0
    claim: Path = field(init=False)

    def __post_init__(self) -> None:
        self.claim = self.folder / self.name / "claim"
        self.claim.mkdir(parents=True)
        os.chown(self.claim, self.user, self.user)

    @property
    def user(self) -> int:
        return int(self.template["spec"]["securityContext"]["runAsUser"])

    @property
    def container(self) -> Mapping[str, Any]:
        return self.template["spec"]["containers"][0]

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """A new pod: another address, empty scratch folders, the claim as it was left."""
        self.starts += 1
        self.namespace = self.network.join(self.name, self.host)
        place = self.folder / self.name / str(self.starts)
        self._lay_out(place)
        self.restart_container(place)

    def restart_container(self, place: Path | None = None) -> None:
        """The same pod, its container started anew: what a kubelet does after a crash."""
        place = self.folder / self.name / str(self.starts) if place is None else place
        with (place / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *("ip", "netns", "exec", self.namespace),
                    *("unshare", "--mount", "--propagation", "private", "sh", "-euc", self._enter(place)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        hook = self._hook("postStart")
        if hook is not None:
            threading.Thread(target=self._after_start, args=(hook,), daemon=True).start()

    def _hook(self, moment: str) -> list[str] | None:
        found = (self.container.get("lifecycle") or {}).get(moment, {}).get("exec")
        return None if found is None else found["command"]

    def _after_start(self, command: list[str]) -> None:
        """Beside the container, which is killed if the hook fails."""
        process = self.process
        deadline = time.monotonic() + 20
        while (
            time.monotonic() < deadline
            and self.running
            and not Path(f"/proc/{self.main_pid()}/root/run/config").exists()
        ):
            time.sleep(0.05)
        if self.run(*command, timeout=60).returncode and process is self.process and self.running:
            self.kill()

    def _lay_out(self, place: Path) -> None:
        for part in ("upper", "work", "merged"):
            (place / part).mkdir(parents=True)
        place.chmod(0o755)
        for volume in self.template["spec"]["volumes"]:
            folder = place / "volumes" / volume["name"]
            folder.mkdir(parents=True)
            os.chown(folder, self.user, self.user)
            for name, text in self.contents.get(volume["name"], {}).items():
                (folder / name).write_text(text, encoding="utf-8")
                (folder / name).chmod(0o440)
                os.chown(folder / name, 0, self.user)

    def _enter(self, place: Path) -> str:
        merged = place / "merged"
        lines = [
            f"mount -t overlay overlay -o lowerdir={self.root},upperdir={place}/upper,workdir={place}/work {merged}",
            f"mount -t proc proc {merged}/proc",
            f"mount --bind /dev {merged}/dev",
            f"printf 'nameserver {self.network.gateway}\\noptions timeout:1 attempts:2\\n' > {merged}/etc/resolv.conf",
            f"printf '127.0.0.1 localhost\\n' > {merged}/etc/hosts",
        ]
        for mount in self._mounts():
            source = (
                self.claim
                if mount["name"] == "data" and not self._scratch_data()
                else place / "volumes" / mount["name"]
            )
            lines += [f"mkdir -p {merged}{mount['mountPath']}", f"mount --bind {source} {merged}{mount['mountPath']}"]
        ids = f"--reuid {self.user} --regid {self.user} --clear-groups --no-new-privs --bounding-set -all"
        lines.append(
            f"exec env -i {self._variables()} chroot {merged} setpriv {ids} --pdeathsig KILL {self._command()}"
        )
        return "\n".join(lines)

    def _mounts(self) -> list[Mapping[str, Any]]:
        """Of every container: what stands beside the first one runs in its place too, when a test asks for it."""
        every = [m for container in self.template["spec"]["containers"] for m in container["volumeMounts"]]
        return list({mount["mountPath"]: mount for mount in every}.values())

    def _scratch_data(self) -> bool:
        return any(
            volume["name"] == "data" and "persistentVolumeClaim" not in volume
            for volume in self.template["spec"]["volumes"]
        )

    def _command(self) -> str:
        return " ".join(self.container["command"])

    def _variables(self) -> str:
        given = {"PATH": PROGRAM_PATH}
        for variable in self.container.get("env") or ():
            value = variable.get("value", self.name)
            given[variable["name"]] = value.replace("$(POD)", given.get("POD", ""))
        return " ".join(f"'{name}={value}'" for name, value in given.items())

    def run(self, *command: str, timeout: float = 30) -> subprocess.CompletedProcess[str]:
        """A command inside the running container, as a probe or a hook."""
        assert self.process is not None
        pid = self.main_pid()
        return subprocess.run(
            ["nsenter", f"--target={pid}", "--net", "--mount", f"--root=/proc/{pid}/root", "env", "-i"]
            + [word.strip("'") for word in self._variables().split("' '")]
            + list(command),
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def probe(self, kind: str) -> bool:
        """Whether a probe of the container succeeds."""
        return self.running and self.run(*self.container[kind]["exec"]["command"]).returncode == 0

    def main_pid(self) -> int:
        """The container's first process: everything before it has become it by exec."""
        assert self.process is not None
        return self.process.pid

    def kill(self) -> None:
        """As a node that loses its power, or the kernel's memory killer."""
        assert self.process is not None
        self._signal_all(signal.SIGKILL)
        self.process.wait()

    def pause(self) -> None:
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_all(signal.SIGCONT)

    def stop(self, *, grace: float) -> None:
        """As a deletion: the hook first, then the signal, then the kill."""
        assert self.process is not None
        hook = self._hook("preStop")
        began = time.monotonic()
        if hook is not None:
            self.run(*hook, timeout=grace)
        self._signal_all(signal.SIGTERM)
        try:
            self.process.wait(timeout=max(1.0, grace - (time.monotonic() - began)))
        except subprocess.TimeoutExpired:
            self.kill()

    def wipe(self) -> None:
        """Loses the claim's content, as when a volume is replaced."""
        assert not self.running
        shutil.rmtree(self.claim)
        self.claim.mkdir()
        os.chown(self.claim, self.user, self.user)

    def log(self) -> str:
        return (self.folder / self.name / str(self.starts) / "log").read_text(encoding="utf-8", errors="replace")

    def _signal_all(self, number: int) -> None:
        assert self.process is not None
        if self.running:
            os.killpg(self.process.pid, number)
