"""The stack file: reads all of it, and finds all that is wrong with it at once.

Owns: which sections there are, and reading them. `topology.py` adds what is wrong between components and ends the
program if anything is; nothing is registered before that.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args, get_origin

import pulumi
import yaml
from pydantic import Field, TypeAdapter, ValidationError, create_model

from components.app_service.spec import AppServiceSpec
from components.cdn_frontend.spec import CdnFrontendSpec
from components.edge_gateway.spec import EdgeGatewaySpec
from components.environment.spec import EnvironmentSpec
from components.postgres_cluster.spec import PostgresClusterSpec
from components.vocabulary import DnsLabel, Problem, Spec
from refusals import translate
from stack_file import StackFile

PROVIDERS = ("pulumi", "kubernetes", "docker", "random")
"""Namespaces of the stack file that are the engine's or a provider's own."""


class StackConfig(Spec):
    """Everything a stack file can say, but for the values of `secrets`."""

    environment: EnvironmentSpec
    """Where the stack runs."""
    postgres_clusters: Mapping[DnsLabel, PostgresClusterSpec] = Field(
        default={}, examples=["{main: {major: 18, databases: {api: {}}}}"]
    )
    """PostgreSQL servers, by name."""
    app_services: Mapping[DnsLabel, AppServiceSpec] = Field(
        default={}, examples=["{api: {image: ..., ports: {http: 8000}}}"]
    )
    """Apps, by name."""
    cdn_frontends: Mapping[DnsLabel, CdnFrontendSpec] = Field(
        default={}, examples=["{web: {image: ..., route: {host: blocksight.live}}}"]
    )
    """Sites of files, by name."""
    edge: EdgeGatewaySpec | None = Field(default=None, examples=["{certificates: {main: {hosts: [blocksight.live]}}}"])
    """The way in; absent: nothing is reached from outside."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A stack file as far as it could be read. What is broken is left out of `config`, but its name is known."""

    project: str
    stack: str
    file: StackFile
    config: StackConfig
    """Valid parts only; without `environment` if that is broken."""
    broken: frozenset[str]
    """Instances that stand in the file but could not be read; `environment` too."""
    secrets: frozenset[str]
    """Keys of `secrets`, never values."""
    problems: tuple[Problem, ...]

    @property
    def prefix(self) -> str:
        """Start of every physical name."""
        given = None if "environment" in self.broken else self.config.environment.name
        return f"{self.project}-{self.stack}" if given is None else given


def read() -> Draft:
    """The running stack's file, as the engine hands it over."""
    project, stack = pulumi.get_project(), pulumi.get_stack()
    handed: dict[str, str] = json.loads(os.environ.get("PULUMI_CONFIG") or "{}")
    file = StackFile.read(_project_folder() / f"Pulumi.{stack}.yaml", project)
    return parse(project, stack, file, {key: _plain(value) for key, value in handed.items()})


def secrets() -> pulumi.Output[Mapping[str, str]]:
    """The stack file's secrets, encrypted to the end."""
    empty = pulumi.Output.secret(dict[str, str]())
    return pulumi.Config().get_secret_object("secrets") or empty  # an Output, or None when the file has no such key


def parse(project: str, stack: str, file: StackFile, values: Mapping[str, Any]) -> Draft:
    """Reads each instance by itself, so that one broken one hides nothing about the others."""
    own = {key.removeprefix(f"{project}:"): value for key, value in values.items() if key.startswith(f"{project}:")}
    problems = [*file.problems(), *_foreign(project, values)]
    given: Any = own.pop("secrets", {})
    if not isinstance(given, Mapping):
        problems.append(
            Problem(
                path=("secrets",),
                rule="must be a mapping of names to secure values",
                example="{coin_api_key: {secure: v1:...}}",
            )
        )
        given = {}
    valid: dict[str, Any] = {}
    broken: set[str] = set()
    for section, field in StackConfig.model_fields.items():
        read_section = _instances if get_origin(field.annotation) is Mapping else _whole
        found = read_section(section, field.annotation, own.pop(section, None))
        valid[section] = found.valid
        broken |= found.broken
        problems += found.problems
    problems += _unknown_sections(own)
    return Draft(
        project=project,
        stack=stack,
        file=file,
        config=StackConfig.model_construct(**{k: v for k, v in valid.items() if v is not None}),
        broken=frozenset(broken),
        secrets=frozenset(str(key) for key in cast("Mapping[Any, Any]", given)),
        problems=tuple(_once(problems)),
    )


