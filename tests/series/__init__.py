"""What exporters emit, by version, and what of it an expression reads: signals are held against this.

Each file names its exporter, the version and where its series were read. Series that a stack's own scrape adds labels to
are listed with the exporter's labels alone.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent

SCRAPED = frozenset({"container", "instance", "instance_name", "job", "namespace", "node", "pod"})
"""Labels that come with the scrape, whatever is scraped."""

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_RANGE = re.compile(r"\[[^\]]*\]")
_CLAUSE = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_NAME = re.compile(r"(?<![\w:.])([a-zA-Z_:][\w:]*)(?!\s*\(|[\w:])")
_WORDS = frozenset({"and", "bool", "inf", "nan", "offset", "or", "unless"})


@dataclass(frozen=True, kw_only=True)
class Reads:
    """What one PromQL expression takes from exporters."""

    series: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Labels that it selects by, by series."""
    labels: frozenset[str] = frozenset()
    """Labels that it groups or joins by."""
    made: frozenset[str] = frozenset()
    """Words in quotes: label_replace makes labels of some."""


def reads(expression: str) -> Reads:
    """The series and labels of an expression."""
    made = frozenset(_STRING.findall(expression))
    text = _RANGE.sub("", _STRING.sub("''", expression))
    labels = frozenset(
        label.strip() for clause in _CLAUSE.findall(text) for label in clause.split(",") if label.strip()
    )
    text = _CLAUSE.sub("", text)
    series: dict[str, frozenset[str]] = {}
    for name, matchers in _SELECTOR.findall(text):
        series[name] = series.get(name, frozenset()) | frozenset(_MATCHER.findall(matchers))
    for name in _NAME.findall(_SELECTOR.sub("", text)):
        if name not in _WORDS:
            series.setdefault(name, frozenset())
    return Reads(series=series, labels=labels, made=made)


@functools.cache
def registries() -> tuple[Mapping[str, Any], ...]:
    """Every exporter's file."""
    return tuple(yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.yaml")))


def emitted_by(exporter: str) -> Mapping[str, frozenset[str]]:
    """Labels of an exporter's series, by series. Raises LookupError for one that has no file."""
    for registry in registries():
        if registry["exporter"] == exporter:
            return {name: frozenset(labels) for name, labels in registry["series"].items()}
    msg = f"no file in {FOLDER} is about {exporter}"
    raise LookupError(msg)


def emitted() -> Mapping[str, frozenset[str]]:
    """Labels of every exporter's series, by series."""
    return {name: labels for registry in registries() for name, labels in emitted_by(registry["exporter"]).items()}


def missing(expression: str, there: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """What an expression reads and nobody emits: series, and labels of series."""
    read = reads(expression)
    found = {name: there[name] for name in read.series if name in there}
    for name, selected in read.series.items():
        if name not in found:
            yield name
        else:
            yield from (f"{name}{{{label}}}" for label in sorted(selected - found[name] - SCRAPED))
    known = frozenset[str]().union(*found.values()) | SCRAPED | read.made
    yield from (f"by ({label})" for label in sorted(read.labels - known))
