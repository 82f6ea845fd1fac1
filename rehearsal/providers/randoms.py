"""Stand-in for pulumi-random: values that depend on the resource and its inputs alone, in the form the real provider gives them."""

from __future__ import annotations

import base64
import hashlib
import string
import uuid
from typing import Any

from typing_extensions import override

from rehearsal.providers import replacements
from rehearsal.providers.differ import compare, touches, written
from rehearsal.providers.model import Changes, StandIn, Subject
from rehearsal.providers.structs import UNKNOWN, Properties

_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
"""registry.terraform.io/providers/hashicorp/random, `override_special`."""

_WORDS = ("brave", "calm", "eager", "fair", "keen", "neat", "quick", "wise")


class RandomStandIn(StandIn):
    """`random:index/*`; every change makes a new value."""

    @override
    def diff(self, subject: Subject, olds: Properties) -> Changes:
        changed = list(compare(olds, subject.inputs))
        paths = {written(path): kind for path, kind in changed}
        rules = [tuple(rule.split(".")) for rule in replacements.RANDOM[_kind(subject)].paths]
        return Changes(paths, frozenset(written(p) for p, _ in changed if any(touches(p, rule) for rule in rules)))

    @override
    def planned(self, subject: Subject, before: Properties | None) -> Properties:
        if before is not None:
            return {**before, **subject.inputs}
        unknown = {o.wire: UNKNOWN for o in self.package.outputs(subject.token) if o.only_output}
        return {**_DEFAULTS.get(_kind(subject), {}), **subject.inputs, **unknown}

    @override
    def created(self, subject: Subject, before: Properties | None) -> tuple[str, Properties]:
        if before is not None:
            return "", {**before, **subject.inputs}
        inputs: Properties = {**_DEFAULTS.get(_kind(subject), {}), **subject.inputs}
        identifier, outputs = _values(_kind(subject), Stream(subject.digest()), inputs)
        return identifier, {**inputs, **outputs}


def _kind(subject: Subject) -> str:
    return subject.token.rpartition(":")[2]


class Stream:
    """An endless row of bytes from a seed."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._block = 0
        self._left = b""

    def take(self, count: int) -> bytes:
        while len(self._left) < count:
            self._left += hashlib.sha256(f"{self._seed}/{self._block}".encode()).digest()
            self._block += 1
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def below(self, limit: int) -> int:
        return int.from_bytes(self.take(8), "big") % limit

    def text(self, alphabet: str, length: int) -> str:
        return "".join(alphabet[self.below(len(alphabet))] for _ in range(length))

    def shuffled(self, values: list[Any]) -> list[Any]:
        left = list(values)
        return [left.pop(self.below(len(left))) for _ in range(len(left))]


_STRING: Properties = {
    "lower": True,
    "upper": True,
    "numeric": True,
    "number": True,
    "special": True,
    "minLower": 0,
    "minUpper": 0,
    "minNumeric": 0,
    "minSpecial": 0,
}
_DEFAULTS: dict[str, Properties] = {
    "RandomPassword": _STRING,
    "RandomString": _STRING,
    "RandomPet": {"length": 2, "separator": "-"},
}
"""pulumi/pulumi-random f64d872 provider/cmd/pulumi-resource-random/schema.json, descriptions."""

SOURCES: dict[str, tuple[str, ...]] = {
    "RandomBytes": ("base64", "hex"),
    "RandomId": ("b64Std", "b64Url", "dec", "hex"),
    "RandomInteger": ("result",),
    "RandomPassword": ("result",),
    "RandomShuffle": ("results",),
    "RandomString": ("result",),
    "RandomUuid": ("result",),
    "RandomUuid4": ("result",),
}
"""Outputs that `_values` gives, by the schema named above. `bcryptHash` would need bcrypt, a version 7 UUID the time."""


def _values(kind: str, stream: Stream, inputs: Properties) -> tuple[str, Properties]:
    match kind:
        case "RandomPassword":
            return "none", {"result": _string(stream, inputs)}
        case "RandomString":
            result = _string(stream, inputs)
            return result, {"result": result}
        case "RandomId":
            return _random_id(stream, inputs)
        case "RandomBytes":
            raw = stream.take(inputs["length"])
            return "none", {"base64": base64.b64encode(raw).decode(), "hex": raw.hex()}
        case "RandomInteger":
            number = inputs["min"] + stream.below(inputs["max"] - inputs["min"] + 1)
            return str(number), {"result": number}
        case "RandomShuffle":
            results = stream.shuffled(inputs["inputs"])
            return "-", {"results": results[: inputs.get("resultCount", len(results))]}
        case "RandomUuid" | "RandomUuid4":
            result = str(uuid.UUID(bytes=stream.take(16), version=4))
            return result, {"result": result}
        case "RandomPet":
            words = [_WORDS[stream.below(len(_WORDS))] for _ in range(inputs["length"])]
            return inputs["separator"].join([*([inputs["prefix"]] if inputs.get("prefix") else []), *words]), {}
        case _:
            return stream.take(16).hex(), {}


def _string(stream: Stream, inputs: Properties) -> str:
    special = inputs.get("overrideSpecial", _SPECIAL)
    classes = [
        (string.ascii_lowercase, inputs["lower"], inputs["minLower"]),
        (string.ascii_uppercase, inputs["upper"], inputs["minUpper"]),
        (string.digits, inputs["numeric"] and inputs["number"], inputs["minNumeric"]),
        (special, inputs["special"], inputs["minSpecial"]),
    ]
    alphabet = "".join(letters for letters, used, _ in classes if used)
    required = "".join(stream.text(letters, least) for letters, _, least in classes)
    rest = stream.text(alphabet, inputs["length"] - len(required))
    return "".join(stream.shuffled(list(required + rest)))


def _random_id(stream: Stream, inputs: Properties) -> tuple[str, Properties]:
    raw, prefix = stream.take(inputs["byteLength"]), inputs.get("prefix", "")
    url = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return url, {
        "b64Std": prefix + base64.b64encode(raw).decode(),
        "b64Url": prefix + url,
        "dec": prefix + str(int.from_bytes(raw, "big")),
        "hex": prefix + raw.hex(),
    }


def outputs(kind: str) -> tuple[str, ...]:
    """Every output of a kind that has a source: values and defaults."""
    return (*SOURCES.get(kind, ()), *_DEFAULTS.get(kind, ()))