@dataclass(frozen=True)
class _Section:
    valid: Any
    broken: frozenset[str]
    problems: tuple[Problem, ...]


def _whole(section: str, model: Any, value: Any) -> _Section:
    if value is None and not StackConfig.model_fields[section].is_required():
        return _Section(None, frozenset(), ())
    if value is None:
        rule = "is missing: the stack does not say where it runs"
        return _Section(
            None, frozenset({section}), (Problem(path=(section,), rule=rule, example="{target: {kind: docker}}"),)
        )
    try:
        return _Section(TypeAdapter(model).validate_python(value), frozenset(), ())
    except ValidationError as error:
        return _Section(None, frozenset({section}), tuple(translate(error, model, (section,))))


def _instances(section: str, annotation: Any, value: Any) -> _Section:
    if value is None:
        return _Section({}, frozenset(), ())
    if not isinstance(value, Mapping):
        return _Section(
            {}, frozenset(), (Problem(path=(section,), rule="must be a mapping of names", example="{api: {...}}"),)
        )
    label, model = get_args(annotation)
    valid: dict[str, Any] = {}
    broken: set[str] = set()
    problems: list[Problem] = []
    for name, raw in _items(cast("Mapping[Any, Any]", value)):
        try:
            TypeAdapter(label).validate_python(name)
        except ValidationError as error:
            problems += translate(error, label, (section, name))
            broken.add(name)
        try:
            valid[name] = TypeAdapter(model).validate_python(raw)
        except ValidationError as error:
            problems += translate(error, model, (section, name))
            broken.add(name)
    return _Section({k: v for k, v in valid.items() if k not in broken}, frozenset(broken), tuple(problems))


def _items(value: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    return ((str(name), value[name]) for name in sorted(value, key=str))


def _unknown_sections(left: Iterable[str]) -> Iterator[Problem]:
    known = sorted([*StackConfig.model_fields, "secrets"])
    for section in left:
        yield Problem(path=(section,), rule=f"is not a known section; known: {', '.join(known)}")


def _foreign(project: str, values: Mapping[str, Any]) -> Iterator[Problem]:
    for key in values:
        namespace = key.partition(":")[0]
        if namespace != project and namespace not in PROVIDERS:
            yield Problem(
                path=(key,),
                rule=f"belongs to nobody: keys of this stack start with `{project}:`",
                example=f"{project}:app_services",
            )


def _once(problems: Iterable[Problem]) -> Iterator[Problem]:
    """One line per place where the text itself is the cause: a bent date is no second mistake about a number."""
    told: set[tuple[str | int, ...]] = set()
    for problem in problems:
        causes = [problem.path[:n] for n in range(1, len(problem.path) + 1)]
        if "quote it" in problem.rule or "secure" in problem.rule:
            if problem.path in told:
                continue
            told.add(problem.path)
        elif any(cause in told for cause in causes):
            continue
        yield problem


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


def schema(project: str) -> dict[str, Any]:
    """JSON Schema of a whole stack file, for editors: keys carry the project's name."""
    sections: dict[str, Any] = {
        f"{project}:{name}": (field.annotation, field) for name, field in StackConfig.model_fields.items()
    }
    config = create_model("Config", **sections).model_json_schema(by_alias=True)
    definitions = config.pop("$defs")
    config["properties"][f"{project}:secrets"] = {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "required": ["secure"],
            "properties": {"secure": {"type": "string"}},
        },
        "description": "Secrets by name; set with `pulumi config set --secret --path secrets.NAME`.",
    }
    config["patternProperties"] = {f"^({'|'.join(PROVIDERS)}):": {}}
    config["additionalProperties"] = False
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Stack file of {project}",
        "type": "object",
        "properties": {
            "config": config,
            "encryptionsalt": {"type": "string"},
            "secretsprovider": {"type": "string"},
            "encryptedkey": {"type": "string"},
        },
        "additionalProperties": False,
        "$defs": definitions,
    }


if __name__ == "__main__":
    if sys.argv[1:2] != ["schema"]:
        sys.exit("usage: python config.py schema [FOLDER OF Pulumi.yaml]")
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else ".")
    name = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))["name"]
    json.dump(schema(name), sys.stdout, indent=2)
    sys.stdout.write("\n")
