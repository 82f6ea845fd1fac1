"""What a review is about: one planned change per resource, and the state that it starts from.

Owns: the records between reading (`events`, `state`) and judging (everything else). They are data: no rule lives here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from review.values import Path, at


class Op(StrEnum):
    """What happens to a resource, a replacement being one operation and not three steps."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    IMPORT = "import"
    READ = "read"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Side:
    """A resource before or after."""

    inputs: Mapping[str, Any]
    protect: bool
    retain: bool
    """`retainOnDelete`: a deletion forgets the object and leaves it where it is."""
    id: str = ""
    init_errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changed:
    """One path that the provider says has changed."""

    path: Path
    kind: str
    """add, delete or update."""
    replaces: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What the plan does to one resource."""

    urn: str
    type: str
    op: Op
    parent: str
    provider: str
    old: Side | None
    new: Side | None
    changed: tuple[Changed, ...] = ()
    reasons: tuple[Path, ...] = ()
    """Why it is replaced."""
    delete_first: bool = False
    """Of a replacement: the old one goes before the new one is there."""
    was: str = ""
    """Its URN until now, where an alias leads from that one to this; empty without one."""
    outputs: tuple[str, ...] = ()
    """Of the stack: names of its outputs that become something else, as far as that is known."""

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]

    @property
    def kind(self) -> str:
        """Last word of the type: `Deployment`, `RandomPassword`."""
        return self.type.rpartition(":")[2]

    @property
    def package(self) -> str:
        return self.type.partition(":")[0]

    @property
    def why(self) -> list[str]:
        """Paths that force a replacement, members of lists not told apart: `spec.volumes[].secret.name`."""
        words = [".".join("[]" if isinstance(step, int) else step for step in reason) for reason in self.reasons]
        return list(dict.fromkeys(sorted(word.replace(".[]", "[]") for word in words)))

    @property
    def touched(self) -> bool:
        return self.op not in (Op.SAME, Op.READ)

    @property
    def in_state(self) -> list[str]:
        """What changes in the state and in no object, whatever the operation is: the engine calls that unchanged."""
        found: list[str] = []
        if self.was:
            name = self.was.rpartition("::")[2]
            found.append("has another parent (alias)" if name == self.name else f"was called {name} (alias)")
        if self.old is not None and self.new is not None:
            for word, ours, theirs in (
                ("protect", self.old.protect, self.new.protect),
                ("retain_on_delete", self.old.retain, self.new.retain),
            ):
                if ours != theirs:
                    found.append(f"{'gains' if theirs else 'loses'} {word}")
            if self.outputs:
                found.append(f"gives other outputs: {', '.join(self.outputs)}")
        return found

    @property
    def loses(self) -> bool:
        """Whether the object that is there now will not be there afterwards."""
        return self.op in (Op.DELETE, Op.REPLACE)

    @property
    def before(self) -> Mapping[str, Any]:
        return self.old.inputs if self.old is not None else {}

    @property
    def after(self) -> Mapping[str, Any]:
        return self.new.inputs if self.new is not None else {}


def autonamed(change: Change) -> bool:
    """Whether the provider makes up the object's name, another one at each preview."""
    return at(change.after, "metadata", "annotations", "pulumi.com/autonamed") == "true"


@dataclass(frozen=True, slots=True)
class Message:
    """What the engine or the program says to a person."""

    severity: str
    urn: str
    text: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A policy pack's word."""

    policy: str
    urn: str
    text: str
    mandatory: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole preview."""

    project: str
    stack: str
    changes: Mapping[str, Change]
    """By URN, in the order in which the engine spoke of them."""
    messages: tuple[Message, ...]
    violations: tuple[Violation, ...]
    seconds: int
    maybe_corrupt: bool
    rehearsed: bool
    not_checked: tuple[str, ...]
    notes: tuple[str, ...]
    refused: tuple[str, ...] = ()
    """Protected resources that the plan deletes or replaces: the engine would refuse it as it is."""

    @property
    def touched(self) -> list[Change]:
        return [change for change in self.changes.values() if change.touched]

    @property
    def in_state(self) -> list[Change]:
        """What pulumi up writes into the state, though it calls some of it unchanged."""
        return [change for change in self.changes.values() if change.op is not Op.READ and change.in_state]


@dataclass(frozen=True, slots=True)
class Known:
    """What only a state says of a resource."""

    dependencies: tuple[str, ...]
    parent: str
    protect: bool
    retain: bool
    tainted: bool
    pending_replacement: bool
    init_errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """A stack export."""

    known: Mapping[str, Known] = field(default_factory=dict[str, Known])
    pending: tuple[str, ...] = ()
    """Interrupted operations, as `creating URN`."""
    fingerprint: str = ""
    """Of what was exported, so that an approval can be tied to it."""
    version: str = ""
    """Time of the last update, and the engine that wrote it."""
    secrets: frozenset[str] = frozenset()
    """Secret texts, if the export holds them in plaintext: for the last look at what leaves. Never shown."""
