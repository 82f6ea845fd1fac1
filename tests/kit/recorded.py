"""What a program asked the engine for, as plain data: the records, finding them, and their text for goldens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import yaml


class Secret:
    """A value that was marked secret. Never prints it; equal only to a secret of the same value."""

    def __init__(self, value: object) -> None:
        self._value = value

    def reveal(self) -> Any:
        """The value itself, for a test that must compare it."""
        return self._value

    def __repr__(self) -> str:
        return "<secret>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(repr(self._value))


def plain(value: Any) -> Any:
    """Inputs with their secrets revealed, as a provider is given them."""
    match value:
        case Secret():
            return plain(value.reveal())
        case dict():
            return {key: plain(each) for key, each in cast("dict[str, Any]", value).items()}
        case list():
            return [plain(each) for each in cast("list[Any]", value)]
        case _:
            return value


class Unknown:
    """A value that a preview cannot know."""

    def __repr__(self) -> str:
        return "<unknown>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unknown)

    def __hash__(self) -> int:
        return hash(Unknown)


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One registration, as the program sent it. Resources are named by URN wherever they are referred to."""

    urn: str
    type: str
    name: str
    parent: str | None
    """None for the children of the stack itself."""
    custom: bool
    """False for components."""
    inputs: Mapping[str, Any]
    """Wire names; whole numbers are int; secrets are Secret."""
    protect: bool = False
    retain_on_delete: bool = False
    dependencies: tuple[str, ...] = ()
    """Sorted; what inputs came from and what `depends_on` names alike."""
    provider: str | None = None
    """URN of the explicit provider; None for a default one."""
    aliases: tuple[str, ...] = ()
    """URNs, or `name=old, noParent=True` where the alias is given in parts."""
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    delete_before_replace: bool | None = None
    """None where the program leaves it to the provider."""
    replace_with: tuple[str, ...] = ()
    deleted_with: str | None = None
    custom_timeouts: Mapping[str, str] = field(default_factory=dict[str, str])
    """`create`, `update`, `delete`: durations."""
    additional_secret_outputs: tuple[str, ...] = ()
    outputs: Mapping[str, Any] | None = None
    """What `register_outputs` was given; None if it was never called."""

    @property
    def label(self) -> str:
        """The URN without what is the same for a whole stack."""
        return f"{self.type}::{self.name}"


OPTIONS = (
    "protect",
    "retain_on_delete",
    "dependencies",
    "provider",
    "aliases",
    "ignore_changes",
    "replace_on_changes",
    "delete_before_replace",
    "replace_with",
    "deleted_with",
    "custom_timeouts",
    "additional_secret_outputs",
)


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Everything that one run of a program registered."""

    resources: tuple[Resource, ...]
    """Sorted by type, name and URN: the order of registration is no promise."""
    exports: Mapping[str, Any]
    """Outputs of the stack."""

    def one(self, type_: str, name: str) -> Resource:
        """The resource of a type (token, or its last part) and logical name. Raises LookupError with what there is."""
        found = [resource for resource in self.of_type(type_) if resource.name == name]
        if len(found) != 1:
            there = ", ".join(resource.name for resource in self.of_type(type_))
            msg = f"{len(found)} resources are {type_} {name!r}; of that type there are: {there or 'none'}"
            raise LookupError(msg)
        return found[0]

    def of_type(self, type_: str) -> list[Resource]:
        """All resources of a type: `kubernetes:apps/v1:Deployment`, or `Deployment` for short."""
        return [resource for resource in self.resources if type_ in {resource.type, resource.type.split(":")[-1]}]

    def children_of(self, parent: str) -> list[Resource]:
        """Direct children of a resource, by its URN or logical name."""
        parents = {resource.urn for resource in self.resources if parent in {resource.urn, resource.name}}
        if not parents:
            msg = f"no resource has the URN or name {parent!r}"
            raise LookupError(msg)
        return [resource for resource in self.resources if resource.parent in parents]

    def as_yaml(self) -> str:
        """Text for a golden file: sorted, stable, without secrets, and without the names of project and stack."""
        labels = {resource.urn: resource.label for resource in self.resources}

        def short(value: Any) -> Any:
            return labels.get(value, value) if isinstance(value, str) else value

        return _dump(
            {
                "exports": _plain(self.exports),
                "resources": [_entry(resource, short) for resource in self.resources],
            }
        )


def _entry(resource: Resource, short: Callable[[Any], Any]) -> dict[str, Any]:
    """One resource in a golden; options only where the program set them."""
    entry: dict[str, Any] = {"type": resource.type, "name": resource.name}
    if resource.parent is not None:
        entry["parent"] = short(resource.parent)
    for option in OPTIONS:
        value = getattr(resource, option)
        if value is None or value is False or value in ((), {}):
            continue
        entry[option] = sorted(map(short, value)) if isinstance(value, tuple) else short(_plain(value))
    entry["inputs"] = _plain(resource.inputs)
    return entry


def _plain(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _plain(value[key]) for key in sorted(value)}
        case list() | tuple():
            return [_plain(item) for item in value]
        case Secret() | Unknown():
            return repr(value)
        case _:
            return value


class _Dumper(yaml.SafeDumper):
    """Lines of configuration files as lines, so that a diff shows the one that changed."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def _dump(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1 << 20)
