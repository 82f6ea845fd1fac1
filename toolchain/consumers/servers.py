"""One Debian root folder that holds the servers Slipway deploys: run by `chroot`, or imported as a container image.

PostgreSQL, Valkey and Redis (either with Sentinel), nginx, PgBouncer, HAProxy, Prometheus, Alertmanager, their exporters;
BusyBox and Python for what surrounds them.
The suite moves: what was got is recorded, and the majors are checked.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from toolchain import golang
from toolchain.consumers.parts import Part, pins
from toolchain.progress import UnavailableError, run, say

SUITE = "forky"
"""The oldest suite with the majors below."""

PACKAGES = {
    "busybox-static": 1,
    "haproxy": 3,
    "mtail": 3,
    "nginx": 1,
    "pgbouncer": 1,
    "postgresql-18": 18,
    "prometheus": 3,
    "prometheus-alertmanager": 0,
    "prometheus-blackbox-exporter": 0,
    "prometheus-nginx-exporter": 1,
    "prometheus-node-exporter": 1,
    "prometheus-postgres-exporter": 0,
    "prometheus-redis-exporter": 1,
    "python3": 3,
    "redis-server": 8,
    "redis-tools": 8,
    "valkey-sentinel": 9,
    "valkey-server": 9,
    "valkey-tools": 9,
}
"""Packages, and the major version that tests count on."""

VERSIONS_FILE = "versions.txt"
ROOT = "root"

UNREAD = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*", "/usr/share/lintian/*")


def _make(folder: Path) -> None:
    if os.geteuid() != 0:
        msg = "the servers' root folder needs root: `sudo make consumers-setup`"
        raise UnavailableError(msg)
    mmdebstrap = shutil.which("mmdebstrap")
    if mmdebstrap is None:
        msg = "mmdebstrap is not installed"
        raise UnavailableError(msg)
    root = folder / ROOT
    run(
        [
            mmdebstrap,
            "--mode=root",
            "--variant=minbase",
            "--format=directory",
            # A copied mirror may be older than its own promise; signatures are checked all the same.
            '--aptopt=Acquire::Check-Valid-Until "false"',
            *(f"--dpkgopt=path-exclude={path}" for path in UNREAD),
            f"--include={','.join(sorted(PACKAGES))}",
            SUITE,
            root,
            *_mirror(),
        ],
        "making the servers' root folder",
        cwd=folder,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )
    shutil.rmtree(root / "var/cache/apt", ignore_errors=True)
    shutil.rmtree(root / "var/lib/apt/lists", ignore_errors=True)
    _record(folder)


def _mirror() -> list[str]:
    """The mirror that this machine's apt uses for Debian, if it does: the closest, and often the only one in reach."""
    command = ["apt-get", "indextargets", "--format", "$(SITE)|$(ORIGIN)", "Created-By: Packages"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    sites = [line.partition("|")[0] for line in listed.stdout.splitlines() if line.endswith("|Debian")]
    return sites[:1]


def _record(folder: Path) -> None:
    command = [
        "dpkg-query",
        f"--admindir={folder / ROOT / 'var/lib/dpkg'}",
        "--show",
        "--showformat=${Package} ${Version}\\n",
    ]
    listed = subprocess.run([*command, *sorted(PACKAGES)], capture_output=True, text=True, check=True)
    (folder / VERSIONS_FILE).write_text(listed.stdout, encoding="utf-8")
    got = dict(line.split() for line in listed.stdout.splitlines())
    for package, major in PACKAGES.items():
        found = re.match(r"(?:\d+:)?(\d+)", got[package])
        if found is None or int(found[1]) != major:
            msg = f"suite {SUITE} now has {package} {got[package]}; tests count on major {major}: raise it in {Path(__file__).name}"
            raise UnavailableError(msg)
    say("servers: " + ", ".join(f"{name} {version}" for name, version in sorted(got.items())))


SERVERS = Part(
    title="the servers' root folder",
    folder_name=f"servers-{SUITE}-{pins(SUITE, *(f'{package} {major}' for package, major in PACKAGES.items()), *UNREAD)}",
    cost="installing Debian packages into it (about two minutes)",
    make=_make,
)

TOOLBOX_MODULE = Path(__file__).parent.parent / "toolbox"


def _toolbox(folder: Path) -> None:
    golang.build(TOOLBOX_MODULE, ".", folder / "toolbox")


TOOLBOX = Part(
    title="the toolbox",
    folder_name=f"toolbox-{pins(files=[TOOLBOX_MODULE / name for name in ('go.mod', 'main.go')])}",
    cost="building it (seconds)",
    make=_toolbox,
)
"""Completes Debian's BusyBox to what the official image has."""
