"""What is YAML in a stack file, and what the engine refuses without naming the place, or takes for something else.

Owns: telling it beforehand with line, key and remedy. Repeats no value: it may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

UNFOLDED = 100_000
"""Values that aliases may add to a file; the engine's own reader gives up at some hundred thousand."""

CIPHERTEXT = re.compile(r"v1:[A-Za-z0-9+/]{16}:[A-Za-z0-9+/]{22,}={0,2}|AAABA[A-Za-z0-9+/]{20,}={0,2}")
"""Of a passphrase or a key service: nonce of 12 bytes, then at least the 16 of the seal; of Pulumi Cloud: its version, then all in one."""


def unreadable(root: yaml.Node) -> list[str]:
    """Lines that begin with a line's number: aliases without end or measure; a key that stands twice."""
    aliases = _Aliases()
    unfolded = aliases.size(root)
    if aliases.loops:
        rule = "is not valid YAML: an alias (`*`) stands inside what it repeats; write it out"
        return [f"{line}: {rule}" for line in aliases.loops]
    if unfolded - aliases.written > UNFOLDED:
        line, key = _largest(root, aliases)
        rule = f"its aliases (`*`) unfold to more than {UNFOLDED:,} values; write out what is meant, without aliases of aliases"
        return [f"{line}: {key}: {rule}"]
    return list(_twice(root))


def misread(root: yaml.Node | None, project: str) -> list[str]:
    """Lines that begin with a line's number: ESC environments that are none; secrets that nobody has encrypted."""
    found: list[str] = []
    for key, node in entries(root):
        if key.value == "environment":
            found.append(
                f"{key.start_mark.line + 1}: environment: stands beside `config:`, where the engine takes it for environments of "
                "Pulumi ESC: those need Pulumi Cloud, and no rehearsal can open them. Where a stack runs is said below "
                f"`config:`; e.g. {project}:environment: {{target: {{kind: docker}}}}"
            )
        if key.value == "config":
            found += [
                _not_encrypted(line, path.removeprefix(f"{project}:"), project) for line, path in _plaintexts(node, "")
            ]
    return found


def entries(node: yaml.Node | None) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    """Keys and values of a mapping; nothing of anything else."""
    return node.value if isinstance(node, yaml.MappingNode) else []


class _Aliases:
    """Nodes are shared where the text has an alias: each is counted once, however often it is repeated."""

    def __init__(self) -> None:
        self.loops: list[int] = []
        self._sizes: dict[int, int] = {}
        self._around: set[int] = set()

    @property
    def written(self) -> int:
        return len(self._sizes)

    def size(self, node: yaml.Node) -> int:
        """Values below and with a node, repeated ones as often as they are."""
        me = id(node)
        if me in self._around:
            self.loops.append(node.start_mark.line + 1)
            return 0
        if me not in self._sizes:
            self._around.add(me)
            self._sizes[me] = 1 + sum(self.size(child) for child in _below(node))
            self._around.remove(me)
        return self._sizes[me]


def _below(node: yaml.Node) -> list[yaml.Node]:
    return node.value if isinstance(node, yaml.SequenceNode) else [value for _, value in entries(node)]


def _largest(root: yaml.Node, aliases: _Aliases) -> tuple[int, str]:
    """Line and name of the key that unfolds the most: one of the configuration, as all of it stands below that."""
    keys = [pair for key, node in entries(root) for pair in (entries(node) if key.value == "config" else [(key, node)])]
    key, _ = max(keys, key=lambda pair: aliases.size(pair[1]))
    return key.start_mark.line + 1, str(key.value)


def _twice(node: yaml.Node) -> Iterator[str]:
    first: dict[str, int] = {}
    for key, _ in entries(node):
        word, line = str(key.value), key.start_mark.line + 1
        if word in first:
            yield f"{line}: is not valid YAML: `{word}` stands twice, first in line {first[word]}; take one of them out"
        first.setdefault(word, line)
    for child in _below(node):
        yield from _twice(child)


def _plaintexts(node: yaml.Node, path: str) -> Iterator[tuple[int, str]]:
    """Line and path of every `secure:` that holds what no `pulumi config set --secret` has written."""
    match node:
        case yaml.MappingNode(value=[(yaml.ScalarNode(value="secure"), yaml.ScalarNode() as text)]):
            if not CIPHERTEXT.fullmatch("".join(text.value.split())):
                yield text.start_mark.line + 1, path
        case yaml.MappingNode():
            for key, child in entries(node):
                yield from _plaintexts(child, f"{path}.{key.value}".removeprefix("."))
        case yaml.SequenceNode():
            for number, child in enumerate(node.value):
                yield from _plaintexts(child, f"{path}[{number}]")
        case _:
            return


def _not_encrypted(line: int, path: str, project: str) -> str:
    whole = path if ":" in path else f"{project}:{path}"
    return (
        f"{line}: {path}: holds no ciphertext of the engine under `secure:`: pulumi up would end without naming it, and whoever "
        f"has this file can read it. Take it out, make a new one, and set that: pulumi config set --secret --path {whole}; "
        "e.g. {secure: v1:...}"
    )
