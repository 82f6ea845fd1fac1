"""The script that makes local certificates: no provider that runs on a person's machine does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.nginx.render import block, fill

AUTHORITY_FOLDER = "/authority"
"""The authority's key never leaves it."""
ISSUED_FOLDER = "/tls"


def script(
    title: str,
    certificates: Mapping[str, Sequence[str]],
    user: int,
    *,
    authority: str = AUTHORITY_FOLDER,
    issued: str = ISSUED_FOLDER,
    scratch: str = "/tmp",  # noqa: S108  # a folder inside the container
) -> str:
    """Shell that makes an authority once, and each certificate (hosts by name) anew, for one user to read."""
    lines = [
        f"issue {name} {','.join(f'DNS:{host}' for host in hosts)}" for name, hosts in sorted(certificates.items())
    ]
    return fill(
        "local_certificates.sh",
        {
            "authority": title,
            "authority_folder": authority,
            "tls": issued,
            "scratch": scratch,
            "certificates": block(lines),
            "user": user,
        },
    )
