"""What the installed SDK packages declare: which outputs a resource class has, and which of them only the provider can know.

Owns: reading the generated sources as text. They are not imported: `pulumi_kubernetes.core.v1` alone costs 0.6 s, and the
packages of a base commit belong to another interpreter. The generator writes every class in the same shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import distributions
from pathlib import Path

_MODULES = re.compile(r'resource_modules="""\n(.*?)\n"""', re.DOTALL)
_OUTPUT = re.compile(
    r"@pulumi\.getter(?:\(name=\"(?P<wire>\w+)\"\))?\n"
    r"(?:    @_utilities\.deprecated\(\"{3}.*?\"{3}\)\n)?"
    r"    def (?P<name>\w+)\(self\) -> pulumi\.Output\[(?P<type>[^\n]*)\]:",
    re.DOTALL,
)
_REQUIRED = re.compile(r"Missing required property '(\w+)'")
_NEVER_GIVEN = re.compile(r'__props__\.__dict__\["(\w+)"\] = None$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Output:
    """One declared output of a resource class."""

    name: str
    """As the program writes it."""
    wire: str
    only_output: bool
    """No input of this name exists: only the provider can know it."""
    optional: bool
    """The provider may leave it out."""
    required: bool
    """The program must give an input of this name."""

    @property
    def computed(self) -> bool:
        """Whether the provider fills it in when the program gives no input of that name."""
        return self.only_output or not self.optional


class Package:
    """One installed SDK package, such as `pulumi_docker`."""

    def __init__(self, folder: Path, name: str, version: str) -> None:
        self.folder = folder
        self.name = name
        self.version = version
        self._outputs: dict[str, tuple[Output, ...]] = {}

    @cached_property
    def classes(self) -> dict[str, tuple[Path, str]]:
        """Type token -> folder of the module and name of the class."""
        found = _MODULES.search((self.folder / "__init__.py").read_text(encoding="utf-8"))
        if found is None:
            return {}
        return {
            token: (self.folder.parent.joinpath(*module["fqn"].split(".")), name)
            for module in json.loads(found[1])
            for token, name in module["classes"].items()
        }

    def outputs(self, token: str) -> tuple[Output, ...]:
        """The outputs that the class of `token` declares; nothing for a token that the package doesn't have."""
        if token not in self._outputs:
            self._outputs[token] = tuple(self._read(token)) if token in self.classes else ()
        return self._outputs[token]

    def _read(self, token: str) -> Iterator[Output]:
        folder, name = self.classes[token]
        source = _source(folder, name, token)
        body = source[source.index(f'@pulumi.type_token("{token}")') :]
        init = body.rindex("def _internal_init(")
        end = body.find("@staticmethod", init)
        text = body[init : end if end > 0 else len(body)]
        never_given, required = set(_NEVER_GIVEN.findall(text)), set(_REQUIRED.findall(text))
        for match in _OUTPUT.finditer(body):
            yield Output(
                name=match["name"],
                wire=match["wire"] or match["name"],
                only_output=match["name"] in never_given,
                optional=match["type"].startswith("Optional["),
                required=match["name"] in required,
            )


def _source(folder: Path, name: str, token: str) -> str:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    for file in (folder / f"{name}.py", folder / f"{snake}.py", *sorted(folder.glob("*.py"))):
        if file.is_file() and f'@pulumi.type_token("{token}")' in (text := file.read_text(encoding="utf-8")):
            return text
    msg = f"{folder}: no module declares {token}; the SDK package is incomplete, reinstall it"
    raise LookupError(msg)


def installed(site_packages: Path) -> dict[str, Package]:
    """The provider SDKs in `site_packages`, by the engine's name of the package."""
    found: dict[str, Package] = {}
    for distribution in distributions(path=[str(site_packages)]):
        folder = site_packages / distribution.name.lower().replace("-", "_")
        plugin = folder / "pulumi-plugin.json"
        if plugin.is_file():
            facts = json.loads(plugin.read_text(encoding="utf-8"))
            if facts.get("resource"):
                name = str(facts["name"])
                found[name] = Package(folder, name, str(facts.get("version") or distribution.version))
    return found
