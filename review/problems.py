"""Why there is no verdict."""

from __future__ import annotations


class CannotJudgeError(Exception):
    """The input is damaged, foreign or incomplete: exit 30, never a verdict."""


class RedactionError(Exception):
    """Something that must not leave was about to: exit 31, and nothing is written. It never names the value."""
