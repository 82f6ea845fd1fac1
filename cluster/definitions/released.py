"""The definitions themselves: `released/`, written by `make definitions` from the operators' tagged Go modules.

Owns: reading those files. They hold no descriptions, which `kubectl explain` alone would show: with them, the state of
this project would be ten megabytes.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "released"


def read(release: str) -> list[Mapping[str, Any]]:
    """The objects of a release, in the order of their names."""
    return json.loads(gzip.decompress((FOLDER / f"{release}.json.gz").read_bytes()))
