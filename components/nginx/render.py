"""Fills in the templates beside this file.

Owns: the syntax of placeholders (`@@name`) and the few parts that two configurations share. Directives and their
reasons stand in the templates. https://nginx.org/en/docs/dirindex.html
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"

_PLACE = re.compile(r"@@([a-z_]+)")
_LINE = re.compile(r"^([ \t]*)@@([a-z_]+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where nginx runs: what differs between a container and a test on loopback, and nothing else."""

    resolver: str
    """Name server that is asked for backends, again and again; empty where their addresses never change."""
    scratch: str = "/tmp"  # noqa: S108  # a folder inside the container
    """The one writable folder."""
    log: str = "/dev/stdout"
    """Where the access log goes."""
    http: str = "8080"
    https: str = "8443"
    inside: str = "8081"
    """Port for health checks; never published."""
    mime_types: str = "/etc/nginx/mime.types"
    tls: str = "/run/tls"
    """Folder of certificates and keys that the stack makes."""
    given_tls: str = "/run/secrets"
    """Folder of what `secrets` holds: given certificates, keys of clients."""
    site: str = "/srv/current"
    """Folder of a site's files."""
    previous: str = "/srv/previous"
    """Folder of the previous release's files."""
    config: str = "/run/config"
    """Folder of the configuration."""


@functools.cache
def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def fill(name: str, values: Mapping[str, str | int]) -> str:
    """A template with every placeholder replaced. A placeholder that fills its line takes several lines, or none.

    Raises KeyError for a placeholder without a value, ValueError for a value that nothing asks for.
    """
    template = _template(name)
    wanted = set(_PLACE.findall(template))
    if unasked := values.keys() - wanted:
        msg = f"{name} asks for none of: {', '.join(sorted(unasked))}"
        raise ValueError(msg)

    def whole_line(match: re.Match[str]) -> str:
        lines = str(values[match[2]]).splitlines()
        return "\n".join(f"{match[1]}{line}" if line else "" for line in lines) or _GONE

    text = _LINE.sub(whole_line, template)
    text = _PLACE.sub(lambda match: str(values[match[1]]), text)
    return text.replace(f"{_GONE}\n", "")


_GONE = "\0"


def block(lines: Iterable[str]) -> str:
    """Lines for a placeholder that fills its line."""
    return "\n".join(lines)


def add_headers(headers: Mapping[str, str]) -> str:
    """`add_header` for every header, on every status: an error page needs its policy too."""
    return block(f'add_header {name} "{value}" always;' for name, value in sorted(headers.items()))
