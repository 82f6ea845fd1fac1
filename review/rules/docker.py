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


_HARMLESS = frozenset({"NET_BIND_SERVICE"})
_OWNERSHIP = _HARMLESS | {"CHOWN", "DAC_OVERRIDE", "FOWNER"}
"""What one that runs once needs to hand a volume over to the user of another; it ends before that one starts."""


def capabilities(world: World) -> Found:
    for thing in _containers(world):
        found = mapping(thing.body.get("capabilities"))
        if "ALL" not in items(found.get("drops")):
            yield thing, "", "keeps Linux capabilities"
        once = thing.body.get("mustRun") is False
        for added in items(found.get("adds")):
            if text(added).removeprefix("CAP_") not in (_OWNERSHIP if once else _HARMLESS):
                yield thing, text(added), "gains a Linux capability"


def root_file_system(world: World) -> Found:
    for thing in _services(world):
        if thing.body.get("readOnly") is not True and not thing.body.get("uploads"):
            yield thing, "", "can write to its root file system"


def host_processes(world: World) -> Found:
    for thing in _containers(world):
        for field in ("pidMode", "ipcMode"):
            if thing.body.get(field) == "host":
                yield thing, field, "shares processes or memory with the machine"


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
            if mount.get("type") == "bind" and _of_machine(text(mount.get("source"))):
                yield thing, text(mount.get("source")), "mounts the machine itself"
        for volume in objects(thing.body.get("volumes")):
            if _of_machine(text(volume.get("hostPath"))):
                yield thing, text(volume.get("hostPath")), "mounts the machine itself"


def _of_machine(source: str) -> bool:
    """A folder of the system, or the daemon's door; a person's own folders are what a developer mounts."""
    return source == "/" or source.endswith("docker.sock") or source.startswith(_SYSTEM)


_SYSTEM = ("/etc", "/proc", "/sys", "/dev", "/boot", "/root", "/run", "/var")


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
