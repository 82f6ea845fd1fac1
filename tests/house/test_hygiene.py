"""What no committed file may hold: a machine's paths, a registry's host, a secret, an exception without a reason."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.sources import ROOT, files, findings, modules, text, tree

HOSTS = [
    ".".join(labels)
    for labels in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("proxy", "golang", "org"),
        ("sum", "golang", "org"),
        ("registry", "npmjs", "org"),
        ("crates", "io"),
        ("repo", "maven", "apache", "org"),
        ("deb", "debian", "org"),
    )
]
"""Where packages come from is the machine's business: mirrors and closed networks have other hosts."""

MACHINE_PATHS = ["/".join(("", *parts)) for parts in (("work", ""), ("root", ""), ("tmp", "bash"))]
"""Written in parts, as this file is looked at too."""

SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\bsecure:\s*[\"']?v1:[A-Za-z0-9+/=]{8,}|\bencryptionsalt:\s*v1:"
)

REASONED = re.compile(r"#\s*(noqa: [A-Z]+\d+(, ?[A-Z]+\d+)*|pyright: ignore\[[A-Za-z]+(, ?[A-Za-z]+)*\])\s+#\s*\S+ \S+")


def _readable() -> list[Path]:
    return [path for path in files() if b"\0" not in (ROOT / path).read_bytes()]


def _lines(path: Path, pattern: re.Pattern[str]) -> Iterator[int]:
    """Numbers only: a failure must not print a secret."""
    return (number for number, line in enumerate(text(path).splitlines(), 1) if pattern.search(line))


def test_no_registry_is_named() -> None:
    hosts = re.compile("|".join(rf"\b{re.escape(host)}" for host in HOSTS))
    assert findings(_readable(), lambda path: _lines(path, hosts)) == {}


def test_no_path_of_one_machine_is_named() -> None:
    starts = re.compile("|".join(rf"(?<![\w.$}}-]){re.escape(start)}" for start in MACHINE_PATHS))
    assert findings(_readable(), lambda path: _lines(path, starts)) == {}


def test_no_secret_is_committed() -> None:
    assert findings(_readable(), lambda path: _lines(path, SECRETS)) == {}


def test_every_exception_from_a_rule_has_its_reason() -> None:
    assert findings(modules(), lambda path: [e for e in _exceptions(path) if not REASONED.search(e[1])]) == {}


def _exceptions(path: Path) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text(path)).readline):
        if token.type == tokenize.COMMENT and re.search(r"noqa|type: ignore|pyright:|fmt: (off|skip)", token.string):
            yield token.start[0], token.string


@pytest.mark.parametrize(
    ("comment", "is_reasoned"),
    [
        ("# noqa: S310  # https alone, by the constants above", True),
        ("# pyright: ignore[reportAny, reportPrivateUsage]  # any spec's field", True),
        ("# noqa: S310", False),
        ("# noqa", False),
        ("# noqa: S310  # x", False),
        ("# pyright: ignore  # it is fine", False),
        ("# pyright: basic", False),
        ("# type: ignore[attr]  # it is fine", False),
    ],
)
def test_what_counts_as_a_reason(comment: str, *, is_reasoned: bool) -> None:
    assert bool(REASONED.search(comment)) is is_reasoned


def test_every_ignored_rule_has_its_reason() -> None:
    lint = tomllib.loads(text(Path("pyproject.toml")))["tool"]["ruff"]["lint"]
    ignored = {*lint["ignore"], *(rule for rules in lint["per-file-ignores"].values() for rule in rules)}
    assert ignored
    bare = [line for line in text(Path("pyproject.toml")).splitlines() if "#" not in line]
    assert [(rule, line) for rule in sorted(ignored) for line in bare if f'"{rule}"' in line] == []


def test_everything_but_tests_is_typed_strictly() -> None:
    strict = tomllib.loads(text(Path("pyproject.toml")))["tool"]["basedpyright"]["strict"]
    assert "*.py" in strict
    assert [path for path in modules() if len(path.parts) > 1 and path.parts[0] not in {*strict, "tests"}] == []


def test_every_test_is_collected() -> None:
    """A file of another name, or one that fails to import quietly, would never run."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "--no-header", "-p", "no:cacheprovider"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    collected = {line.partition("::")[0] for line in run.stdout.splitlines() if "::" in line}
    written = {str(path) for path in modules() if path.parts[0] == "tests" and _has_tests(path)}
    assert "tests/house/test_hygiene.py" in written
    assert written - collected == set()


def _has_tests(path: Path) -> bool:
    functions = (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef))
    return any(function.name.startswith("test_") for function in functions)


def test_nothing_is_pinned_loosely() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        pins = [line for line in text(Path(name)).splitlines() if line and not line.startswith(("#", "-r "))]
        assert pins
        assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9_.-]+==[^ *]+( ; .+)?", pin)] == []


def test_actions_are_pinned_to_commits() -> None:
    """But for our own, which is of the checkout that a job has made."""
    workflows = [path for path in files() if path.parts[:2] in {(".github", "workflows"), (".github", "actions")}]
    uses = [line for path in workflows for line in text(path).splitlines() if re.match(r"\s*(- )?uses:", line)]
    assert uses
    pinned = re.compile(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$|uses: \./\.github/actions/[a-z]+$")
    assert [line for line in uses if not pinned.search(line)] == []
