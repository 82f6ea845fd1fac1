"""A stack export, read for what events do not carry: dependencies, protection, interrupted operations.

Owns: the fingerprint that ties an approval to the state it was given for. Format: sdk/go/common/apitype/core.go, DeploymentV3.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any

from review.model import Known, State
from review.problems import CannotJudgeError
from review.values import SECRET, SIGNATURE, canonical, items, leaves, mapping, objects, text

VERSIONS = (3, 4)
"""Of the export's format; 4 adds a list of the features it uses."""

MARKED_AS_SECRET = 4
"""Letters from which on a secret text is looked for in what leaves: shorter ones are words."""


def read(file: File) -> State:
    try:
        document: Any = json.loads(file.read_bytes())
    except OSError as error:
        msg = f"{file}: can't be read: {error.strerror}"
        raise CannotJudgeError(msg) from None
    except (ValueError, RecursionError):
        msg = f"{file}: is not JSON; give what `pulumi stack export` wrote"
        raise CannotJudgeError(msg) from None
    return parse(document, str(file))


def parse(document: object, name: str) -> State:
    export = mapping(document)
    deployment = mapping(export.get("deployment"))
    if "deployment" not in export or not isinstance(export.get("version"), int):
        msg = f"{name}: is not a stack export; give what `pulumi stack export` wrote"
        raise CannotJudgeError(msg)
    if export["version"] not in VERSIONS:
        msg = f"{name}: a stack export of version {export['version']}; known are {', '.join(map(str, VERSIONS))}: update the review"
        raise CannotJudgeError(msg)
    resources = objects(deployment.get("resources"))
    manifest = mapping(deployment.get("manifest"))
    return State(
        known={urn: _known(r) for r in resources if (urn := text(r.get("urn"))) and r.get("delete") is not True},
        pending=tuple(_pending(deployment)),
        fingerprint=hashlib.sha256(canonical([_identity(r) for r in resources]).encode()).hexdigest(),
        version=" ".join(
            word for word in (text(manifest.get("time")).partition(".")[0], text(manifest.get("version"))) if word
        ),
        secrets=frozenset(_plaintexts([[r.get("inputs"), r.get("outputs")] for r in resources])),
    )


def _known(resource: dict[str, Any]) -> Known:
    return Known(
        dependencies=tuple(str(urn) for urn in items(resource.get("dependencies"))),
        parent=text(resource.get("parent")),
        protect=resource.get("protect") is True,
        retain=resource.get("retainOnDelete") is True,
        tainted=resource.get("taint") is True,
        pending_replacement=resource.get("pendingReplacement") is True,
        init_errors=tuple(str(e) for e in items(resource.get("initErrors"))),
    )


def _pending(deployment: dict[str, Any]) -> Iterator[str]:
    for operation in objects(deployment.get("pending_operations")):
        yield f"{text(operation.get('type')) or 'changing'} {text(mapping(operation.get('resource')).get('urn'))}"


def _identity(resource: dict[str, Any]) -> list[Any]:
    """What makes two states equal; times and places in the program do not, and ciphertexts differ at every export."""
    inputs = [[list(path), leaf] for path, leaf in leaves(resource.get("inputs"))]
    return [resource.get("urn"), resource.get("id"), resource.get("protect"), resource.get("retainOnDelete"), inputs]


def _plaintexts(value: object) -> Iterator[str]:
    """Texts below secrets that are exported with --show-secrets."""
    found = mapping(value)
    if found.get(SIGNATURE) == SECRET:
        plain = found.get("plaintext")
        if isinstance(plain, str):
            try:
                yield from _texts(json.loads(plain))
            except ValueError:
                yield plain
        return
    for child in [*found.values(), *items(value)]:
        yield from _plaintexts(child)


def _texts(value: object) -> Iterator[str]:
    for _, leaf in leaves(value):
        if isinstance(leaf, str) and len(leaf) >= MARKED_AS_SECRET:
            yield leaf
