"""Which outputs the stand-ins have no source for, by type: the program is not allowed to read those.

Owns: the list that the program's interpreter gets. The sources themselves stand beside the code that makes the values:
`docker.SOURCES`, `randoms.SOURCES`, `kubernetes_objects`.
"""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.providers import docker, kubernetes_objects, randoms
from rehearsal.providers.sdk import Package


def silent(packages: Mapping[str, Package]) -> dict[str, list[str]]:
    """Type token -> names of outputs that fail when read, unless the program has given an input of that name."""
    found: dict[str, list[str]] = {}
    for name, package in packages.items():
        if name == "kubernetes":
            found["kubernetes:*"] = ["status"]
            found |= {f"kubernetes:{kind}": [] for kind in kubernetes_objects.STATUS_KINDS}
            continue
        for token in package.classes:
            kind = token.rpartition(":")[2]
            known = (
                {"name", *docker.SOURCES.get(kind, {})}
                if name == "docker"
                else set(randoms.outputs(kind))
                if name == "random"
                else set[str]()
            )
            found[token] = sorted(
                o.name for o in package.outputs(token) if o.computed and not o.required and o.wire not in known
            )
    return found
