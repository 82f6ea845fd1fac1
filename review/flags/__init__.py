"""Flags F1 to F14: deterministic rules over one change. What each fires on stands in its function; the table is here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from review.flags import availability, guards, losses, mass, posture
from review.flags.finding import Case, Finding, Grade, Limits

Flag = Callable[[Case], Iterator[Finding]]

FLAGS: Mapping[str, tuple[str, Flag]] = {
    "F1": ("data loss", losses.data_loss),
    "F2": ("cascade", losses.cascade),
    "F3": ("rename", losses.rename),
    "F4": ("delete-first", losses.delete_first),
    "F5": ("downtime", availability.downtime),
    "F6": ("capacity drop", availability.capacity_drop),
    "F7": ("security down", posture.security_down),
    "F8": ("cost", mass.cost),
    "F9": ("guard removed", guards.guard_removed),
    "F10": ("backup", guards.backup),
    "F11": ("unknown", mass.unknown),
    "F12": ("drift", mass.drift),
    "F13": ("mass", mass.mass),
    "F14": ("pending", guards.pending),
}


def findings(case: Case) -> list[Finding]:
    """Blocking ones first, then by flag, the heaviest first, then in the engine's order."""
    found = [finding for _, flag in FLAGS.values() for finding in flag(case)]
    return sorted(found, key=lambda f: (f.grade is not Grade.BLOCK, int(f.flag[1:]), -f.weight))


__all__ = ["FLAGS", "Case", "Finding", "Flag", "Grade", "Limits", "findings"]
