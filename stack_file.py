"""The text of a stack file: where a value stands, and which scalars do not mean what they look like.

Owns: reading `Pulumi.<stack>.yaml` for people's sake. Leaves the values to the engine, which is the only one that can
decrypt them: nothing here ends up in a resource.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

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

UNFOLDED = 100_000
"""Values of one file, those that aliases repeat counted as often as they are; shipped files have some hundred."""

DEEPEST = 100
"""Levels of keys; an alias inside what it repeats has no end."""

OF_THE_ENGINE = ("config", "environment", "encryptionsalt", "encryptedkey", "secretsprovider")
"""All that the engine reads of a stack file; it passes over any other key without a word."""


def qualified(config: Mapping[str, Any], project: str) -> dict[str, Any]:
    """Configuration by whole key, as the engine has it: a key without a namespace is the project's."""
    return {key if ":" in key else f"{project}:{key}": value for key, value in config.items()}


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
        self._secrets: dict[str, yaml.Node] = {}
        self._told: list[Problem] = []
        """What is wrong with keys."""
        for key, node in _entries(_composed(of_all_stacks)):
            if key == "config":
                self._walk_project(node)
        self._shared, self._lines = self._lines, {}
        root = _composed(text)
        self._keys(root, ())
        for key, node in _entries(root):
            if key == "config":
                self._walk(node, ())
            elif key not in OF_THE_ENGINE:
                self._stray(str(key).removeprefix(f"{project}:"), _key_line(root, str(key)))

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

    def names(self, section: str) -> frozenset[str]:
        """What the stack file calls the parts of a section, whether they can be read or not."""
        return frozenset(str(path[1]) for path in self._lines if len(path) == 2 and path[0] == section)

    def _find(self, path: Path_) -> tuple[str, int] | None:
        for length in range(len(path), 0, -1):
            for name, lines in ((self.name, self._lines), (PROJECT_FILE, self._shared)):
                if (line := lines.get(path[:length])) is not None:
                    return name, line
        return None

    def problems(self) -> Iterator[Problem]:
        """Keys that count for nothing, scalars that YAML or the engine bends, and secrets that anybody can read."""
        yield from self._told
        for path, node in self._scalars.items():
            for pattern, why in _BENT:
                if not node.style and pattern.fullmatch(node.value):  # neither quoted nor a block
                    yield Problem(path=path, rule=f"{why}; quote it, or write the number plainly")
                    break
        yield from self._readable()
        for path in self._secure:
            if path[0] != "secrets":
                yield Problem(
                    path=path,
                    rule="`secure:` stands outside `secrets`, where it would arrive in plaintext; move it there and name it here",
                    example="{secret: coin_api_key}",
                )

    def _readable(self) -> Iterator[Problem]:
        for name, node in self._secrets.items():
            match node:
                case yaml.MappingNode(value=[(yaml.ScalarNode(value="secure"), yaml.ScalarNode())]):
                    pass
                case _:
                    yield Problem(
                        path=("secrets", name),
                        rule="is not encrypted: whoever has this file can read it. Take it out, make a new one, and set that: "
                        f"pulumi config set --secret --path secrets.{name}",
                        example="{secure: v1:...}",
                    )

    def _stray(self, key: str, line: int) -> None:
        self._lines.setdefault((key,), line)
        rule = (
            f"stands beside `config:`, where nobody reads it; put it below, as `{self._project}:{key}`, or take it out"
        )
        self._told.append(Problem(path=(key,), rule=rule))

    def _keys(self, node: yaml.Node | None, path: Path_) -> None:
        """The last of two equal keys counts to some readers, and ends others."""
        first: dict[str, int] = {}
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            word, line = str(key.value), key.start_mark.line + 1
            if word not in first:
                first[word] = line
            else:
                below = (*path, word.removeprefix(f"{self._project}:"))
                rule = f"stands twice, first in line {first[word]}; take one of them out"
                self._told.append(Problem(path=below, rule=rule))

    def _walk(self, node: yaml.Node, path: Path_) -> None:
        self._keys(node, path)
        for key, child in _entries(node):
            if len(self._lines) > UNFOLDED or len(path) > DEEPEST:
                self._too_much(path[:1])
                return
            own = str(key)
            if not path:
                own = own.removeprefix(f"{self._project}:")
            below = (*path, key if isinstance(key, int) else own)
            self._lines[below] = child.start_mark.line + 1 if isinstance(key, int) else _key_line(node, str(key))
            if path == ("secrets",):
                self._secrets[own] = child
            elif below == ("secrets",):
                self._walk(child, below)
            elif own == "secure" and path:
                self._secure.append(path)
            else:
                if isinstance(child, yaml.ScalarNode):
                    self._scalars[below] = child
                self._walk(child, below)

    def _too_much(self, section: Path_) -> None:
        rule = f"its aliases (`*`) unfold to more than {UNFOLDED:,} values; write out what is meant, without aliases of aliases"
        if not any(problem.rule == rule for problem in self._told):
            self._told.append(Problem(path=section, rule=rule))

    def _walk_project(self, node: yaml.Node) -> None:
        """Project-level configuration is written `key: {value: ...}`, its key with or without the project's name."""
        for key, declared in _entries(node):
            for word, child in _entries(declared):
                if word == "value":
                    path = (str(key).removeprefix(f"{self._project}:"),)
                    self._lines[path] = child.start_mark.line + 1
                    self._walk(child, path)


def _key_line(node: yaml.Node | None, key: str) -> int:
    assert isinstance(node, yaml.MappingNode)
    return next(k.start_mark.line + 1 for k, _ in node.value if str(k.value) == key)


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
