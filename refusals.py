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
from pattern_words import WORDS
from stack_file import StackFile

Loc = tuple[str | int, ...]


def refuse(file: StackFile, problems: Iterable[Problem]) -> pulumi.RunError:
    """The error that ends the program: all problems, in the order of the file."""
    ordered = sorted(
        set(_once(problems)), key=lambda p: (file.line(p.path) or 0, [str(part) for part in p.path], p.rule)
    )
    count = f"{len(ordered)} problem{'s' if len(ordered) > 1 else ''}"
    return pulumi.RunError(
        "\n".join([f"{file.name} is refused: {count}, nothing was registered", *(line(file, p) for p in ordered)])
    )


def _once(problems: Iterable[Problem]) -> Iterable[Problem]:
    """One line per place where the text itself is the cause: a bent date is no second mistake about a number."""
    causes: dict[tuple[str | int, ...], Problem] = {}
    others: list[Problem] = []
    for problem in problems:
        if any(word in problem.rule for word in ("quote it", "secure:", "stands twice")):
            causes.setdefault(problem.path, problem)
        else:
            others.append(problem)
    yield from causes.values()
    for problem in others:
        if not any(problem.path[:n] in causes for n in range(1, len(problem.path) + 1)):
            yield problem


def line(file: StackFile, problem: Problem) -> str:
    """`Pulumi.prod.yaml:12: app_services.api.replicas: must be ...; e.g. 3`"""
    place = file.place(problem.path)
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
    everything = error.errors(include_url=False)  # with what was written, which no line repeats
    for details in everything:
        if details["type"] == "too_short" and any(_is_below(details["loc"], other["loc"]) for other in everything):
            continue  # pydantic counts entries that are wrong as absent
        path, place = _resolve(model, details["loc"])
        if details["type"] == "problems":
            for problem in details.get("ctx", {}).get("problems", ()):
                yield problem.below(*at, *path)
        else:
            yield Problem(path=(*at, *path), rule=_rule(details, place), example=_example(place, details))


def _is_below(place: Loc, other: Loc) -> bool:
    return len(other) > len(place) and other[: len(place)] == place


def _rule(error: ErrorDetails, place: _Place) -> str:
    context: Mapping[str, Any] = error.get("ctx", {})
    kind = error["type"]
    if kind == "extra_forbidden":
        key = str(error["loc"][-1])
        if others := place.kinds_with(key):
            return f"is a key of kind {' and '.join(others)}, not of this one; known here: {', '.join(place.known)}"
        return _unknown_key(key, place.known)
    if error["input"] is None and kind != "missing":
        return "is empty; write what it holds, or take the line out"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        key = str(context["discriminator"]).strip("'")
        return f"must be a mapping whose `{key}` is one of: {', '.join(place.tags)}"
    if kind == "string_pattern_mismatch":
        return WORDS[context["pattern"]]
    if kind in _RULES:
        return _RULES[kind].format(**context)
    return error["msg"].removeprefix("Value error, ")


_RULES = {
    "missing": "is missing",
    "string_type": "must be text; quote it",
    **dict.fromkeys(("int_type", "int_from_float", "int_parsing"), "must be a whole number"),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "must be a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
    "tuple_type": "must be a list",
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), "must be a mapping"),
    "invalid_key": "must be text; quote it",
    "literal_error": "must be one of: {expected}",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "greater_than": "must be more than {gt}",
    "less_than": "must be less than {lt}",
    "too_long": "must have {max_length} or fewer entries",
    "too_short": "must have {min_length} or more entries",
    "string_too_short": "must have {min_length} or more characters",
    "string_too_long": "must have {max_length} or fewer characters",
}
"""Our words for pydantic's error types; the words in braces are its own. https://docs.pydantic.dev/latest/errors/validation_errors/"""


def _unknown_key(key: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"is not a known key; {hint}known here: {', '.join(known)}"


def _example(place: _Place, error: ErrorDetails) -> str | None:
    if error["type"] == "extra_forbidden":
        return None
    return place.examples[0] if place.examples else _written_example(place.annotation)


def _written_example(annotation: Any) -> str | None:
    """What may stand where the spec shows nothing."""
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if get_origin(annotation) is Literal:
        return str(get_args(annotation)[0])
    if kinds := _tags(annotation):
        return _written_example(next(iter(kinds.values())))
    if get_origin(annotation) in (tuple, Mapping):
        return "[...]" if get_origin(annotation) is tuple else "{...: ...}"
    if not _is_model(annotation):
        return None
    needed = {key: field for key, field in _fields(annotation).items() if field.is_required()}
    return "{" + ", ".join(f"{key}: {_example_of(field)}" for key, field in needed.items()) + "}"


_PLAIN: Mapping[Any, str] = {bool: "true", int: "1", float: "0.5", str: '"text"'}


def _example_of(field: FieldInfo) -> str:
    place = _Place(field.annotation, (field,))
    return (place.examples[0] if place.examples else _written_example(place.annotation)) or "..."


class _Place:
    """What the types say about one place of a spec."""

    def __init__(self, annotation: Any, metadata: Iterable[Any] = ()) -> None:
        self.annotation: Any = annotation
        self.examples: tuple[str, ...] = ()
        self.union: Mapping[str, Any] = {}
        """Where this is one kind of several: all of them, by their word."""
        self._read(metadata)
        while get_origin(self.annotation) is Annotated:
            self.annotation, *rest = get_args(self.annotation)
            self._read(rest)
        members = _members(self.annotation)
        if len(members) == 1 and members[0] is not self.annotation:
            inner = _Place(members[0])
            self.annotation, self.examples = inner.annotation, self.examples or inner.examples

    def _read(self, metadata: Iterable[Any]) -> None:
        for item in metadata:
            if isinstance(item, FieldInfo):
                self._read(item.metadata)
                if item.examples and not self.examples:
                    self.examples = tuple(str(e) for e in item.examples)

    @property
    def known(self) -> tuple[str, ...]:
        return tuple(_fields(self.annotation)) if _is_model(self.annotation) else ()

    def kinds_with(self, key: str) -> list[str]:
        """Other kinds of the same thing that know a key."""
        return sorted(word for word, model in self.union.items() if _is_model(model) and key in _fields(model))

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(sorted(_tags(self.annotation)))


def _resolve(model: Any, loc: Loc) -> tuple[Loc, _Place]:
    """The path as it is written in the file, and the place it leads to: pydantic puts a union's tags between the keys."""
    path: list[str | int] = []
    place = holder = _Place(model)
    for part in loc:
        tags = _tags(place.annotation)
        if str(part) in tags:
            place = _Place(tags[str(part)])
            place.union = tags
            continue
        if part == "[key]":
            place = _Place(get_args(holder.annotation)[0])
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
