"""Edits of a stack file's text that leave every line where it is: errors of the program point into the copy.

Owns: what is taken out (the salt and keys of the real encryption), what is put in the place of each `secure:` value, and where
added secrets go. The values themselves are somebody else's business: this module only says which there are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import yaml

from rehearsal import faults
from rehearsal.problems import RehearsalError

_OF_ENCRYPTION = frozenset({"encryptionsalt", "encryptedkey", "secretsprovider"})

_Edit = tuple[int, int, str]
"""Start and end in the text, and what comes between."""

Encrypt = Callable[[str], str]
"""Placeholder -> ciphertext under the rehearsal's passphrase."""


@dataclass(frozen=True, slots=True)
class StackText:
    """One stack file, parsed to nodes with their positions."""

    file: str
    text: str
    project: str
    root: yaml.MappingNode | None

    @classmethod
    def parse(cls, file: str, text: str, project: str) -> StackText:
        try:
            root = _composed(text)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            where = f":{mark.line + 1}:{mark.column + 1}" if mark is not None else ""
            msg = f"{file}{where}: is not valid YAML: {error.problem or error.context}"
            raise RehearsalError(msg) from None
        except yaml.YAMLError as error:
            msg = f"{file}: is not valid YAML: {str(error).splitlines()[0]}"
            raise RehearsalError(msg) from None
        except RecursionError:
            msg = f"{file}: nests lists or mappings too deeply to be read; a stack file needs about ten levels"
            raise RehearsalError(msg) from None
        config = dict(_entries(root)).get("config")
        for node, what in ((root, ""), (config, " config:")):
            if node is not None and not (isinstance(node, yaml.MappingNode) or (what and node.value == "")):
                msg = f"{file}:{what} must be a mapping, for example\nconfig:\n  {project}:name: value"
                raise RehearsalError(msg)
        if root is not None and (found := [f"{file}:{line}" for line in faults.unreadable(root)]):
            raise RehearsalError("\n".join(found))
        return cls(file, text, project, cast("yaml.MappingNode | None", root))

    def refuse_misread(self) -> None:
        """Raises RehearsalError for what the engine would end with, or understand in another way."""
        if found := [f"{self.file}:{line}" for line in faults.misread(self.root, self.project)]:
            raise RehearsalError("\n".join(found))

    def ciphertexts(self) -> list[yaml.ScalarNode]:
        """The value of every `secure:`, in the order of the text."""
        return [value for _, config in _entries(self.root) for value in _secure(config)]

    def named_secrets(self) -> list[str]:
        """Names that `{secret: <name>}` mentions anywhere, sorted."""
        names = {
            value.value
            for key, node in _entries(self._config())
            if not self._holds_secrets(key)
            for value in _values_of(node, "secret")
            if isinstance(value, yaml.ScalarNode)
        }
        return sorted(names)

    def namespaces(self) -> frozenset[str]:
        """Namespaces that the file takes for granted: values of keys such as `namespace` and `proxy_namespace`."""
        found: set[str] = set()
        for key, value in _pairs(self._config()):
            if isinstance(value, yaml.ScalarNode) and (key == "namespace" or key.endswith("_namespace")):
                found.add(value.value)
        return frozenset(found)

    def given_secrets(self) -> set[str]:
        return {key for key, _ in _entries(self._secrets())}

    def rehearsed(self, salt: str, replacements: Mapping[str, str], added: Mapping[str, str], encrypt: Encrypt) -> str:
        """The text with placeholders: `replacements` by old ciphertext, `added` by name of a secret."""
        edits = [*self._without_encryption()]
        if added:
            edits.append(
                self._adding({name: {"secure": encrypt(value)} for name, value in added.items()}, replacements, encrypt)
            )
        for node in self.ciphertexts():
            edit = _replacing(self.text, node, encrypt(replacements[node.value]))
            if not any(start <= edit[0] < end for start, end, _ in edits):
                edits.append(edit)
        text = self.text
        for start, end, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        return f"{text.rstrip(chr(10))}\nencryptionsalt: {salt}\n" if text.strip() else f"encryptionsalt: {salt}\n"

    def _config(self) -> yaml.Node | None:
        return dict(_entries(self.root)).get("config")

    def _secrets(self) -> yaml.Node | None:
        return next((node for key, node in _entries(self._config()) if self._holds_secrets(key)), None)

    def _holds_secrets(self, key: str) -> bool:
        return key in ("secrets", f"{self.project}:secrets")  # the engine gives a key without a namespace the project's

    def _without_encryption(self) -> Iterator[_Edit]:
        if self.root is None:
            return
        for key, value in self.root.value:
            if key.value in _OF_ENCRYPTION:
                lines = value.end_mark.line - key.start_mark.line
                yield key.start_mark.index, value.end_mark.index, "\n" * lines

    def _adding(self, secrets: Mapping[str, object], replacements: Mapping[str, str], encrypt: Encrypt) -> _Edit:
        present, config = self._secrets(), self._config()
        entry = {f"{self.project}:secrets": secrets}
        match present, config:
            case yaml.MappingNode(value=[_, *_]), _:
                return self._rewritten(present, secrets, replacements, encrypt)
            case yaml.Node(), _:  # `secrets:` or `secrets: {}`
                return present.start_mark.index, present.end_mark.index, " " + json.dumps(secrets)
            case None, yaml.MappingNode(value=[_, *_]):
                return _into_mapping(self.text, config, entry)
            case None, yaml.Node():
                return config.start_mark.index, config.end_mark.index, " " + json.dumps(entry)
            case _:
                return len(self.text), len(self.text), f"\nconfig: {json.dumps(entry)}\n"

    def _rewritten(
        self, node: yaml.MappingNode, secrets: Mapping[str, object], replacements: Mapping[str, str], encrypt: Encrypt
    ) -> _Edit:
        """The whole mapping on its first line, as more lines would move those below."""

        def plain(child: yaml.Node) -> object:
            match child:
                case yaml.MappingNode(value=[(yaml.ScalarNode(value="secure"), yaml.ScalarNode() as cipher)]):
                    return {"secure": encrypt(replacements[cipher.value])}
                case yaml.MappingNode():
                    return {key: plain(value) for key, value in _entries(child)}
                case yaml.SequenceNode():
                    return [plain(value) for value in child.value]
                case _:
                    return yaml.safe_load(self.text[child.start_mark.index : child.end_mark.index])

        start, end = node.start_mark.index, _end(node)
        lines = self.text[start:end].count("\n")
        return start, end, json.dumps({**{k: plain(v) for k, v in _entries(node)}, **secrets}) + "\n" * lines


