"""The stand-in for the provider refuses what the provider refuses, so that a stack can't pass here and fail there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.consumers.docker_api import DaemonError
from tests.consumers.docker_daemon import Daemon
from tests.consumers.docker_provider import RefusedError, check, create
from tests.consumers.rendered import Rendered

GOOD: dict[str, Any] = {
    "name": "web",
    "image": "busybox:1.37.0-musl",
    "memory": 64,
    "memorySwap": 64,
    "cpus": "0.5",
    "healthcheck": {"tests": ["CMD", "true"], "interval": "1m0s", "timeout": "1.5s", "startPeriod": "5s", "retries": 1},
}

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "uploads": ({"readOnly": True, "uploads": [{"file": "/a", "content": "b"}]}, "uploads into a read-only root fail"),
    "swap": ({"memory": 128, "memorySwap": None}, "memory without memorySwap"),
    "cpus": ({"cpus": "0.50"}, "cpus is not in its shortest form"),
    "capability": ({"capabilities": {"adds": ["NET_BIND_SERVICE"]}}, "by their whole name"),
    "one-shot": ({"restart": "no"}, "needs mustRun=False"),
    "exit code": ({"mustRun": False}, "its exit code needs attach"),
    "wait": ({"wait": True, "healthcheck": None}, "a health that nothing asks about"),
    "interval": ({"healthcheck": {"interval": "60s"}}, "healthcheck.interval is not as Go writes it: 60s"),
    "timeout": ({"healthcheck": {"timeout": "1500ms"}}, "healthcheck.timeout is not as Go writes it: 1500ms"),
    "unknown": ({"gpus": "all"}, "not known here: gpus"),
}


def test_good_inputs_pass() -> None:
    check("Container", GOOD)


@pytest.mark.parametrize("case", REFUSED)
def test_bad_inputs_are_refused(case: str) -> None:
    change, message = REFUSED[case]
    inputs = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises(RefusedError, match=message):
        check("Container", inputs)


def test_all_that_the_dev_stack_renders_passes(rendered: Rendered) -> None:
    resources = rendered.resources("dev")
    assert resources
    for resource in resources:
        check(resource["type"].rpartition(":")[2], resource["inputs"])


def test_the_daemon_refuses_uploads_into_a_read_only_root(daemon: Daemon) -> None:
    """Why the rule above is one: the day the daemon allows it, secrets can arrive in a simpler way."""
    wanted = {"Image": "busybox:1.37.0-musl", "Cmd": ["true"], "HostConfig": {"ReadonlyRootfs": True}}
    identifier: str = daemon.docker.call("POST", "/containers/create", wanted)["Id"]
    try:
        with pytest.raises(DaemonError, match="container rootfs is marked read-only"):
            daemon.docker.call("PUT", f"/containers/{identifier}/archive", b"\0" * 1024, path="/")
    finally:
        daemon.docker.call("DELETE", f"/containers/{identifier}", force="true")


def test_an_image_that_is_not_there_fails(daemon: Daemon) -> None:
    with pytest.raises(DaemonError, match="No such image"):
        create(daemon.docker, "RemoteImage", {"name": "example.com/none:1", "keepLocally": True})
