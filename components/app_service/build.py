"""What a local image is built from: a digest of a build context, so that `up` rebuilds when a file changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pulumi

NEVER_SENT = {".git", "node_modules", "__pycache__", ".venv"}
"""Folders that a build does not read and that change all the time."""


def context_digest(context: Path) -> str:
    """SHA-256 over names and contents. Raises pulumi.RunError if the folder is not there."""
    if not context.is_dir():
        msg = f"docker.build.context: {context} is no folder, seen from {Path.cwd().name}/; create it, or name the folder that holds the Dockerfile"
        raise pulumi.RunError(msg)
    digest = hashlib.sha256()
    for path in sorted(context.rglob("*")):
        relative = path.relative_to(context)
        if path.is_file() and not NEVER_SENT & set(relative.parts):
            digest.update(f"{relative}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
