"""Kubernetes quantities as numbers. Owns: the suffixes, and that what cannot be read is None and never zero."""

from __future__ import annotations

import re
from typing import Any

_DECIMAL = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_BINARY = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50}
_SUFFIXES = {**_DECIMAL, **_BINARY}
_QUANTITY = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,3}))?([A-Za-z]{0,2})\s*")

GIB = 2.0**30


def quantity(value: Any) -> float | None:
    """In cores or bytes."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[3] not in _SUFFIXES:
        return None
    return float(match[1]) * 10.0 ** int(match[2] or 0) * _SUFFIXES[match[3]]


def cores(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") or "0"


def gibibytes(value: float) -> str:
    found = value / GIB
    return f"{found:.2f}".rstrip("0").rstrip(".") + " GiB"
