"""The rules that a Docker container can keep: it has no pod, so each reads the provider's own fields."""

from __future__ import annotations

from collections.abc import Iterator

from review.redaction import credential
from review.rules.breach import Found
from review.values import HIDDEN, UNKNOWN, is_secret, items, mapping, number, objects, text
from review.world import Thing, World


def _containers(world: World) -> Iterator[Thing]:
    return (thing for thing in world.things if thing.package == "docker" and thing.kind == "Container")


def _services(world: World) -> Iterator[Thing]:
    """Containers that stay; one that runs once and ends in seconds before anything else starts is no door."""
    return (thing for thing in _containers(world) if thing.body.get("mustRun") is not False)


def privileged(world: World) -> Found:
    for thing in _containers(world):
        if thing.body.get("privileged") is True:
            yield thing, "", "is privileged: it is root on the machine"


def capabilities(world: World) -> Found:
    for thing in _containers(world):
        found = mapping(thing.body.get("capabilities"))
        if "ALL" not in items(found.get("drops")):
            yield thing, "", "keeps Linux capabilities"


def root_file_system(world: World) -> Found:
    for thing in _services(world):
        if thing.body.get("readOnly") is not True and not thing.body.get("uploads"):
            yield thing, "", "can write to its root file system"


def host_network(world: World) -> Found:
    for thing in _containers(world):
        if thing.body.get("networkMode") == "host":
            yield thing, "", "is on the machine's own network"


def host_ports(world: World) -> Found:
    for thing in _containers(world):
        for port in objects(thing.body.get("ports")):
            if port.get("ip") not in ("127.0.0.1", "::1"):
                yield (
                    thing,
                    str(port.get("external") or port.get("internal")),
                    "publishes a port to whoever reaches the machine",
                )


def host_paths(world: World) -> Found:
    for thing in _containers(world):
        for mount in objects(thing.body.get("mounts")):
            source = text(mount.get("source"))
            if mount.get("type") == "bind" and (
                source.endswith("docker.sock") or source in ("/", "/etc", "/var", "/proc", "/sys")
            ):
                yield thing, source, "mounts the machine itself"
        for volume in objects(thing.body.get("volumes")):
            if text(volume.get("hostPath")).endswith("docker.sock"):
                yield thing, text(volume.get("hostPath")), "mounts the machine itself"


def secrets_as_variables(world: World) -> Found:
    for thing in _containers(world):
        if is_secret(thing.body.get("envs")) or any(is_secret(entry) for entry in items(thing.body.get("envs"))):
            yield thing, "", "gets a secret as a variable: whoever may inspect it sees it"


def credentials_in_plain_sight(world: World) -> Found:
    for thing in _containers(world):
        for entry in items(thing.body.get("envs")):
            name, _, value = text(entry).partition("=")
            if value not in ("", HIDDEN, UNKNOWN) and credential(value, (name,)):
                yield thing, name, "has what looks like a credential as a plain variable"


def memory(world: World) -> Found:
    for thing in _services(world):
        if not number(thing.body.get("memory")):
            yield thing, "", "may take all memory of the machine"