def _composed(text: str) -> yaml.Node | None:
    """As `yaml.compose`, whose types are not known."""
    return yaml.SafeLoader(text).get_single_node()


def _into_mapping(text: str, node: yaml.MappingNode, entries: Mapping[str, object]) -> _Edit:
    written = ", ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in entries.items())
    end = _end(node.value[-1][1])
    if node.flow_style:
        return end, end, f", {written}"
    column = " " * node.value[0][0].start_mark.column
    stop = end - 1 if text[end - 1] == "\n" else text.find("\n", end)
    stop = len(text) if stop < 0 else stop
    return stop, stop, "".join(f"\n{column}{json.dumps(k)}: {json.dumps(v)}" for k, v in entries.items())


def _end(node: yaml.Node) -> int:
    """Where the last value of a block mapping ends; the node's own end is where the next token starts."""
    match node:
        case yaml.MappingNode(flow_style=False, value=[*_, (_, last)]):
            return _end(last)
        case yaml.SequenceNode(flow_style=False, value=[*_, last]):
            return _end(last)
        case _:
            return node.end_mark.index


def _replacing(text: str, node: yaml.ScalarNode, new: str) -> _Edit:
    start, end = node.start_mark.index, node.end_mark.index
    return start, end, new + "\n" * text[start:end].count("\n")


def _entries(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    return ((str(key.value), value) for key, value in faults.entries(node))


def _pairs(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    """Every key and value below `node`, at any depth."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _pairs(item)
    for key, value in _entries(node):
        yield key, value
        yield from _pairs(value)


def _values_of(node: yaml.Node, name: str) -> Iterator[yaml.Node]:
    return (value for key, value in _pairs(node) if key == name)


def _secure(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """As the engine understands it: a mapping with the one key `secure` and a text."""
    match node:
        case yaml.MappingNode(value=[(yaml.ScalarNode(value="secure"), yaml.ScalarNode() as value)]):
            yield value
        case yaml.MappingNode():
            for _, child in node.value:
                yield from _secure(child)
        case yaml.SequenceNode():
            for child in node.value:
                yield from _secure(child)
        case _:
            return
