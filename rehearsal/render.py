"""One file per object that a stack would create, for a cluster or a reader without Pulumi.

Owns: names and order of the files, so that `kubectl apply -f DIR`, which goes by file name, makes namespaces before what lives in
them. The objects come from a rehearsed `up`: names are those that the API would have, secret values are placeholders.
"""

from __future__ import annotations

import itertools
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rehearsal.problems import RehearsalError
from rehearsal.providers import helm_releases
from rehearsal.providers.structs import mapping, sequence

_MARKER = ".slipway-render"
_SECRET = "4dabf18193072939515e22adb298388d"
"""The engine's own mark (sdk/go/common/resource, `SigKey`)."""

_RANKS: tuple[frozenset[str], ...] = (
    frozenset({"Namespace"}),
    frozenset(
        {"CustomResourceDefinition", "PriorityClass", "RuntimeClass", "StorageClass", "IngressClass", "GatewayClass"}
    ),
    frozenset({"LimitRange", "NetworkPolicy", "ResourceQuota", "ServiceAccount"}),
    frozenset({"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}),
    frozenset({"ConfigMap", "PersistentVolume", "PersistentVolumeClaim", "Secret"}),
    frozenset({"Service"}),
)
"""Kinds that others need first; custom resources and workloads follow, as they need all of these."""

_DOCKER_RANKS = ("Network", "Volume", "RemoteImage", "Tag", "Container")


@dataclass(frozen=True, slots=True)
class File:
    """One object, written."""

    name: str
    text: str


def files(export: Mapping[str, Any]) -> list[File]:
    """Of a `stack export` with secrets in plaintext, sorted by name; resources of one physical name are told apart by a number."""
    found: dict[str, File] = {}
    for resource in mapping(export["deployment"]).get("resources", []):
        for file in _file(resource):
            stem, dot, suffix = file.name.rpartition(".")
            numbered = (f"{stem}-{n}{dot}{suffix}" for n in itertools.count(2))
            name = next(name for name in itertools.chain([file.name], numbered) if name not in found)
            found[name] = File(name, file.text)
    return [found[name] for name in sorted(found)]


def write(folder: Path, rendered: list[File]) -> None:
    """Only into an empty folder, or one that was written by this function before."""
    marker = folder / _MARKER
    if folder.exists() and not marker.is_file() and (not folder.is_dir() or any(folder.iterdir())):
        msg = f"{folder}: is not empty and was not written by a render (it has no {_MARKER}); give a new folder"
        raise RehearsalError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    marker.touch()
    for old in [path for pattern in ("*.yaml", "*.json", "*.values") for path in folder.glob(pattern)]:
        old.unlink()
    for file in rendered:
        (folder / file.name).write_text(file.text, encoding="utf-8")


def _file(resource: Mapping[str, Any]) -> Iterator[File]:
    token = str(resource["type"])
    package, kind = token.partition(":")[0], token.rpartition(":")[2]
    inputs = mapping(_plain(resource.get("inputs", {})))
    if token == helm_releases.TOKEN:
        yield _release(inputs)
    elif package == "kubernetes" and "apiVersion" in inputs:
        yield _manifest(inputs)
    elif package == "docker":
        given = {k: v for k, v in inputs.items() if k != "__defaults"}
        name = str(inputs.get("name") or resource["urn"].rpartition("::")[2])
        rank = _DOCKER_RANKS.index(kind) if kind in _DOCKER_RANKS else len(_DOCKER_RANKS)
        document = {"type": token, "id": resource.get("id"), "inputs": given}
        yield File(f"{rank:02}-{_slug(kind)}-{_slug(name)}.json", json.dumps(document, indent=2, sort_keys=True) + "\n")


def _manifest(inputs: dict[str, Any]) -> File:
    metadata = dict(mapping(inputs.get("metadata")))
    annotations = {k: v for k, v in mapping(metadata.get("annotations")).items() if k != "pulumi.com/autonamed"}
    metadata.pop("annotations", None)
    if annotations:
        metadata["annotations"] = annotations
    first = {"apiVersion": inputs["apiVersion"], "kind": inputs["kind"], "metadata": metadata}
    document = {**first, **{k: v for k, v in sorted(inputs.items()) if k not in first}}
    kind = str(inputs["kind"])
    rank = next((n for n, kinds in enumerate(_RANKS) if kind in kinds), len(_RANKS))
    parts = [kind, str(metadata.get("namespace") or ""), str(metadata["name"])]
    name = "-".join(_slug(part) for part in parts if part)
    return File(f"{rank:02}-{name}.yaml", yaml.safe_dump(document, sort_keys=False, width=10_000, allow_unicode=True))


def _release(inputs: Mapping[str, Any]) -> File:
    """Values of a chart, below the command that they are for. kubectl passes over a file that is called so."""
    name, namespace = str(inputs["name"]), str(inputs["namespace"])
    repository = mapping(inputs.get("repositoryOpts")).get("repo")
    file = f"helm-{_slug(namespace)}-{_slug(name)}.values"
    command = ["helm", "upgrade", "--install", name, str(inputs["chart"]), "--namespace", namespace]
    command += ["--version", str(inputs["version"])] if "version" in inputs else []
    command += ["--repo", str(repository)] if repository else []
    command += ["--skip-crds"] if inputs.get("skipCrds") else []
    values = yaml.safe_dump(mapping(inputs.get("values")), width=10_000, allow_unicode=True)
    return File(file, f"# {shlex.join([*command, '--values', file])}\n{values}")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")


def _plain(value: Any) -> Any:
    match value:
        case {"plaintext": str(text)} if _SECRET in value:
            return _plain(json.loads(text))
        case dict():
            return {k: _plain(v) for k, v in mapping(value).items()}
        case list():
            return [_plain(v) for v in sequence(value)]
        case _:
            return value
