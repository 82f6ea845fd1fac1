"""Sizes that keep a file readable in one sitting. Over budget means: split by noun."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.vocabulary import Spec
from tests.house.sources import findings, modules, text, tree

MODULE_LINES = 400
FUNCTION_LINES = 60
SPEC_FIELDS = 25
PROGRAM_LINES = 80
STACKS = {"dev", "staging", "prod"}


def test_modules_are_short() -> None:
    def too_long(path: Path) -> list[int]:
        lines = len(text(path).splitlines())
        return [lines] if lines > MODULE_LINES else []

    assert findings(modules(), too_long) == {}


def test_functions_are_short() -> None:
    assert findings(modules(), _long_functions) == {}


def _long_functions(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"line {node.lineno}: {node.name} has {lines} lines"


def test_annotations_are_lazy() -> None:
    assert findings([path for path in modules() if path.name != "__init__.py"], _eager) == {}


def _eager(path: Path) -> Iterator[str]:
    code = [node for node in tree(path).body if not isinstance(node, ast.Expr)]
    if code and not (isinstance(code[0], ast.ImportFrom) and code[0].module == "__future__"):
        yield "lacks `from __future__ import annotations`"


def test_specs_have_few_fields() -> None:
    for path in modules():
        if path.parts[0] in ("cluster", "components") and path.name == "spec.py":
            importlib.import_module(".".join(path.with_suffix("").parts))
    specs = list(_specs(Spec))
    assert len(specs) > 5
    assert {s.__qualname__: n for s in specs if (n := _choices(s)) > SPEC_FIELDS} == {}


def _choices(spec: type[Spec]) -> int:
    """Fields that a person fills in; `kind` is how they chose this spec and no other."""
    return len(spec.model_fields.keys() - {"kind"})


def _specs(base: type[Spec]) -> Iterator[type[Spec]]:
    for spec in base.__subclasses__():
        yield spec
        yield from _specs(spec)


def test_the_program_is_a_table_of_contents() -> None:
    for program in ("__main__.py", "cluster/program.py"):
        assert len(text(Path(program)).splitlines()) <= PROGRAM_LINES


def test_no_code_knows_a_stack_by_name() -> None:
    code = [path for path in modules() if path.parts[0] in ("cluster", "components") or len(path.parts) == 1]
    assert findings(code, lambda path: [c.lineno for c in _stacks(tree(path))]) == {}


def _stacks(code: ast.Module) -> list[ast.Constant]:
    return [c for node in ast.walk(code) for c in _deciding(node) if c.value in STACKS]


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
    assert len(_stacks(ast.parse(code))) == count
