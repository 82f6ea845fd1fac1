"""Times as people write them."""

from __future__ import annotations

import re

_DAYS = {"d": 1.0, "w": 7.0, "m": 30.0, "h": 1 / 24, "y": 365.0}


def days(value: str) -> float | None:
    """`30d`, `4w`, `2m` (months, as Barman reads it); None for anything else."""
    match = re.fullmatch(r"\s*([0-9]+)\s*([dwmhy])\s*", value)
    return float(match[1]) * _DAYS[match[2]] if match is not None else None
