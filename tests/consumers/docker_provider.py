"""What pulumi-docker does with a resource's inputs, done to a real daemon: create, wait, read outputs, delete.

Refuses what the provider refuses, what it would report as changed for ever, and every input that is not known here:
an input that is passed over in silence would be a test of nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from tests.consumers.docker_api import DaemonError, Docker, tar_of

MIB = 1 << 20
UNITS = {"h": 3600, "m": 60, "s": 1}

KNOWN = {
    "Container": frozenset(
        {
            *("attach", "capabilities", "command", "cpus", "destroyGraceSeconds", "entrypoints", "envs", "healthcheck"),
            *("hostname", "image", "init", "logDriver", "logOpts", "memory", "memorySwap", "mounts", "mustRun", "name"),
            *(
                "networkMode",
                "networksAdvanced",
                "pidMode",
                "ports",
                "readOnly",
                "restart",
                "securityOpts",
                "shmSize",
                "start",
            ),
            *("stopSignal", "stopTimeout", "tmpfs", "uploads", "user", "wait", "waitTimeout"),
        }
    ),
    "Network": frozenset({"driver", "internal", "ipamConfigs", "name"}),
    "RemoteImage": frozenset({"keepLocally", "name"}),
    "Volume": frozenset({"name"}),
}


class RefusedError(Exception):
    """The provider would not do this, or would never be done with it."""


def check(kind: str, inputs: Mapping[str, Any]) -> None:
    """Raises RefusedError for inputs that must not reach the provider."""
    unknown = sorted(inputs.keys() - KNOWN[kind])
    if unknown:
        msg = f"{kind}: not known here: {', '.join(unknown)}"
        raise RefusedError(msg)
    if kind == "Container":
        problems = list(_problems(inputs))
        if problems:
            msg = f"{inputs['name']}: {'; '.join(problems)}"
            raise RefusedError(msg)


def _problems(inputs: Mapping[str, Any]) -> list[str]:
    """Measured against the provider: each of these fails, or shows as a change in every later preview."""
    health = inputs.get("healthcheck", {})
    capabilities = inputs.get("capabilities", {})
    found = {
        "uploads into a read-only root fail": inputs.get("readOnly") is True and "uploads" in inputs,
        "memory without memorySwap is changed for ever": "memory" in inputs and "memorySwap" not in inputs,
        "cpus is not in its shortest form": re.fullmatch(r"(0|[1-9]\d*)(\.\d*[1-9])?", inputs.get("cpus", "1")) is None,
        "capabilities are added by their whole name": any(
            not c.startswith("CAP_") for c in capabilities.get("adds", [])
        ),
        "a container that ends needs mustRun=False": inputs.get("restart") == "no"
        and inputs.get("mustRun") is not False,
        "its exit code needs attach": inputs.get("mustRun") is False
        and inputs.get("attach") is not True
        and inputs.get("start") is not False,
        "it waits for a health that nothing asks about": inputs.get("wait") is True and not health,
    }
    bent = [n for n in ("interval", "timeout", "startPeriod") if n in health and _canonical(health[n]) != health[n]]
    return [
        *(problem for problem, is_so in found.items() if is_so),
        *(f"healthcheck.{name} is not as Go writes it: {health[name]}" for name in bent),
    ]


def _canonical(duration: str) -> str:
    """A duration as Go prints it, which is how the daemon gives it back."""
    seconds = _seconds(duration)
    if seconds != int(seconds):
        return f"{seconds:g}s"
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minute}m{second}s"
    return f"{minute}m{second}s" if minute else f"{second}s"


def _seconds(duration: str) -> float:
    parts = re.findall(r"([\d.]+)(h|ms|m|s)", duration)
    return sum(float(number) * (0.001 if unit == "ms" else UNITS[unit]) for number, unit in parts)


def create(docker: Docker, kind: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Identifier, and the outputs that programs read. Raises what makes the provider fail."""
    check(kind, inputs)
    match kind:
        case "Network":
            return _network(docker, inputs)
        case "Volume":
            docker.call("POST", "/volumes/create", {"Name": inputs["name"]})
            return inputs["name"], {"name": inputs["name"]}
        case "RemoteImage":
            image = docker.call(
                "GET", f"/images/{inputs['name']}/json"
            )  # no registry: what is not there can't be pulled
            return image["Id"], {"imageId": image["Id"]}
        case _:
            return _container(docker, inputs)


def delete(docker: Docker, kind: str, identifier: str, inputs: Mapping[str, Any]) -> None:
    match kind:
        case "Network":
            docker.call("DELETE", f"/networks/{identifier}")
        case "Volume":
            docker.call("DELETE", f"/volumes/{identifier}")
        case "Container":
            grace = str(inputs.get("destroyGraceSeconds", 0))
            docker.call("POST", f"/containers/{identifier}/stop", t=grace)
            docker.call("DELETE", f"/containers/{identifier}", v="true", force="true")
        case _:
            pass  # images are kept (`keepLocally`)


