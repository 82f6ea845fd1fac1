"""Runs the real program against a real daemon: `python -m tests.consumers.docker_up REQUEST`, in a process of its own.

The program's own order, gates and errors are under test, so nothing here knows a component: each resource that the
program registers is created at once, as the provider would, and its outputs go back to the program.
"""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import secrets
import string
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import pulumi
import yaml
from pulumi.runtime import mocks
from pulumi.runtime.proto import resource_pb2

from tests.consumers import docker_provider
from tests.consumers.docker_api import Docker

ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to run, and where to write what came of it."""

    program: str
    project: str
    """Folder of Pulumi.yaml and Pulumi.dev.yaml; the current one."""
    socket: str
    state: str
    """JSON file of what exists; read first, so that passwords stay from run to run."""


@dataclass(frozen=True, kw_only=True)
class Created:
    """One resource that exists."""

    kind: str
    name: str
    """Logical name."""
    id: str
    inputs: dict[str, Any]
    retained: bool
    """Kept when its stack is destroyed."""
    begun: float
    """When the program asked for it; Unix time."""
    ready: float
    """When it was told that it is there: healthy, or done."""


SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key by which the engine tells a wrapped value: https://www.pulumi.com/docs/iac/concepts/secrets/."""


def whole(value: Any) -> Any:
    """Whole numbers as such, since on the way here every number was a float; and secrets as what they are."""
    match value:
        case dict() if SIGNATURE in value and "value" in value:
            return whole(cast("dict[str, Any]", value)["value"])
        case dict():
            return {key: whole(item) for key, item in cast("dict[str, Any]", value).items()}
        case list():
            return [whole(item) for item in cast("list[Any]", value)]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


class State:
    """What exists, in the order of creation."""

    def __init__(self, file: Path) -> None:
        known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        self._file = file
        self.passwords: dict[str, str] = known.get("passwords", {})
        self.created = [Created(**each) for each in known.get("created", [])]

    def write(self) -> None:
        state = {"passwords": self.passwords, "created": [asdict(each) for each in self.created]}
        self._file.write_text(json.dumps(state), encoding="utf-8")


class Provider(mocks.Mocks):
    """Stands where the engine and its providers do."""

    def __init__(self, docker: Docker, state: State) -> None:
        self._docker, self._state, self._lock = docker, state, threading.Lock()

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        msg = f"the program asks for {args.token}, which nobody here answers"
        raise AssertionError(msg)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        inputs: dict[str, Any] = whole(args.inputs)
        package, _, kind = args.typ.partition(":index/")
        match package:
            case "docker":
                identifier, outputs = docker_provider.create(self._docker, kind.partition(":")[2], inputs)
                return identifier, {**inputs, **outputs}
            case "random":
                with self._lock:
                    made = "".join(secrets.choice(ALPHABET) for _ in range(int(inputs["length"])))
                    return args.name, {**inputs, "result": self._state.passwords.setdefault(args.name, made)}
            case _:
                return args.name, inputs  # a component, or the provider itself


class Monitor(mocks.MockMonitor):
    """Remembers what was created, with the option that decides whether it is destroyed again."""

    def __init__(self, provider: Provider, state: State) -> None:
        super().__init__(provider)
        self._state, self._lock = state, threading.Lock()

    def RegisterResource(  # noqa: N802  # the gRPC method's name
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        begun = time.time()
        answer: resource_pb2.RegisterResourceResponse = super().RegisterResource(request)
        if request.type.startswith("docker:"):
            inputs: dict[str, Any] = whole(pulumi.runtime.rpc.deserialize_properties(request.object))
            created = Created(
                kind=request.type.rpartition(":")[2],
                name=request.name,
                id=answer.id,
                inputs=inputs,
                retained=request.retainOnDelete,
                begun=begun,
                ready=time.time(),
            )
            with self._lock:
                self._state.created.append(created)
        return answer


def configuration(project: Path) -> tuple[str, dict[str, str]]:
    """The project's name, and all configuration as the engine hands it over: the project's, then the stack's."""
    described: dict[str, Any] = yaml.safe_load((project / "Pulumi.yaml").read_text(encoding="utf-8"))
    stack: dict[str, Any] = yaml.safe_load((project / "Pulumi.dev.yaml").read_text(encoding="utf-8"))
    name: str = described["name"]
    shared = {f"{name}:{key}": each["value"] for key, each in described.get("config", {}).items()}
    values = {**shared, **stack["config"]}
    if secrets := values.get(f"{name}:secrets"):  # as if they had been decrypted
        values[f"{name}:secrets"] = {key: each["secure"] for key, each in secrets.items()}
    return name, {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def main(request: Request) -> int:
    """0, or 1 with the program's error on standard error. What was created is written in either case."""
    name, values = configuration(Path(request.project))
    state = State(Path(request.state))
    provider = Provider(Docker(Path(request.socket)), state)
    os.environ["PULUMI_CONFIG"] = json.dumps(values)
    os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"
    asyncio.set_event_loop(asyncio.new_event_loop())
    pulumi.runtime.set_mocks(provider, project=name, stack="dev", preview=False, monitor=Monitor(provider, state))
    pulumi.runtime.set_all_config(values)
    try:
        runpy.run_path(request.program)
        asyncio.get_event_loop().run_until_complete(pulumi.runtime.stack.wait_for_rpcs())
    except (pulumi.RunError, docker_provider.RefusedError, docker_provider.DaemonError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    finally:
        state.write()
    return 0


if __name__ == "__main__":
    sys.exit(main(Request(**json.loads(sys.argv[1]))))
