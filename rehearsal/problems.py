"""What a person can put right: printed as it is, without a stack trace, and the command ends with 2."""

from __future__ import annotations


class RehearsalError(Exception):
    """The text names the file, what is wrong, and the remedy."""
