"""The text of a stack file: where a value stands, and which scalars do not mean what they look like.

Owns: reading `Pulumi.<stack>.yaml` for people's sake. Leaves the values to the engine, which is the only one that can
decrypt them: nothing here ends up in a resource.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import yaml

from components.vocabulary import Problem

Path_ = tuple[str | int, ...]

_BENT = (
    (re.compile(r"\d{4}-\d{1,2}-\d{1,2}([Tt ].*)?"), "is a date to YAML, and would arrive as a timestamp"),
    (re.compile(r"[-+]?0[0-7_]+"), "is an octal number to YAML, and would arrive as another number"),
    (re.compile(r"[-+]?0[xob][0-9a-fA-F_]+"), "is a number in another base to YAML, and would arrive in decimal"),
    (re.compile(r"[-+]?\d[\d_]*\.\d*0"), "is a decimal number to YAML, and would lose its last zero"),
    (
        re.compile(r"[-+]?\d[\d_]*(\.\d*)?[eE][-+]?\d+"),
        "is a number in powers of ten to YAML, and would arrive written out",
    ),
    (re.compile(r"[-+]?\d+_[\d_]*"), "is a number to YAML, and would lose its underscores"),
)

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml reads a file of 4,000 lines in 20 ms, PyYAML's own reader in 200; not every build of PyYAML has it."""


PROJECT_FILE = "Pulumi.yaml"


class StackFile:
    """One stack file's text, and what Pulumi.yaml gives all stacks. A file that can't be read gives no positions and no
    scalars: the engine has said so already.
    """

    def __init__(self, name: str, text: str, project: str, of_all_stacks: str = "") -> None:
        self.name = name
        self._project = project
        self._lines: dict[Path_, int] = {}
        self._scalars: dict[Path_, yaml.ScalarNode] = {}
        self._secure: list[Path_] = []
        for key, node in _entries(_composed(of_all_stacks)):
            if key == "config":
                self._walk_project(node)
        self._shared, self._lines = self._lines, {}
        for key, node in _entries(_composed(text)):
            if key == "config":
                self._walk(node, ())

    @classmethod
    def read(cls, path: Path, project: str) -> StackFile:
        """The file at `path`, or an empty one: `--config-file` may have named another."""
        return cls(path.name, _text(path), project, _text(path.parent / PROJECT_FILE))

    def line(self, path: Path_) -> int | None:
        """Line of the value at `path`, or of the closest thing around it that is written in the file."""
        found = self._find(path)
        return None if found is None else found[1]

    def place(self, path: Path_) -> str:
        """`Pulumi.prod.yaml:12`: where a person looks."""
        found = self._find(path)
        return self.name if found is None else f"{found[0]}:{found[1]}"

    def has(self, section: str) -> bool:
        """Whether the stack file itself says something about a section."""
        return (section,) in self._lines

    def _find(self, path: Path_) -> tuple[str, int] | None:
        for length in range(len(path), 0, -1):
            for name, lines in ((self.name, self._lines), (PROJECT_FILE, self._shared)):
                if (line := lines.get(path[:length])) is not None:
                    return name, line
        return None

    def problems(self) -> Iterator[Problem]:
        """Scalars that YAML or the engine bends, and secrets where they would arrive in plaintext."""
        for path, node in self._scalars.items():
            for pattern, why in _BENT:
                if not node.style and pattern.fullmatch(node.value):  # neither quoted nor a block
                    yield Problem(path=path, rule=f"{why}; quote it, or write the number plainly")
                    break
        for path in self._secure:
            if path[0] != "secrets":
                yield Problem(
                    path=path,
                    rule="`secure:` stands outside `secrets`, where it would arrive in plaintext; move it there and name it here",
                    example="{secret: coin_api_key}",
                )

    def _walk(self, node: yaml.Node, path: Path_) -> None:
        for key, child in _entries(node):
            own = str(key)
            if not path:
                own = own.removeprefix(f"{self._project}:")
            below = (*path, key if isinstance(key, int) else own)
            self._lines[below] = child.start_mark.line + 1 if isinstance(key, int) else self._key_line(node, str(key))
            if own == "secure" and path:
                self._secure.append(path)
            elif below[0] != "secrets":
                if isinstance(child, yaml.ScalarNode):
                    self._scalars[below] = child
                self._walk(child, below)

    def _walk_project(self, node: yaml.Node) -> None:
        """Project-level configuration is written `key: {value: ...}`, its key with or without the project's name."""
        for key, declared in _entries(node):
            for word, child in _entries(declared):
                if word == "value":
                    path = (str(key).removeprefix(f"{self._project}:"),)
                    self._lines[path] = child.start_mark.line + 1
                    self._walk(child, path)

    @staticmethod
    def _key_line(node: yaml.Node, key: str) -> int:
        assert isinstance(node, yaml.MappingNode)
        return next(k.start_mark.line + 1 for k, _ in node.value if k.value == key)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _composed(text: str) -> yaml.Node | None:
    try:
        return cast("yaml.Node | None", yaml.compose(text, Loader=_LOADER))  # pyright: ignore[reportUnknownMemberType]  # stubs leave the stream untyped
    except yaml.YAMLError:
        return None


def _entries(node: yaml.Node | None) -> Iterator[tuple[str | int, yaml.Node]]:
    match node:
        case yaml.MappingNode():
            for key, child in node.value:
                yield str(key.value), child
        case yaml.SequenceNode():
            yield from enumerate(node.value)
        case _:
            return
