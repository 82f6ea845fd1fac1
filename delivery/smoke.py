"""Whether a stack answers from outside.

Owns: what counts as an answer: any status below 500, with a certificate that a client believes. A page that asks for a login answers;
a proxy without its app does not.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterable

PAUSE = 3.0
"""Seconds between two rounds."""
TIMEOUT = 10.0
"""Seconds of one request."""


def silent(addresses: Iterable[str], patience: float) -> list[str]:
    """Those that have not answered once within `patience` seconds."""
    left, end = list(addresses), time.monotonic() + patience
    while True:
        left = [address for address in left if not _answers(address)]
        if not left or time.monotonic() + PAUSE > end:
            return left
        time.sleep(PAUSE)


def _answers(address: str) -> bool:
    if not address.startswith(("https://", "http://")):
        return False
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT):  # noqa: S310  # https and http alone, by the line above
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except (OSError, ValueError):
        return False
