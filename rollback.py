"""Puts the images of the last good release back into a stack file: `make rollback STACK=prod`.

Owns: finding that release in the stack's own history, and the images of apps in the file's text. Leaves alone: everything
else in the file, databases and their schema, and running anything: a person reads the diff, and then runs `pulumi up`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from stack_file import qualified
from toolchain import engine

SECTION = "app_services"
Place = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Release:
    """An update of the stack that ended well."""

    version: int
    when: str
    images: Mapping[Place, str]
    """By place below `app_services`: `(api, image)`, `(api, kubernetes, sidecars, shipper, image)`."""


def releases(history: Sequence[Mapping[str, Any]], project: str) -> Iterator[Release]:
    """Updates that ended well, the newest first, as `pulumi stack history --json` tells them."""
    for update in history:
        if update.get("kind") != "update" or update.get("result") != "succeeded":
            continue
        raw = update.get("config", {}).get(f"{project}:{SECTION}", {}).get("value", "{}")
        given: dict[str, Any] = json.loads(raw) if isinstance(raw, str) else raw
        yield Release(
            version=int(update.get("version", 0)), when=str(update.get("startTime", "")), images=dict(images(given))
        )


def images(value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every image of the apps, by its place."""
    if isinstance(value, dict):
        for key, inner in cast("dict[Any, Any]", value).items():
            below = (*place, str(key))
            if key == "image" and isinstance(inner, str):
                yield below, inner
            else:
                yield from images(inner, below)


def last_good(found: Iterator[Release], current: Mapping[Place, str]) -> Release | None:
    """The newest good release that ran other images than the file names: what ran before the one to be left."""
    for release in found:
        if any(release.images.get(place, image) != image for place, image in current.items()):
            return release
    return None


def current_images(text: str, project: str) -> dict[Place, yaml.ScalarNode]:
    """The images in a stack file's text, with where they stand."""
    root = cast("yaml.Node | None", yaml.compose(text, Loader=yaml.SafeLoader))  # pyright: ignore[reportUnknownMemberType]  # stubs leave the stream untyped
    config = dict(_entries(root)).get("config")
    return dict(_images_of(qualified(dict(_entries(config)), project).get(f"{project}:{SECTION}"), ()))


def _images_of(node: yaml.Node | None, place: Place) -> Iterator[tuple[Place, yaml.ScalarNode]]:
    for key, inner in _entries(node):
        if key == "image" and isinstance(inner, yaml.ScalarNode):
            yield (*place, key), inner
        else:
            yield from _images_of(inner, (*place, key))


def _entries(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, inner in node.value:
            yield str(key.value), inner


def rewritten(text: str, places: Mapping[Place, yaml.ScalarNode], wanted: Mapping[Place, str]) -> str:
    """The text with those images; comments, order and everything else as they were."""
    for place, node in sorted(places.items(), key=lambda item: -item[1].start_mark.index):
        if place in wanted:
            text = text[: node.start_mark.index] + wanted[place] + text[node.end_mark.index :]
    return text


def roll_back(file: Path, project: str, history: Sequence[Mapping[str, Any]]) -> list[str]:
    """Rewrites the file, and says what it did; nothing if there is no release to go back to."""
    text = file.read_text(encoding="utf-8")
    places = current_images(text, project)
    now = {place: str(node.value) for place, node in places.items()}
    good = last_good(releases(history, project), now)
    if good is None:
        return []
    changed = {place: image for place, image in good.images.items() if now.get(place, image) != image}
    file.write_text(rewritten(text, places, changed), encoding="utf-8")
    told = [f"release {good.version} of {good.when}:"]
    told += [f"  {'.'.join(place)}: {now[place]} -> {image}" for place, image in sorted(changed.items())]
    told += [
        f"  {'.'.join(place)}: is newer than that release, and stays" for place in sorted(now.keys() - good.images)
    ]
    return told


def _history(folder: Path, stack: str) -> list[dict[str, Any]]:
    command = [engine.ensure() / "pulumi", "stack", "history", "--stack", stack, "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m rollback", description="puts the last good images back into a stack file"
    )
    parser.add_argument("--stack", required=True, help="name of the stack: Pulumi.<stack>.yaml")
    parser.add_argument("--project", type=Path, default=Path(), help="folder of Pulumi.yaml")
    parser.add_argument("--history", type=Path, help="`pulumi stack history --json`, instead of asking the backend")
    given = parser.parse_args()
    file: Path = given.project / f"Pulumi.{given.stack}.yaml"
    try:
        file.read_bytes()  # before a backend is asked about a stack that has none
        project = yaml.safe_load((given.project / "Pulumi.yaml").read_text(encoding="utf-8"))["name"]
        kept: Path | None = given.history
        history = _history(given.project, given.stack) if kept is None else json.loads(kept.read_text(encoding="utf-8"))
        told = roll_back(file, str(project), history)
    except FileNotFoundError as error:
        sys.stderr.write(f"rollback: there is no {error.filename}\n")
        return 2
    except (yaml.YAMLError, KeyError, TypeError) as error:
        sys.stderr.write(f"rollback: Pulumi.yaml or {file.name} can't be read: {error}\n")
        return 2
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"rollback: the stack's history can't be read: {error.stderr.strip()}\n")
        return 1
    if not told:
        sys.stderr.write(f"rollback: no good release of {given.stack} ran other images than {file.name} names\n")
        return 1
    sys.stdout.write("\n".join([*told, f"Read the diff of {file.name}, then: pulumi up -s {given.stack}"]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
