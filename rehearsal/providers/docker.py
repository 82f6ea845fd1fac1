"""Stand-in for pulumi-docker: one daemon per provider `host`, which pulls every image and starts every container.

Owns: automatic names, name conflicts, forced replacements, and the outputs named in `SOURCES`. Nothing runs: a container is
healthy, a one-shot exits with 0, an image exists.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from typing_extensions import override

from rehearsal.providers import replacements
from rehearsal.providers.differ import compare, touches, written
from rehearsal.providers.model import Changes, Failures, Key, StandIn, Subject, Taken
from rehearsal.providers.sdk import Output
from rehearsal.providers.structs import UNKNOWN, Properties

SOURCES: dict[str, dict[str, str]] = {
    "Container": {
        "exitCode": "docs/resources/container.md: set once a container with must_run=false is done; the rehearsal's exits with 0",
        "hostname": "moby: the first 12 digits of the container's id",
        "networkDatas": "docs/resources/container.md, network_data: one entry per network",
    },
    "Network": {
        "driver": "docs/resources/network.md: defaults to the daemon's, `bridge`",
        "internal": "docs/resources/network.md: false unless given",
        "ipamConfigs": "moby: the next free subnet of the default address pools 172.16.0.0/12",
        "options": "moby: none for a bridge network",
        "scope": "docs/resources/network.md: `local` for a bridge",
    },
    "RegistryImage": {"sha256Digest": "docs/resources/registry_image.md: digest of the pushed manifest"},
    "RemoteImage": {
        "imageId": "docs/resources/image.md: `sha256:` and the digest of the image's configuration",
        "repoDigest": "docs/resources/image.md: `<repository>@sha256:<digest>`",
    },
    "Tag": {"sourceImageId": "docs/resources/tag.md: id of the source image"},
    "Volume": {
        "driver": "docs/resources/volume.md: defaults to `local`",
        "mountpoint": "docs/resources/volume.md and moby: /var/lib/docker/volumes/<name>/_data",
    },
}
"""Outputs with a value after `up`. Files are those of kreuzwerker/terraform-provider-docker, which pulumi-docker bridges."""

_UNIQUE = {
    "Container": "moby: Conflict. The container name is already in use",
    "Network": "moby 25: networks are always created with the check for duplicates",
}
"""A volume, an image or a tag of an existing name is adopted by the daemon without an error."""


class DockerStandIn(StandIn):
    """`docker:index/*`, swarm included as far as its replacements go."""

    @override
    def check(self, subject: Subject, olds: Properties | None, taken: Taken) -> tuple[Properties, Failures]:
        if "name" in subject.inputs or not self._named_by_provider(subject.token):
            return subject.inputs, []
        if olds is not None and olds.get("__defaults") == ["name"]:
            name = olds["name"]
        else:
            attempt = 0
            while taken(self._key(subject, name := f"{subject.name}-{subject.digest(str(attempt))[:7]}")):
                attempt += 1
        return {**subject.inputs, "name": name, "__defaults": ["name"]}, []

    @override
    def diff(self, subject: Subject, olds: Properties) -> Changes:
        kind, news = _kind(subject), subject.inputs
        changed = [
            (path, change)
            for path, change in compare(olds, news, frozenset(replacements.DOCKER_UNORDERED))
            if path[0] != "__defaults"
        ]
        rules = [tuple(rule.split(".")) for rule in replacements.DOCKER[kind].paths]
        replaces = frozenset(written(p) for p, _ in changed if any(touches(p, rule) for rule in rules))
        named_by_program = self._named_by_provider(subject.token) and "__defaults" not in news
        first = kind in replacements.DOCKER_DELETE_FIRST or named_by_program
        return Changes({written(p): c for p, c in changed}, replaces, bool(replaces) and first)

    @override
    def key(self, subject: Subject) -> Key | None:
        name = subject.inputs.get("name")
        return self._key(subject, name) if _kind(subject) in _UNIQUE and isinstance(name, str) else None

    @override
    def planned(self, subject: Subject, before: Properties | None) -> Properties:
        missing = {o.wire: UNKNOWN for o in self._computed(subject)}
        kept = {k: v for k, v in before.items() if k in missing} if before is not None else {}
        return {**missing, **kept, **subject.inputs}

    @override
    def created(self, subject: Subject, before: Properties | None) -> tuple[str, Properties]:
        identifier, values = _values(subject)
        computed = {o.wire for o in self._computed(subject)}
        kept = {k: v for k, v in before.items() if k in computed} if before is not None else {}
        outputs = {k: v for k, v in values.items() if k in computed}
        return identifier, {**outputs, **kept, **subject.inputs}

    def _computed(self, subject: Subject) -> list[Output]:
        return [o for o in self.package.outputs(subject.token) if o.computed and o.wire not in subject.inputs]

    def _named_by_provider(self, token: str) -> bool:
        """The SDK lets the program leave a name out where the real provider gives one."""
        return any(o.wire == "name" and o.computed and not o.required for o in self.package.outputs(token))

    @staticmethod
    def _key(subject: Subject, name: str) -> Key:
        return Key(f"docker {subject.config.get('host', 'default')}", _kind(subject), "", name)


def _kind(subject: Subject) -> str:
    return subject.token.rpartition(":")[2]


def _values(subject: Subject) -> tuple[str, Properties]:
    inputs, identifier = subject.inputs, subject.digest("id")
    match _kind(subject):
        case "Container":
            exited: Properties = {"exitCode": 0} if inputs.get("mustRun") is False else {}
            return identifier, {
                **exited,
                "hostname": identifier[:12],
                "networkDatas": _network_datas(inputs, identifier),
            }
        case "Network":
            second = 16 + int(identifier[:2], 16) % 16
            ipam = [{"subnet": f"172.{second}.0.0/16", "gateway": f"172.{second}.0.1"}]
            return identifier, {
                "driver": "bridge",
                "internal": False,
                "ipamConfigs": ipam,
                "options": {},
                "scope": "local",
            }
        case "Volume":
            name = inputs["name"]
            return name, {"driver": "local", "mountpoint": f"/var/lib/docker/volumes/{name}/_data"}
        case "RemoteImage" | "RegistryImage":
            image = hashlib.sha256(json.dumps(_of_image(inputs), sort_keys=True).encode()).hexdigest()
            repository, _, digest = inputs["name"].partition("@")
            return f"sha256:{image}{inputs['name']}", {
                "imageId": f"sha256:{image}",
                "repoDigest": f"{_repository(repository)}@{digest or 'sha256:' + image[::-1]}",
                "sha256Digest": f"sha256:{image[::-1]}",
            }
        case "Tag":
            return f"{inputs['sourceImage']}.{inputs['targetImage']}", {"sourceImageId": f"sha256:{identifier}"}
        case _:
            return identifier, {}


def _of_image(inputs: Properties) -> Any:
    return [inputs.get(k) for k in ("name", "platform", "pullTriggers", "triggers", "build")]


def _repository(image: str) -> str:
    """Without the tag; a colon before the last slash belongs to the registry's port."""
    head, slash, last = image.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def _network_datas(inputs: Properties, identifier: str) -> list[Properties]:
    names = list(inputs.get("networksAdvanced", [])) or [{"name": "bridge"}]
    datas: list[Properties] = []
    for n, network in enumerate(names):
        second, last = 16 + n % 16, 2 + int(identifier[2 * n : 2 * n + 2], 16) % 250
        datas.append(
            {
                "networkName": network["name"],
                "ipAddress": network.get("ipv4Address", f"172.{second}.0.{last}"),
                "ipPrefixLength": 16,
                "gateway": f"172.{second}.0.1",
                "macAddress": f"02:42:ac:{second:02x}:00:{last:02x}",
            }
        )
    return datas
