"""What `pulumi config set --secret` would write, made of nothing secret: the right shape, and no key opens it."""

from __future__ import annotations

import base64
import hashlib


def ciphertext(word: str) -> str:
    """Another one for each word."""
    noise = hashlib.sha256(word.encode()).digest()
    return f"v1:{base64.b64encode(noise[:12]).decode()}:{base64.b64encode(noise[12:]).decode()}"
