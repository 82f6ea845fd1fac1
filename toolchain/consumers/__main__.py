"""`python3 -m toolchain.consumers setup` gets every part; `check` says, at once, whether anything is missing.

`kind` prints what this machine is, which decides what the tests may skip.
"""

from __future__ import annotations

import argparse
import sys
import time

from toolchain.consumers import machine
from toolchain.consumers.control_plane import ETCD, KUBERNETES, KWOK
from toolchain.consumers.crds import CRDS
from toolchain.consumers.egctl import EGCTL
from toolchain.consumers.envoy import ENVOY
from toolchain.consumers.helm import HELM
from toolchain.consumers.logql import LOGQL
from toolchain.consumers.lua import LUA
from toolchain.consumers.managers import MANAGERS
from toolchain.consumers.parts import Part
from toolchain.consumers.pgbouncer_exporter import PGBOUNCER_EXPORTER
from toolchain.consumers.rights import RIGHTS
from toolchain.consumers.servers import SERVERS, TOOLBOX
from toolchain.consumers.workflow_readers import ACTIONLINT, ZIZMOR
from toolchain.progress import UnavailableError, say

CONTROL_PLANE = (ETCD, CRDS, RIGHTS, LUA, EGCTL, HELM, KWOK, KUBERNETES, *MANAGERS, ACTIONLINT, ZIZMOR)
"""Needs Go and Python's packages and nothing else, so every machine can have it."""


def wanted(kind: machine.Kind) -> tuple[Part, ...]:
    """What tests can use on a machine of this kind: containers, `chroot` and packages of the system's need root."""
    return (
        (SERVERS, TOOLBOX, PGBOUNCER_EXPORTER, ENVOY, LOGQL, *CONTROL_PLANE)
        if kind in {"root", "confined"}
        else CONTROL_PLANE
    )


def setup() -> int:
    """Gets all it can; what fails is told at the end and does not keep the rest away."""
    kind = machine.kind()
    failures: list[str] = []
    missing = [] if kind == "other" else [machine.missing_packages(), machine.missing_browser()]
    if kind == "user" and any(missing):
        say(
            "containers and servers need root, and pages a browser; without them their tests are skipped. "
            + machine.install_command([package for packages in missing for package in packages])
        )
        missing = []
    for packages in filter(None, missing):
        try:
            machine.install(packages)
        except UnavailableError as error:
            failures.append(str(error))
    for part in wanted(kind):
        started, was_there = time.monotonic(), part.is_there
        try:
            part.get()
        except UnavailableError as error:
            failures.append(f"{part.title}: {error}")
        else:
            say(f"{part.title}: {'there' if was_there else f'ready after {time.monotonic() - started:.0f} s'}")
    for failure in failures:
        say(failure)
    return 1 if failures else 0


def check() -> int:
    kind = machine.kind()
    missing = [part.title for part in wanted(kind) if not part.is_there]
    if kind in {"root", "confined"}:
        packages = [*machine.missing_packages(), *machine.missing_browser()]
        missing += [f"package {package}" for package in packages]
    if not missing:
        return 0
    say(f"floor 3 lacks {', '.join(missing)}: run `make consumers-setup` first")
    return 1


def tell_kind() -> int:
    sys.stdout.write(f"{machine.kind()}\n")
    return 0


COMMANDS = {"setup": setup, "check": check, "kind": tell_kind}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m toolchain.consumers", description=__doc__)
    parser.add_argument("command", choices=sorted(COMMANDS))
    return COMMANDS[parser.parse_args().command]()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
