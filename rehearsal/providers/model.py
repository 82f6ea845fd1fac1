"""The records that the gRPC server and the stand-in of one package hand each other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rehearsal.providers.differ import compare, written
from rehearsal.providers.sdk import Package
from rehearsal.providers.structs import UNKNOWN, Properties


@dataclass(frozen=True, slots=True)
class Subject:
    """One resource in one call."""

    urn: str
    token: str
    inputs: Properties
    config: Properties
    """Configuration of its provider."""

    @property
    def name(self) -> str:
        """The logical name."""
        return self.urn.rpartition("::")[2]

    def digest(self, *salt: str) -> str:
        """64 hex digits that depend on the resource and its inputs alone."""
        text = json.dumps([self.urn, self.inputs, salt], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Key:
    """What makes an object unique in the place where it lives."""

    place: str
    """Cluster or daemon."""
    kind: str
    namespace: str
    name: str

    def digest(self) -> str:
        return hashlib.sha256(f"{self.place}\0{self.kind}\0{self.namespace}\0{self.name}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update of one resource would do."""

    paths: Mapping[str, int] = field(default_factory=dict[str, int])
    """Property path -> `Change`."""
    replaces: frozenset[str] = frozenset()
    """Those of the paths that the real provider can't change in place."""
    delete_first: bool = False


class RefusalError(Exception):
    """What the real API, or the rehearsal itself, says no to; the text is the whole message."""


class MissingError(RefusalError):
    """Something that another resource may be about to make."""


Taken = Callable[[Key], bool]
"""Whether an object of that name exists."""

Failures = list[tuple[str, str]]


class StandIn:
    """What the server asks about one package. This base knows nothing of its package and echoes what it is given."""

    def __init__(self, package: Package) -> None:
        self.package = package

    def config_failures(self, _urn: str, _config: Properties, /) -> Failures:
        """Property and reason, for each thing that the real CheckConfig refuses."""
        return []

    def config_replaces(self, _olds: Properties, _news: Properties, /) -> list[str]:
        """Properties whose change makes the real DiffConfig replace every resource of the provider."""
        return []

    def check(self, subject: Subject, _olds: Properties | None, _taken: Taken, /) -> tuple[Properties, Failures]:
        """The inputs with automatic names, and what is refused."""
        return subject.inputs, []

    def diff(self, subject: Subject, olds: Properties, /) -> Changes:
        return Changes({written(path): kind for path, kind in compare(olds, subject.inputs)})

    def key(self, _subject: Subject, /) -> Key | None:
        """None for what has no physical name, or may be made twice."""
        return None

    def admit(self, subject: Subject, taken: Taken, /) -> None:
        """Raises MissingError for what the real API refuses at creation because another object is not there."""

    def planned(self, subject: Subject, before: Properties | None, /) -> Properties:
        """All outputs as a preview knows them; `before` are those of the object that is updated."""
        computed = {o.wire: UNKNOWN for o in self.package.outputs(subject.token) if o.computed}
        return {**computed, **(before if before is not None else {}), **subject.inputs}

    def created(self, subject: Subject, before: Properties | None, /) -> tuple[str, Properties]:
        """Id and all outputs after the real thing was made, or updated: then the id is not looked at."""
        return subject.digest()[:32], {**(before if before is not None else {}), **subject.inputs}
