"""That both programs register the same: without it, their costs would say nothing. `python -m benchmarks.equality`"""

from __future__ import annotations

import sys
from typing import Any

from benchmarks import stack
from benchmarks.run import is_object, recorded
from tests.kit.recorded import OPTIONS, Recording, Resource


def differences(pairs: int) -> list[str]:
    """What one program registers and the other one does not, or not alike. Parents differ on purpose."""
    ours, plain = (_objects(recorded(program, pairs)) for program in ("ours", "plain"))
    found = [f"{label}: only in one of the programs" for label in sorted(ours.keys() ^ plain.keys())]
    for label in sorted(ours.keys() & plain.keys()):
        unlike = [key for key, value in ours[label].items() if value != plain[label][key]]
        found += [f"{label}: not alike: {', '.join(unlike)}"] if unlike else []
    return found


def _objects(recording: Recording) -> dict[str, dict[str, Any]]:
    labels = {resource.urn: resource.label for resource in recording.resources}
    alike = {resource.label: _facts(resource, labels) for resource in recording.resources if _compared(resource)}
    return {**alike, "exports": dict(recording.exports)}


def _compared(resource: Resource) -> bool:
    return is_object(resource.type) or resource.type.startswith("pulumi:providers:")


def _facts(resource: Resource, labels: dict[str, str]) -> dict[str, Any]:
    options = {name: getattr(resource, name) for name in OPTIONS}
    options["dependencies"] = sorted(labels[urn] for urn in resource.dependencies)
    options["provider"] = None if resource.provider is None else labels[resource.provider]
    return {"inputs": resource.inputs, **options}


if __name__ == "__main__":
    sys.exit("\n".join(differences(min(stack.PAIRS.values()))) or 0)
