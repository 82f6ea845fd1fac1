"""Writes `cluster/definitions/released/`: the definitions of all operators, from their tagged Go modules, for review and use.

Owns: what is left out (descriptions, status, nulls) and the index, in which a reviewer sees what changed. The pins are those
of `consumers/crds.py`, which the tests on a real API server go by too.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from toolchain.consumers.crds import CRDS, RELEASES

FOLDER = Path(__file__).parents[1] / "cluster" / "definitions" / "released"
INDEX = "index.txt"


class _Loader(yaml.CSafeLoader):
    """Some definitions hold a plain `=`, which YAML 1.1 has a type of its own for."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda _, node: node.value)


def files(source: Path) -> dict[str, bytes]:
    """Every file of the folder, by name."""
    found: dict[str, bytes] = {}
    index: list[str] = []
    for release in RELEASES:
        documents = _documents(source / release.name)
        for document in documents:
            digest = hashlib.sha256(_json(document)).hexdigest()
            name = f"{document['kind']}/{document['metadata']['name']}"
            index.append(f"{digest} {release.name} {release.version} {name}\n")
        found[f"{release.name}.json.gz"] = gzip.compress(_json(documents), mtime=0)
    found[INDEX] = "".join(sorted(index, key=lambda line: line.split(" ", 1)[1])).encode()
    return found


def _documents(folder: Path) -> list[dict[str, Any]]:
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))]
    loaded = [document for text in texts for document in yaml.load_all(text, _Loader) if document]  # a SafeLoader
    return sorted(map(trimmed, loaded), key=lambda document: (document["kind"], document["metadata"]["name"]))


def trimmed(document: dict[str, Any]) -> dict[str, Any]:
    document.pop("status", None)
    document["metadata"] = {key: value for key, value in document["metadata"].items() if value is not None}
    for version in document["spec"].get("versions", ()):
        version["schema"]["openAPIV3Schema"] = _schema(version["schema"]["openAPIV3Schema"])
    return document


def _schema(node: Mapping[str, Any]) -> dict[str, Any]:
    """Without its descriptions; a property may be called `description` all the same."""
    return {key: _below(key, value) for key, value in node.items() if key != "description"}


def _below(key: str, value: Any) -> Any:
    match key, value:
        case (("properties" | "patternProperties"), dict()):
            return {name: _schema(schema) for name, schema in cast("dict[str, dict[str, Any]]", value).items()}
        case (("items" | "additionalProperties" | "not"), dict()):
            return _schema(cast("dict[str, Any]", value))
        case (("allOf" | "anyOf" | "oneOf"), list()):
            return [_schema(schema) for schema in cast("list[dict[str, Any]]", value)]
        case _:
            return value


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in files(CRDS.get()).items():
        (FOLDER / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
