"""The repository's own files, and what its modules import."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@functools.cache
def files() -> tuple[Path, ...]:
    """Every file that is committed or would be, relative to the root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(sorted(path for name in listed.split("\0") if name and (ROOT / (path := Path(name))).is_file()))


def modules() -> tuple[Path, ...]:
    """Every Python file of the repository."""
    return tuple(path for path in files() if path.suffix == ".py")


@functools.cache
def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path), filename=str(path))


def findings(paths: Iterable[Path], check: Callable[[Path], Iterable[object]]) -> dict[str, list[object]]:
    """What a check finds, by file; empty if all is well. One rule is one test, however many files there are."""
    looked = {str(path): list(check(path)) for path in paths}
    assert looked, "a rule that looks at no file holds nothing"
    return {path: found for path, found in looked.items() if found}


@dataclass(frozen=True)
class Import:
    """One imported name: `module` for `import`, `module.name` for each name of a `from`."""

    name: str
    line: int
    runs: bool
    """Whether importing the file runs it: false within functions and for the type checker alone."""


@functools.cache
def imports(path: Path) -> tuple[Import, ...]:
    return tuple(_imports(tree(path), runs=True))


def _imports(node: ast.AST, *, runs: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Import(names=names):
                for name in names:
                    yield Import(name.name, child.lineno, runs)
            case ast.ImportFrom(module=str(module), names=names):
                for name in names:
                    yield Import(f"{module}.{name.name}", child.lineno, runs)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                yield from _imports(child, runs=False)
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield from _imports(child, runs=False)
            case _:
                yield from _imports(child, runs=runs)


def file_of(name: str) -> Path | None:
    """The repository's file that an imported name comes from; None for what is not ours."""
    parts = name.split(".")
    for length in (len(parts), len(parts) - 1):
        if length and (found := _file("/".join(parts[:length]))) is not None:
            return found
    return None


def _file(stem: str) -> Path | None:
    for path in (Path(f"{stem}.py"), Path(stem, "__init__.py")):
        if (ROOT / path).is_file():
            return path
    return None


@functools.cache
def reaches(path: Path, *, packages: bool = False) -> frozenset[str]:
    """Every foreign name, and every file of ours as text, that a file's imports lead to.

    With `packages`, what the interpreter loads: importing `a.b` runs the `__init__` of `a`, which re-exports all of it.
    """
    seen: set[Path] = set()
    foreign: set[str] = set()
    todo = [path]
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        seen.add(current)
        if packages:
            todo += _packages(current)
        for found in imports(current):
            if found.runs:
                ours = file_of(found.name)
                if ours is None:
                    foreign.add(found.name)
                else:
                    todo.append(ours)
    return frozenset(foreign) | {str(one) for one in seen}


def _packages(path: Path) -> list[Path]:
    """Packages that a file lies in: importing it runs their `__init__`."""
    return [init for parent in path.parents if (ROOT / (init := parent / "__init__.py")).is_file()]
