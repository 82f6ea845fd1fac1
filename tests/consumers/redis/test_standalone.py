"""One server: on Kubernetes, and as the dev stack's containers run it on Docker."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.redis_cache.telemetry import telemetry
from tests.consumers.network import Network
from tests.consumers.redis import series, stack
from tests.consumers.redis.conftest import running
from tests.consumers.redis.instance import Instance
from tests.consumers.redis.pods import Pod
from tests.kit import stand_ins
from tests.kit.recorded import Secret
from tests.kit.recording import Resource
from tests.stacks.shipped import recorded, topology_of

TLS = "--tls --cacert /run/tls/ca.crt"


@pytest.fixture(scope="module", params=stack.ENGINES)
def alone(root: Path, scratch: Path, request: pytest.FixtureRequest) -> Generator[Instance]:
    """The store of production as one server."""
    with running("sessions", stack.standalone(request.param), root, scratch / f"alone-{request.param}") as instance:
        yield instance


def said(pod: Pod, user: str, password: str, *words: str, options: str = TLS) -> str:
    line = f"REDISCLI_AUTH={password} timeout 3 valkey-cli {options} --user {user} {' '.join(words)} 2>&1"
    return pod.run("sh", "-c", line).stdout.strip()


def test_a_store_comes_back_with_what_it_had(alone: Instance) -> None:
    (server,) = alone.servers
    api = alone.binding("api")
    assert api["uri"] == f"rediss://api:{api['password']}@sessions:6379/0"
    assert said(server, "api", api["password"], "SET", "session:1", "kept") == "OK"
    server.kill()
    assert not server.probe("readinessProbe")
    server.start()
    alone.wait("ready", alone.all_ready)
    assert said(server, "api", api["password"], "GET", "session:1") == "kept"


def test_the_check_loads_what_is_in_the_file_and_notices_what_is_not(alone: Instance) -> None:
    (server,) = alone.servers
    fill = "\"for i = 1, 1000 do redis.call('set', 'session:n' .. i, i) end return 'done'\""
    assert said(server, "api", alone.binding("api")["password"], "EVAL", fill, "0") == "done"
    assert _checked(alone, "whole") == (0, "keys in the file; 1001 before and 1001 after in the server")
    (part,) = server.claim.glob("appendonlydir/*.incr.aof")
    whole = part.read_bytes()
    part.write_bytes(whole[: len(whole) // 2])
    assert _checked(alone, "half") == (1, "keys are missing")
    part.write_bytes(b"nonsense" + whole)
    assert _checked(alone, "broken")[0] == 1


def _checked(alone: Instance, attempt: str) -> tuple[int, str]:
    """How the check ended, and the end of its last line."""
    pod = alone.check(attempt)
    pod.start()
    assert pod.process is not None
    code = pod.process.wait(timeout=60)
    last = pod.log().splitlines()[-1].removeprefix("restore-check: ")
    return code, last.removeprefix("1001 ")


@pytest.fixture(scope="module")
def network(root: Path) -> Generator[Network]:  # noqa: ARG001  # machines that can't are skipped there
    with Network() as found:
        yield found


@pytest.mark.parametrize("engine", stack.ENGINES)
@pytest.mark.parametrize(("name", "prefix"), [("cache", "cache:"), ("sessions", "session:")])
def test_the_container_of_the_dev_stack(
    name: str, prefix: str, engine: stack.Engine, root: Path, network: Network, scratch: Path
) -> None:
    pod = as_pod(name, root, network, scratch / f"docker-{engine}-{name}", engine)
    password = password_of(f"{name}-api-password")
    pod.start()
    try:
        wait_for(pod)
        assert said(pod, "api", password, "SET", f"{prefix}1", "a", options="") == "OK"
        assert "NOPERM" in said(pod, "api", password, "SET", "other:1", "a", options="")
        assert "NOAUTH" in pod.run("sh", "-c", "valkey-cli PING 2>&1").stdout
        pod.kill()
        pod.restart_container()
        wait_for(pod)
        kept = said(pod, "api", password, "GET", f"{prefix}1", options="")
        assert kept == ("a" if name == "sessions" else "")
    finally:
        if pod.running:
            pod.kill()


@pytest.mark.parametrize("engine", stack.ENGINES)
@pytest.mark.parametrize("name", ["cache", "sessions"])
def test_the_exporter_of_the_dev_stack(
    name: str, engine: stack.Engine, root: Path, network: Network, scratch: Path
) -> None:
    place = scratch / f"docker-series-{engine}-{name}"
    server = as_pod(name, root, network, place, engine)
    exporter = as_pod(f"{name}-exporter", root, network, place, engine, started_by=[series.PROGRAM])
    server.start()
    wait_for(server)
    exporter.start()
    try:
        found: series.Labels = {}
        until = time.monotonic() + 20
        while "redis_up" not in found and time.monotonic() < until:
            time.sleep(0.5)
            found = series.read(server.run("bash", "-c", series.fetch(exporter.host)).stdout)
        spec = topology_of("dev").stack.redis_caches[name]
        assert series.lacking(telemetry(name, spec, "docker"), "docker", found) == []
        assert series.unlisted(found) == {}
        assert telemetry(name, spec, "docker").scrapes[0].host == exporter.host
    finally:
        for pod in (server, exporter):
            pod.kill()


def wait_for(pod: Pod) -> None:
    """Until the container's own health check says that it is well."""
    until = time.monotonic() + 30
    while not pod.probe("healthcheck"):
        assert time.monotonic() < until, pod.log()
        time.sleep(0.2)


def password_of(name: str) -> str:
    resource = recorded("dev").one("RandomPassword", name)
    return stand_ins.outputs(resource.type, resource.name, resource.inputs)["result"]


def as_pod(
    name: str, root: Path, network: Network, folder: Path, engine: stack.Engine, started_by: Sequence[str] = ()
) -> Pod:
    """A Docker container and its one-shot's files, in a pod's words. `started_by`: what the image itself starts."""
    recording = stack.on_docker(engine)
    server = recording.one("Container", name if started_by else f"{name}-server").inputs
    files = _uploads(recording.one("Container", f"{name}-files"))
    user, _, _ = server["user"].partition(":")
    volumes = [{"name": path.rpartition("/")[2]} for path in files]
    mounts = [{"name": path.rpartition("/")[2], "mountPath": path} for path in files]
    keeps = any(mount["target"] == "/data" for mount in server["mounts"])
    container = {
        "command": [*(server.get("entrypoints") or started_by), *(server.get("command") or ())],
        "env": [dict(zip(("name", "value"), entry.split("=", 1), strict=True)) for entry in server["envs"]],
        "volumeMounts": [*mounts, {"name": "data", "mountPath": "/data"}],
        "healthcheck": {"exec": {"command": server["healthcheck"]["tests"][1:]}},
    }
    return Pod(
        name=name,
        host=name,
        template={
            "spec": {
                "securityContext": {"runAsUser": int(user)},
                "containers": [container],
                "volumes": volumes if keeps else [*volumes, {"name": "data"}],
            }
        },
        contents={path.rpartition("/")[2]: found for path, found in files.items()},
        root=root,
        folder=folder,
        network=network,
    )


def _uploads(one_shot: Resource) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for upload in one_shot.inputs["uploads"]:
        folder, _, name = upload["file"].rpartition("/")
        content: Any = upload["content"]
        found.setdefault(folder, {})[name] = content.reveal() if isinstance(content, Secret) else content
    return found