def _network(docker: Docker, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    wanted = {
        "Name": inputs["name"],
        "Driver": inputs["driver"],
        "Internal": inputs["internal"],
        "CheckDuplicate": True,
        "IPAM": {"Config": [{"Subnet": config["subnet"]} for config in inputs["ipamConfigs"]]},
    }
    return docker.call("POST", "/networks/create", wanted)["Id"], {"name": inputs["name"]}


def _container(docker: Docker, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    identifier = docker.call("POST", "/containers/create", _configuration(inputs), name=inputs["name"])["Id"]
    networks = inputs.get("networksAdvanced", [])
    if networks:
        docker.call("POST", "/networks/bridge/disconnect", {"Container": identifier, "Force": False})
    for network in networks:
        wanted = {"Container": identifier, "EndpointConfig": {"Aliases": network.get("aliases", [])}}
        docker.call("POST", f"/networks/{network['name']}/connect", wanted)
    for upload in inputs.get("uploads", []):
        mode = int(upload.get("permissions", "0644"), 8)
        archive = tar_of({upload["file"]: upload["content"].encode()}, mode=mode)
        docker.call("PUT", f"/containers/{identifier}/archive", archive, path="/")
    outputs: dict[str, Any] = {}
    if inputs.get("start", True):
        docker.call("POST", f"/containers/{identifier}/start")
        if inputs.get("mustRun") is False:
            outputs["exitCode"] = docker.call("POST", f"/containers/{identifier}/wait")["StatusCode"]
        elif inputs.get("wait") is True:
            _wait_until_healthy(docker, identifier, inputs)
    return identifier, outputs


def _wait_until_healthy(docker: Docker, identifier: str, inputs: Mapping[str, Any]) -> None:
    until = time.monotonic() + inputs["waitTimeout"]
    state: dict[str, Any] = {}
    while time.monotonic() < until:
        state = docker.inspect(identifier)["State"]
        match state.get("Health", {}).get("Status"):
            case "healthy":
                return
            case "unhealthy":
                break
            case _:
                time.sleep(0.2)
    last = [entry["Output"] for entry in state.get("Health", {}).get("Log", [])][-1:]
    msg = f"{inputs['name']} is not healthy after {inputs['waitTimeout']} s: {last}\n{docker.logs(identifier)[-1500:]}"
    raise DaemonError(0, msg)


def _configuration(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The daemon's own words for a container. https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container"""
    health = inputs.get("healthcheck")
    ports = {f"{port['internal']}/{port['protocol']}": port for port in inputs.get("ports", [])}
    found = {
        "Image": inputs["image"],
        "Hostname": inputs.get("hostname"),
        "Cmd": inputs.get("command"),
        "Entrypoint": inputs.get("entrypoints"),
        "Env": inputs.get("envs"),
        "User": inputs.get("user"),
        "StopTimeout": inputs.get("stopTimeout"),
        "StopSignal": inputs.get("stopSignal"),
        "AttachStdout": inputs.get("attach", False),
        "AttachStderr": inputs.get("attach", False),
        "Healthcheck": None if health is None else _health(health),
        "ExposedPorts": {port: {} for port in ports},
        "HostConfig": _host_configuration(inputs)
        | {"PortBindings": {k: [{"HostIp": p["ip"], "HostPort": str(p["external"])}] for k, p in ports.items()}},
    }
    return {key: value for key, value in found.items() if value is not None}


def _host_configuration(inputs: Mapping[str, Any]) -> dict[str, Any]:
    capabilities = inputs.get("capabilities", {})
    return {
        "NetworkMode": inputs.get("networkMode", "default"),
        "PidMode": inputs.get("pidMode", ""),
        "ReadonlyRootfs": inputs.get("readOnly", False),
        "Tmpfs": inputs.get("tmpfs", {}),
        "ShmSize": inputs.get("shmSize", 64) * MIB,
        "CapAdd": capabilities.get("adds", []),
        "CapDrop": capabilities.get("drops", []),
        "SecurityOpt": inputs.get("securityOpts", []),
        "Init": inputs.get("init", False),
        "Memory": inputs.get("memory", 0) * MIB,
        "MemorySwap": inputs.get("memorySwap", 0) * MIB,
        "NanoCpus": round(float(inputs.get("cpus", "0")) * 1e9),
        "RestartPolicy": {"Name": inputs.get("restart", "no")},
        "LogConfig": {"Type": inputs.get("logDriver", "json-file"), "Config": inputs.get("logOpts", {})},
        "Mounts": [
            {
                "Type": m["type"],
                "Source": m.get("source", ""),
                "Target": m["target"],
                "ReadOnly": m.get("readOnly", False),
            }
            for m in inputs.get("mounts", [])
        ],
    }


def _health(health: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Test": health["tests"],
        "Interval": round(_seconds(health["interval"]) * 1e9),
        "Timeout": round(_seconds(health["timeout"]) * 1e9),
        "StartPeriod": round(_seconds(health["startPeriod"]) * 1e9),
        "Retries": health["retries"],
    }
