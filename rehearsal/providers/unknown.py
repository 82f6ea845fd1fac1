"""Stand-in for a package that nobody has described: it echoes inputs, says so once, and has a source for no output."""

from __future__ import annotations

from rehearsal.providers.differ import compare, written
from rehearsal.providers.model import Changes, Key, Subject, Taken
from rehearsal.providers.sdk import Package
from rehearsal.providers.structs import UNKNOWN, Properties


class EchoStandIn:
    def __init__(self, package: Package) -> None:
        self._package = package

    def config_failures(self, urn: str, config: Properties) -> list[tuple[str, str]]:
        return []

    def config_replaces(self, olds: Properties, news: Properties) -> list[str]:
        return []

    def check(self, subject: Subject, olds: Properties | None, taken: Taken) -> tuple[Properties, list[tuple[str, str]]]:
        return subject.inputs, []

    def diff(self, subject: Subject, olds: Properties) -> Changes:
        return Changes({written(path): kind for path, kind in compare(olds, subject.inputs)})

    def key(self, subject: Subject) -> Key | None:
        return None

    def admit(self, subject: Subject, taken: Taken) -> None:
        pass

    def planned(self, subject: Subject, before: Properties | None) -> Properties:
        computed = {o.wire: UNKNOWN for o in self._package.outputs(subject.token) if o.computed}
        return {**computed, **subject.inputs}

    def created(self, subject: Subject, before: Properties | None) -> tuple[str, Properties]:
        return subject.digest()[:32], dict(subject.inputs)
