"""How our programs take their arguments: the command first, its options behind it, in all of them alike."""

from __future__ import annotations

import argparse
from collections.abc import Sequence


def parsed(parser: argparse.ArgumentParser, arguments: Sequence[str], example: str) -> argparse.Namespace:
    """As `parse_args`; an option before the command ends with an example instead of a word about the option's value."""
    if arguments and arguments[0].startswith("-") and arguments[0] not in ("-h", "--help"):
        parser.error(f"options stand behind the command: {parser.prog} {example}")
    return parser.parse_args(arguments)
