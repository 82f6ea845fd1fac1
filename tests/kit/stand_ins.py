"""Values for the computed outputs that programs read: deterministic, by type, name and inputs. For tests alone."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Callable, Mapping
from typing import Any

ALPHABET = string.ascii_letters + string.digits


def outputs(type_: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What a provider would add to a resource's inputs, as far as programs here read it."""
    if type_.startswith("kubernetes:"):
        return {"metadata": {**inputs.get("metadata", {}), "name": _physical(name, inputs.get("metadata", {}))}}
    stand_in = COMPUTED.get(type_)
    return {} if stand_in is None else stand_in(name, inputs)


def _password(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    length = int(inputs["length"])
    stream = b"".join(hashlib.sha256(f"{name}{block}".encode()).digest() for block in range(length // 32 + 1))
    return {"result": "".join(ALPHABET[byte % len(ALPHABET)] for byte in stream[:length])}


def _image(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    digest = hashlib.sha256(str(inputs.get("name", name)).encode()).hexdigest()
    return {"imageId": f"sha256:{digest}", "repoDigest": f"{inputs.get('name', name)}@sha256:{digest}"}


def _named(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": _physical(name, inputs)}


def _container(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": _physical(name, inputs), "exitCode": 0}


def _physical(name: str, inputs: Mapping[str, Any]) -> str:
    """The name that the program gave, or one as providers make them."""
    given = inputs.get("name")
    return f"{name}-{hashlib.sha256(name.encode()).hexdigest()[:8]}" if given is None else given


COMPUTED: Mapping[str, Callable[[str, Mapping[str, Any]], dict[str, Any]]] = {
    "docker:index/container:Container": _container,
    "docker:index/network:Network": _named,
    "docker:index/remoteImage:RemoteImage": _image,
    "docker:index/volume:Volume": _named,
    "random:index/randomPassword:RandomPassword": _password,
}
