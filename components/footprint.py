"""What a component can ask of its namespace at its peak: the currency of the quota proof."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

_UNITS = ((2**40, "Ti"), (2**30, "Gi"), (2**20, "Mi"), (2**10, "Ki"))


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """Sums of requests."""

    cpu: int = 0
    """Thousandths of a core."""
    memory: int = 0
    """Bytes."""
    pods: int = 0
    storage: int = 0
    """Bytes in volume claims."""
    volume_claims: int = 0

    def __add__(self, other: Footprint) -> Self:
        return type(self)(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    def __str__(self) -> str:
        return (
            f"cpu {cores(self.cpu)}, memory {size(self.memory)}, pods {self.pods}, "
            f"storage {size(self.storage)}, volume claims {self.volume_claims}"
        )


def cores(millis: int) -> str:
    """2500 -> `2500m`, 2000 -> `2`: how Kubernetes writes processor time."""
    return f"{millis}m" if millis % 1000 else str(millis // 1000)


def size(count: int) -> str:
    """Bytes in the largest unit that keeps them whole."""
    for factor, unit in _UNITS:
        if count and count % factor == 0:
            return f"{count // factor}{unit}"
    return str(count)
