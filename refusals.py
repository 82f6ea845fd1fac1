"""What a person reads when a stack file is refused: one line per problem with place, rule and example, never a value.

Owns: translating pydantic's errors into ours, and the order and form of the lines. Leaves the rules to the specs.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pulumi
from pydantic import BaseModel, Tag, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from components.vocabulary import Problem
from stack_file import StackFile

Loc = tuple[str | int, ...]


def refuse(file: StackFile, problems: Iterable[Problem]) -> pulumi.RunError:
    """The error that ends the program: all problems, in the order of the file."""
    ordered = sorted(set(problems), key=lambda p: (file.line(p.path) or 0, [str(part) for part in p.path], p.rule))
    count = f"{len(ordered)} problem{'s' if len(ordered) > 1 else ''}"
    return pulumi.RunError("\n".join([f"{file.name} is refused: {count}, nothing was registered", *(line(file, p) for p in ordered)]))


def line(file: StackFile, problem: Problem) -> str:
    """`Pulumi.prod.yaml:12: app_services.api.replicas: must be ...; e.g. 3`"""
    number = file.line(problem.path)
    place = file.name if number is None else f"{file.name}:{number}"
    example = f"; e.g. {problem.example}" if problem.example else ""
    return f"{place}: {written(problem.path)}: {problem.rule}{example}"


def written(path: Loc) -> str:
    """A path as a person would say it: `connects_to[0].postgres`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def translate(error: ValidationError, model: Any, at: Loc) -> Iterable[Problem]:
    """Our problems for pydantic's errors about a value of type `model` that stands at `at`."""
    for details in error.errors(include_url=False, include_input=False):
        path, field = _resolve(model, details["loc"])
        if details["type"] == "problems":
            for problem in details.get("ctx", {}).get("problems", ()):
                yield problem.below(*at, *path)
        else:
            yield Problem(path=(*at, *path), rule=_rule(details, field), example=_example(field, details))


def _rule(error: ErrorDetails, field: _Place) -> str:
    context: Mapping[str, Any] = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return _unknown_key(str(error["loc"][-1]), field.known)
        case "string_type":
            return "must be text; quote it"
        case "int_type" | "int_from_float" | "int_parsing":
            return "must be a whole number"
        case "bool_type" | "bool_parsing":
            return "must be true or false"
        case "tuple_type":
            return "must be a list"
        case "dict_type" | "mapping_type" | "model_type" | "model_attributes_type":
            return "must be a mapping"
        case "literal_error":
            return f"must be one of: {context['expected']}"
        case "union_tag_invalid" | "union_tag_not_found":
            return f"must be a mapping whose `{str(context['discriminator']).strip(chr(39))}` is one of: {', '.join(field.tags)}"
        case "string_pattern_mismatch":
            return f"must match {context['pattern']}"
        case "greater_than_equal":
            return f"must be {context['ge']} or more"
        case "less_than_equal":
            return f"must be {context['le']} or less"
        case "too_short" | "string_too_short":
            return f"must have {context.get('min_length', 1)} or more {'entries' if error['type'] == 'too_short' else 'characters'}"
        case "too_long" | "string_too_long":
            return f"must have {context['max_length']} or fewer {'entries' if error['type'] == 'too_long' else 'characters'}"
        case _:
            return error["msg"].removeprefix("Value error, ")


def _unknown_key(key: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"is not a known key; {hint}known here: {', '.join(known)}"


def _example(field: _Place, error: ErrorDetails) -> str | None:
    if error["type"] == "extra_forbidden":
        return None
    return field.examples[0] if field.examples else None


class _Place:
    """What the types say about one place of a spec."""

    def __init__(self, annotation: Any, metadata: Iterable[Any] = ()) -> None:
        self.examples: tuple[str, ...] = ()
        self._read(metadata)
        while get_origin(annotation) is Annotated:
            annotation, *rest = get_args(annotation)
            self._read(rest)
        members = _members(annotation)
        if len(members) == 1 and members[0] is not annotation:
            inner = _Place(members[0])
            annotation, self.examples = inner.annotation, self.examples or inner.examples
        self.annotation = annotation

    def _read(self, metadata: Iterable[Any]) -> None:
        for item in metadata:
            if isinstance(item, FieldInfo):
                self._read(item.metadata)
                if item.examples and not self.examples:
                    self.examples = tuple(str(e) for e in item.examples)

    @property
    def known(self) -> tuple[str, ...]:
        return tuple(_fields(self.annotation)) if _is_model(self.annotation) else ()

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(sorted(_tags(self.annotation)))


def _resolve(model: Any, loc: Loc) -> tuple[Loc, _Place]:
    """The path as it is written in the file, and the place it leads to: pydantic puts a union's tags between the keys."""
    path: list[str | int] = []
    place = _Place(model)
    for part in loc:
        tags = _tags(place.annotation)
        if str(part) in tags:
            place = _Place(tags[str(part)])
            continue
        if part == "[key]":
            place = _Place(get_args(holder.annotation)[0])  # pyright: ignore[reportPossiblyUnbound]  # "[key]" never comes first
            continue
        path.append(part)
        holder = place
        if (below := _below(place.annotation, part)) is None:
            break
        place = below
    return tuple(path), place


def _below(annotation: Any, part: str | int) -> _Place | None:
    """The place that a key or an index leads to; None for a key that does not exist, whose holder stays the place."""
    if _is_model(annotation):
        field = _fields(annotation).get(str(part))
        return None if field is None else _Place(field.annotation, (field,))
    arguments = get_args(annotation)
    if isinstance(part, int):
        return _Place(arguments[0]) if arguments else None
    return _Place(arguments[1]) if len(arguments) == 2 else None


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _members(annotation: Any) -> tuple[Any, ...]:
    """Members of a union without None; the annotation itself where it is no union."""
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(member for member in get_args(annotation) if member is not type(None))
    return (annotation,)


def _tags(annotation: Any) -> dict[str, Any]:
    """A discriminated union's members by the word that pydantic puts into the path."""
    found: dict[str, Any] = {}
    for member in _members(annotation):
        if get_origin(member) is Annotated:
            inner, *metadata = get_args(member)
            found.update({item.tag: inner for item in metadata if isinstance(item, Tag)})
        elif _is_model(member) and len(_members(annotation)) > 1 and "kind" in member.model_fields:
            kind = member.model_fields["kind"].annotation
            if get_origin(kind) is Literal:
                found.update(dict.fromkeys(map(str, get_args(kind)), member))
    return found
