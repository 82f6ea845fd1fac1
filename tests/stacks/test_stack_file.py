"""What is wrong with a stack file's text, and that every field is refused in our own words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from cluster.config import ClusterConfig
from config import StackConfig
from pattern_words import WORDS
from refusals import line, translate
from stack_file import StackFile

HOSTILE: tuple[Any, ...] = (None, 1.5, [], {}, "x", "", True, -1, 10**30, [1], {"a": 1}, float("nan"), [None])


def told(text: str) -> list[str]:
    file = StackFile("Pulumi.dev.yaml", text, "shop")
    return [line(file, problem) for problem in file.problems()]


def test_a_key_that_stands_twice_is_told_with_both_lines() -> None:
    text = "config:\n  shop:app_services:\n    api: {image: a}\n    api: {image: b}\n"
    expected = "app_services.api: stands twice, first in line 3; take one of them out"
    assert told(text) == [f"Pulumi.dev.yaml:3: {expected}"]
    assert told("config:\n  shop:edge: {a: 1, a: 2}\n") == [
        "Pulumi.dev.yaml:2: edge.a: stands twice, first in line 2; take one of them out"
    ]


def test_a_section_beside_the_configuration_is_told() -> None:
    rule = "stands beside `config:`, where nobody reads it; put it below, as `shop:edge`, or take it out"
    assert told("config: {}\nedge: {}\n") == [f"Pulumi.dev.yaml:2: edge: {rule}"]
    assert told("config: {}\nshop:edge: {}\n") == [f"Pulumi.dev.yaml:2: edge: {rule}"]


@pytest.mark.parametrize("value", ["hunter two", "12", "", "{secure: v1:abc, more: 1}", "{in: {secure: v1:abc}}"])
def test_a_secret_in_the_clear_is_told_and_not_repeated(value: str) -> None:
    (only,) = told(f"config:\n  shop:secrets:\n    token: {value}\n")
    assert only.startswith("Pulumi.dev.yaml:3: secrets.token: is not encrypted: ")
    assert "hunter" not in only
    assert "abc" not in only


def test_what_the_engine_reads_is_no_problem() -> None:
    text = "secretsprovider: passphrase\nconfig:\n  shop:secrets: {token: {secure: v1:abc}}\n  other: {a: &a {x: 1}, b: *a}\n"
    assert told(text) == []


def test_aliases_without_measure_or_end_are_told_once() -> None:
    rows = ["  shop:a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"  shop:a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    rule = "its aliases (`*`) unfold to more than 100,000 values; write out what is meant, without aliases of aliases"
    assert [line for line in told("\n".join(["config:", *rows])) if "aliases" in line] == [
        f"Pulumi.dev.yaml:7: a5: {rule}"
    ]
    assert told("config:\n  shop:a: &a [*a]\n") == [f"Pulumi.dev.yaml:2: a: {rule}"]


def _models(annotation: Any, found: set[type[BaseModel]]) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in found:
        found.add(annotation)
        for field in annotation.model_fields.values():
            _models(field.annotation, found)
    for argument in get_args(annotation):
        _models(argument, found)
    return found


def _patterns(annotation: Any, metadata: tuple[Any, ...]) -> Iterator[str]:
    """Of a field, and of whatever its lists and mappings hold."""
    for item in metadata:
        if isinstance(item, FieldInfo):
            yield from _patterns(None, tuple(item.metadata))
        if isinstance(pattern := getattr(item, "pattern", None), str):
            yield pattern
    inner = get_args(annotation)
    if get_origin(annotation) is Annotated:
        yield from _patterns(inner[0], inner[1:])
    else:
        for argument in inner:
            yield from _patterns(argument, ())


def test_every_pattern_is_told_in_words_and_every_sentence_is_of_one() -> None:
    models = _models(ClusterConfig, _models(StackConfig, set()))
    fields = [field for model in models for field in model.model_fields.values()]
    found = {p for field in fields for p in _patterns(field.annotation, tuple(field.metadata))}
    assert found == set(WORDS)
    assert all(words.startswith("must be ") and "\\" not in words for words in WORDS.values())


def _refused(model: type[BaseModel], key: str) -> Iterator[tuple[str, str | None]]:
    for value in HOSTILE:
        try:
            model.model_validate({key: value})
        except ValidationError as error:
            unknown = {"extra_forbidden", "problems"} & {details["type"] for details in error.errors()}
            for problem in translate(error, model, ()):
                if problem.path[:1] == (key,) and not unknown:
                    yield problem.rule, problem.example


def test_every_field_is_refused_in_our_words_with_an_example() -> None:
    models = _models(ClusterConfig, _models(StackConfig, set()))
    assert len(models) > 100
    bad: list[str] = []
    for model in models:
        for name, field in model.model_fields.items():
            for rule, example in _refused(model, field.alias or name):
                if example is None or "nput should" in rule or "valid " in rule:
                    bad.append(f"{model.__name__}.{name}: {rule}; e.g. {example}")
    assert bad == []
