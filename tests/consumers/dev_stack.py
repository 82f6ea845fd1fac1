"""The dev stack on a real daemon: brought up by the real program, destroyed in the opposite order."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from tests.consumers import docker_provider
from tests.consumers.docker_daemon import Daemon
from tests.consumers.docker_up import Created, Request, State
from tests.consumers.rendered import PROJECT

PREFIX = "blocksight-dev"


class DevStack:
    """One stack from one file; its passwords live as long as its folder."""

    def __init__(self, daemon: Daemon, folder: Path, config: Mapping[str, Any] | None = None) -> None:
        """`config` stands in for what Pulumi.dev.yaml says."""
        self.daemon = daemon
        self._folder = folder
        self._state = folder / "state.json"
        folder.mkdir()
        for name in ("Pulumi.yaml", "Pulumi.dev.yaml"):
            shutil.copyfile(PROJECT / name, folder / name)
        if config is not None:
            (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": dict(config)}), encoding="utf-8")

    def up(self) -> subprocess.CompletedProcess[str]:
        """What `pulumi up` does on an empty state."""
        request = Request(
            program=str(PROJECT / "__main__.py"),
            project=str(self._folder),
            socket=str(self.daemon.docker.socket_path),
            state=str(self._state),
        )
        return subprocess.run(
            [sys.executable, "-m", "tests.consumers.docker_up", json.dumps(asdict(request))],
            cwd=self._folder,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )

    def created(self) -> list[Created]:
        """What the program has created, in this order."""
        return State(self._state).created

    def passwords(self) -> dict[str, str]:
        """Generated secrets by logical name."""
        return State(self._state).passwords

    def replace_passwords(self, passwords: dict[str, str]) -> None:
        """None: as somebody does who loses the state and keeps the volumes."""
        state = State(self._state)
        state.passwords = passwords
        state.write()

    def forget(self) -> None:
        """Takes what is left out of the state, as `pulumi destroy` does with what it keeps."""
        state = State(self._state)
        state.created = []
        state.write()

    def destroy(self) -> None:
        """What `pulumi destroy` does, kept resources aside."""
        state = State(self._state)
        for each in reversed(state.created):
            if not each.retained:
                docker_provider.delete(self.daemon.docker, each.kind, each.id, each.inputs)
        state.created = [each for each in state.created if each.retained]
        state.write()

    def serving(self) -> list[str]:
        """Containers that run on, by their names without the stack's prefix."""
        return self._containers(one_shot=False)

    def one_shots(self) -> list[str]:
        """Containers that end."""
        return self._containers(one_shot=True)

    def _containers(self, *, one_shot: bool) -> list[str]:
        names = [
            each.inputs["name"]
            for each in self.created()
            if each.kind == "Container"
            and (each.inputs.get("mustRun") is False) == one_shot
            and each.inputs.get("start") is not False
        ]
        return [name.removeprefix(f"{PREFIX}-") for name in names]

    def inspect(self, name: str) -> dict[str, Any]:
        """A container by its name without the stack's prefix."""
        return self.daemon.docker.inspect(f"{PREFIX}-{name}")

    def run(self, name: str, *command: str, user: str = "") -> tuple[int, str]:
        return self.daemon.docker.run(f"{PREFIX}-{name}", *command, user=user)


def clear(daemon: Daemon) -> None:
    """Removes everything from a daemon but its images, whoever made it."""
    docker = daemon.docker
    for container in docker.containers():
        docker.call("DELETE", f"/containers/{container}", force="true", v="true")
    for network in docker.networks():
        docker.call("DELETE", f"/networks/{network}")
    for volume in docker.volumes():
        docker.call("DELETE", f"/volumes/{volume}")
