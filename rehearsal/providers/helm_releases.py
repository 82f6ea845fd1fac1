"""Stand-in for `kubernetes:helm.sh/v3:Release`: Helm's own record of a chart, which is no object of the API.

Owns: its name, its namespace, one release of a name in a namespace. Leaves alone what the chart would make: charts are not
fetched, so nothing of them is in a rehearsal, and reading what only a chart knows fails.
pulumi/pulumi-kubernetes 9497796 provider/pkg/provider/helm_release.go
"""

from __future__ import annotations

from collections.abc import Callable

from typing_extensions import override

from rehearsal.providers.differ import compare, touches, written
from rehearsal.providers.model import Changes, Failures, Key, StandIn, Subject, Taken
from rehearsal.providers.sdk import Package
from rehearsal.providers.structs import UNKNOWN, Properties

TOKEN = "kubernetes:helm.sh/v3:Release"

_FORCES_NEW = (("name",), ("namespace",))
"""`forceNewFields` of its Diff."""


class ReleaseStandIn(StandIn):
    """One kind."""

    def __init__(self, package: Package, place: Callable[[Properties], str]) -> None:
        super().__init__(package)
        self._place = place

    @override
    def check(self, subject: Subject, olds: Properties | None, taken: Taken) -> tuple[Properties, Failures]:
        """Check of the real one: a name of its own for one without, the provider's namespace, or `default`."""
        named = dict(subject.inputs)
        if not named.get("namespace"):
            named["namespace"] = subject.config.get("namespace") or "default"
        if not named.get("name"):
            named["name"] = olds["name"] if olds is not None else f"{subject.name}-{subject.digest()[:8]}"
        return named, []

    @override
    def diff(self, subject: Subject, olds: Properties) -> Changes:
        changed = dict(compare(olds, subject.inputs))
        replaces = frozenset(written(path) for path in changed if any(touches(path, each) for each in _FORCES_NEW))
        return Changes({written(path): kind for path, kind in changed.items()}, replaces)

    @override
    def key(self, subject: Subject) -> Key | None:
        name, namespace = subject.inputs.get("name"), subject.inputs.get("namespace")
        if not isinstance(name, str) or not isinstance(namespace, str) or UNKNOWN in (name, namespace):
            return None
        return Key(self._place(subject.config), "helm.sh/Release", namespace, name)

    @override
    def created(self, subject: Subject, before: Properties | None) -> tuple[str, Properties]:
        return f"{subject.inputs['namespace']}/{subject.inputs['name']}", dict(subject.inputs)
