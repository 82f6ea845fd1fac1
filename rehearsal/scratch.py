"""The folder that the engine takes for the project: copies of Pulumi.yaml and of one stack file, `main` pointing at the program.

The engine writes next to Pulumi.yaml, and a stack file's secrets need a passphrase that nobody has here; so the checkout is
only read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rehearsal.ciphers import ciphers, placeholder
from rehearsal.problems import RehearsalError
from rehearsal.providers.structs import mapping
from rehearsal.stack_text import StackText

_VIRTUAL_ENVIRONMENT = re.compile(r"(\bvirtualenv:\s*)([^\s,}]+)")
_MAIN = re.compile(r"^main:.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a Pulumi.yaml, as a person has it."""

    folder: Path
    name: str
    text: str
    program: Path
    stack_folder: Path

    @classmethod
    def read(cls, folder: Path) -> Project:
        file = folder / "Pulumi.yaml"
        try:
            text = file.read_text(encoding="utf-8")
        except OSError:
            msg = f"{file}: no such file; give the project's folder: --project examples/name"
            raise RehearsalError(msg) from None
        except UnicodeDecodeError:
            msg = f"{file}: is not UTF-8"
            raise RehearsalError(msg) from None
        document = _document(file, text)
        main = folder / str(document.get("main") or ".")
        if not main.exists():
            msg = f"{file}: main: {document['main']} leads to {main.resolve()}, where nothing is"
            raise RehearsalError(msg)
        return cls(folder, document["name"], text, main.resolve(), Path(str(document.get("stackConfigDir") or ".")))

    def stack_file(self, stack: str) -> Path:
        return self.folder / self.stack_folder / f"Pulumi.{stack}.yaml"

    def stack_text(self, stack: str) -> str:
        file = self.stack_file(stack)
        try:
            return file.read_text(encoding="utf-8")
        except FileNotFoundError:
            known = sorted(f.name.split(".")[1] for f in file.parent.glob("Pulumi.*.yaml"))
            msg = f"{file}: no such file; the stacks of {self.name} are: {', '.join(known) or 'none'}"
            raise RehearsalError(msg) from None
        except (OSError, UnicodeDecodeError) as error:
            msg = f"{file}: can't be read as UTF-8: {error}"
            raise RehearsalError(msg) from None

    def copy(self, venv: Path) -> str:
        """Pulumi.yaml for the scratch folder: all paths absolute."""
        text = _VIRTUAL_ENVIRONMENT.sub(lambda m: f"{m[1]}{venv}", self.text)
        main = f"main: {self.program}"
        if _MAIN.search(text):
            return _MAIN.sub(lambda _: main, text)
        return f"{text.rstrip()}\n{main}\n"


def _document(file: Path, text: str) -> dict[str, Any]:
    try:
        document = mapping(yaml.safe_load(text))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark is not None else ""
        msg = f"{file}{where}: is not valid YAML: {getattr(error, 'problem', None) or 'unreadable'}"
        raise RehearsalError(msg) from None
    if not isinstance(document.get("name"), str):
        msg = f"{file}: needs a name, for example\nname: blocksight\nruntime: python"
        raise RehearsalError(msg)
    return document


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the copy of a stack file had to make up, for the last lines of the output."""

    replaced: int
    missing: tuple[str, ...]
    namespaces: frozenset[str]
    file: str


def prepare(project: Project, stack: str, stack_text: str | None, folder: Path, engine: Path, venv: Path) -> Prepared:
    """Writes both copies into `folder`; `stack_text` stands in for the file's own text."""
    text = project.stack_text(stack) if stack_text is None else stack_text
    parsed = StackText.parse(str(project.stack_file(stack)), text, project.name)
    parsed.refuse_misread()
    replacements = {node.value: placeholder(node.value) for node in parsed.ciphertexts()}
    missing = [name for name in parsed.named_secrets() if name not in parsed.given_secrets()]
    added = {name: placeholder(f"missing {name}") for name in missing}
    known = ciphers({*replacements.values(), *added.values()}, engine)
    copy = parsed.rehearsed(known.salt, replacements, added, known.encrypt)
    (folder / project.stack_folder).mkdir(parents=True, exist_ok=True)
    (folder / "Pulumi.yaml").write_text(project.copy(venv), encoding="utf-8")
    (folder / project.stack_folder / f"Pulumi.{stack}.yaml").write_text(copy, encoding="utf-8")
    return Prepared(len(replacements), tuple(missing), parsed.namespaces(), parsed.file)
