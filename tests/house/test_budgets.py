"""Sizes that keep a file readable in one sitting. Over budget means: split by noun."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.vocabulary import Spec
from tests.house.sources import modules, text, tree

MODULE_LINES = 400
FUNCTION_LINES = 60
SPEC_FIELDS = 25
PROGRAM_LINES = 80
STACKS = {"dev", "staging", "prod"}


@pytest.mark.parametrize("path", modules(), ids=str)
def test_a_module_is_short(path: Path) -> None:
    assert len(text(path).splitlines()) <= MODULE_LINES


@pytest.mark.parametrize("path", modules(), ids=str)
def test_functions_are_short(path: Path) -> None:
    functions = [n for n in ast.walk(tree(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = {f"{f.name}:{f.lineno}": (f.end_lineno or f.lineno) - f.lineno + 1 for f in functions}
    assert {name: length for name, length in lengths.items() if length > FUNCTION_LINES} == {}


@pytest.mark.parametrize("path", [path for path in modules() if path.name != "__init__.py"], ids=str)
def test_annotations_are_lazy(path: Path) -> None:
    code = [node for node in tree(path).body if not isinstance(node, ast.Expr)]
    first = code[0] if code else None
    assert first is None or (isinstance(first, ast.ImportFrom) and first.module == "__future__")


def test_specs_have_few_fields() -> None:
    for path in modules():
        if path.parts[0] == "components" and path.name == "spec.py":
            importlib.import_module(".".join(path.with_suffix("").parts))
    specs = list(_specs(Spec))
    assert len(specs) > 5
    assert {s.__qualname__: len(s.model_fields) for s in specs if len(s.model_fields) > SPEC_FIELDS} == {}


def _specs(base: type[Spec]) -> Iterator[type[Spec]]:
    for spec in base.__subclasses__():
        yield spec
        yield from _specs(spec)


def test_the_program_is_a_table_of_contents() -> None:
    assert len(text(Path("__main__.py")).splitlines()) <= PROGRAM_LINES


@pytest.mark.parametrize("path", [p for p in modules() if p.parts[0] == "components" or len(p.parts) == 1], ids=str)
def test_no_code_knows_a_stack_by_name(path: Path) -> None:
    assert [(c.lineno, c.value) for n in ast.walk(tree(path)) for c in _deciding(n) if c.value in STACKS] == []


def _deciding(node: ast.AST) -> list[ast.Constant]:
    """Constants that a program takes different ways by: compared, matched, or keys of a table."""
    match node:
        case ast.Compare(left=left, comparators=others):
            sides = [part for side in (left, *others) for part in ast.walk(side)]
        case ast.Dict(keys=keys):
            sides = keys
        case ast.MatchValue(value=value):
            sides = [value]
        case _:
            sides = []
    return [side for side in sides if isinstance(side, ast.Constant) and isinstance(side.value, str)]


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ('if stack == "prod": ...', 1),
        ('if stack in ("dev", "staging"): ...', 2),
        ('{"prod": 3, "dev": 1}[stack]', 2),
        ('match stack:\n    case "prod": ...', 1),
        ('Field(examples=["dev"])', 0),
    ],
)
def test_what_counts_as_knowing_a_stack(code: str, count: int) -> None:
    assert len([c for n in ast.walk(ast.parse(code)) for c in _deciding(n) if c.value in STACKS]) == count
