"""What a person sees while a rehearsal goes on: on standard error, as standard output is for the result."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    sys.stderr.write(f"rehearsal: {text}\n")
    sys.stderr.flush()
