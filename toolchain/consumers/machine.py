"""What this machine is, and the programs that only its package manager can give.

Owns the list of packages, and installing them, which nothing but `setup` does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal

from toolchain.progress import UnavailableError, run, say

Kind = Literal["root", "confined", "user", "other"]
"""`root`: may do everything. `confined`: root without namespaces of its own. `user`: not root. `other`: not Linux."""

PROGRAMS = {
    "containerd": "containerd",
    "curl": "curl",
    "dockerd": "docker.io",
    "ip": "iproute2",
    "iptables": "iptables",
    "mmdebstrap": "mmdebstrap",
    "node": "nodejs",
    "npm": "npm",
    "runc": "runc",
}
"""Programs, and the Debian package of each. One that is there already is taken, wherever it came from."""

BROWSERS = ("chromium", "google-chrome")
"""Either one will do; Debian has the first. Ubuntu has neither as a package: there a person installs one."""

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
"""What mmdebstrap checks Debian's signatures with; other distributions have it as a package."""

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Servers lie in folders that are not on everybody's PATH."""


def kind() -> Kind:
    """Decides what may be skipped: see tests/consumers/expected_skips.txt."""
    if sys.platform != "linux":
        return "other"
    if os.geteuid() != 0:
        return "user"
    return "root" if _namespaces() else "confined"


def _namespaces() -> bool:
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def program(name: str) -> Path | None:
    """Where a program lies."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}")
    return None if found is None else Path(found)


def missing_packages() -> list[str]:
    missing = {package for name, package in PROGRAMS.items() if program(name) is None}
    if not KEYRING.exists():
        missing.add("debian-archive-keyring")
    return sorted(missing)


def missing_browser() -> list[str]:
    """The package of a browser, if there is none. By itself: where it can't be had, the rest can."""
    return [] if any(program(name) for name in BROWSERS) else [BROWSERS[0]]


def install_command(packages: list[str]) -> str:
    """What a person may type."""
    return f"To have them: sudo apt-get install --no-install-recommends {' '.join(packages)}"


def install(packages: list[str]) -> None:
    """Installs Debian packages, as root. Raises UnavailableError if it can't."""
    apt = shutil.which("apt-get")
    if apt is None:
        msg = f"this machine has no apt-get; install by other means what Debian has in: {' '.join(packages)}"
        raise UnavailableError(msg)
    say(f"installing Debian packages: {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    here = Path("/")
    try:
        run([apt, "update", "--quiet"], "apt-get update", cwd=here, env=environment)
    except UnavailableError as error:
        say(f"{error}\ngoing on: a source that these packages do not come from may be away")
    run(
        [apt, "install", "--quiet", "--yes", "--no-install-recommends", *packages],
        "apt-get install",
        cwd=here,
        env=environment,
    )
