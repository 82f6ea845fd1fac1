"""Reading a file of sections into specs: each part by itself, so that one broken one hides nothing about the others.

Owns: what the engine hands over, and finding everything that is wrong inside a part. Knows no section: `config.py` and
`cluster/` say which there are. What is wrong between parts is told by whoever plans them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, cast, get_args, get_origin

import pulumi
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from components.vocabulary import Problem, Spec
from refusals import translate
from stack_file import StackFile

PROVIDERS = ("pulumi", "kubernetes", "docker", "random")
"""Namespaces of the stack file that are the engine's or a provider's own."""

C = TypeVar("C", bound=Spec)


@dataclass(frozen=True, kw_only=True)
class Draft(Generic[C]):
    """A stack file as far as it could be read. What is broken is left out of `config`, but its name is known."""

    project: str
    stack: str
    file: StackFile
    config: C
    """Valid parts only; a section that is one spec is missing if it is broken."""
    broken: frozenset[str]
    """Instances and whole sections that stand in the file but could not be read."""
    secrets: frozenset[str]
    """Keys of `secrets`, never values."""
    problems: tuple[Problem, ...]


@dataclass(frozen=True, kw_only=True)
class Handed:
    """What the engine hands over."""

    project: str
    stack: str
    file: StackFile
    values: Mapping[str, Any]
    """By whole key, mappings and lists as such."""


def handed() -> Handed:
    """The running stack's."""
    project, stack = pulumi.get_project(), pulumi.get_stack()
    raw: dict[str, str] = json.loads(os.environ.get("PULUMI_CONFIG") or "{}")
    file = StackFile.read(_project_folder() / f"Pulumi.{stack}.yaml", project)
    return Handed(project=project, stack=stack, file=file, values={key: _plain(value) for key, value in raw.items()})


def parse(model: type[C], given: Handed) -> Draft[C]:
    """Everything that could be read, and everything that is wrong with the rest."""
    own = {
        key.removeprefix(f"{given.project}:"): v
        for key, v in given.values.items()
        if key.startswith(f"{given.project}:")
    }
    problems = [*given.file.problems(), *_foreign(given)]
    secrets: Any = own.pop("secrets", {})
    if not isinstance(secrets, Mapping):
        problems.append(
            Problem(
                path=("secrets",),
                rule="must be a mapping of names to secure values",
                example="{coin_api_key: {secure: v1:...}}",
            )
        )
        secrets = {}
    valid: dict[str, Any] = {}
    broken: set[str] = set()
    for section, field in model.model_fields.items():
        found = _section(section, field, own)
        valid[section] = found.valid
        broken |= found.broken
        problems += found.problems
    problems += _unknown_sections(own, model)
    return Draft(
        project=given.project,
        stack=given.stack,
        file=given.file,
        config=model.model_construct(**{k: v for k, v in valid.items() if v is not None}),
        broken=frozenset(broken),
        secrets=frozenset(str(key) for key in cast("Mapping[Any, Any]", secrets)),
        problems=tuple(problems),
    )


@dataclass(frozen=True)
class _Section:
    valid: Any
    broken: frozenset[str]
    problems: tuple[Problem, ...]


def _section(section: str, field: FieldInfo, own: dict[str, Any]) -> _Section:
    """Takes a section out of what is left to read."""
    is_named = get_origin(field.annotation) is Mapping
    if section not in own:
        if field.is_required():
            return _unreadable(section, field, "is missing: the stack does not say where it runs")
        return _Section({} if is_named else None, frozenset(), ())
    value = own.pop(section)
    if value is None or value == "":  # the engine hands over an empty text for nothing
        return _unreadable(section, field, "is empty; write what it holds, or take the line out")
    if not is_named:
        return _whole(section, field, value)
    if not isinstance(value, Mapping):
        return _unreadable(section, field, "must be a mapping of names")
    return _instances(section, field, cast("Mapping[Any, Any]", value))


def _unreadable(section: str, field: FieldInfo, rule: str) -> _Section:
    example = str(field.examples[0]) if field.examples else None
    return _Section(None, frozenset({section}), (Problem(path=(section,), rule=rule, example=example),))


def _whole(section: str, field: FieldInfo, value: Any) -> _Section:
    model: Any = field.annotation
    try:
        return _Section(TypeAdapter(model).validate_python(value), frozenset(), ())
    except ValidationError as error:
        return _Section(None, frozenset({section}), tuple(translate(error, model, (section,))))


def _instances(section: str, field: FieldInfo, value: Mapping[Any, Any]) -> _Section:
    label, model = get_args(field.annotation)
    reads_name, reads_spec = TypeAdapter[str](label), TypeAdapter[Any](model)
    valid: dict[str, Any] = {}
    broken: set[str] = set()
    problems: list[Problem] = []
    for name, raw in _items(value):
        try:
            reads_name.validate_python(name)
        except ValidationError as error:
            problems += translate(error, label, (section, name))
            broken.add(name)
        try:
            valid[name] = reads_spec.validate_python(raw)
        except ValidationError as error:
            problems += translate(error, model, (section, name))
            broken.add(name)
    return _Section({k: v for k, v in valid.items() if k not in broken}, frozenset(broken), tuple(problems))


def _items(value: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    return ((str(name), value[name]) for name in sorted(value, key=str))


def _unknown_sections(left: Iterable[str], model: type[Spec]) -> Iterator[Problem]:
    known = sorted([*model.model_fields, "secrets"])
    for section in left:
        yield Problem(path=(section,), rule=f"is not a known section; known: {', '.join(known)}")


def _foreign(given: Handed) -> Iterator[Problem]:
    for key in given.values:
        namespace = key.partition(":")[0]
        if namespace != given.project and namespace not in PROVIDERS:
            yield Problem(
                path=(key,),
                rule=f"belongs to nobody: keys of this stack start with `{given.project}:`",
                example=f"{given.project}:app_services",
            )


def _plain(value: str) -> Any:
    """The engine hands over mappings and lists as JSON, and top-level scalars as text."""
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


def _project_folder() -> Path:
    try:
        return Path(pulumi.get_root_directory())
    except (AttributeError, TypeError):
        return Path.cwd()  # hosts older than the root directory's introduction run the program in the project's folder
