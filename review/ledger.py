"""Who brought out, or took away, what and why: one line of JSON per attempt.

Owns: that a line is on disk before anything is done. Keeping the file where nobody can rewrite it is the platform's business.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def append(file: Path, entry: Mapping[str, Any]) -> None:
    """One line, after those that are there."""
    with file.open("a", encoding="utf-8") as opened:
        opened.write(f"{json.dumps({'time': datetime.now(tz=UTC).isoformat(timespec='seconds'), **entry})}\n")
        opened.flush()
        os.fsync(opened.fileno())
