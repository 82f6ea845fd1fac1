"""`python -m recovery backup` and `python -m recovery restore NAME [--to MOMENT]`, for a stack on Docker."""

from __future__ import annotations

import argparse
import datetime
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from recovery.server import RecoveryError, Server
from stack_file import qualified
from toolchain.arguments import parsed


def main() -> int:
    """Exit code: 0 done, 1 refused or failed."""
    which = argparse.ArgumentParser(add_help=False)
    which.add_argument("--stack", default="dev", help="name of the stack: Pulumi.<stack>.yaml (default: dev)")
    which.add_argument(
        "--project", type=Path, default=Path(), metavar="DIR", help="folder of Pulumi.yaml (default: here)"
    )
    parser = argparse.ArgumentParser(prog="python -m recovery", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="backup|restore")
    backup = commands.add_parser("backup", parents=[which], help="make a base backup of each server, or of one")
    backup.add_argument("--server", metavar="NAME", help="this one alone")
    restore = commands.add_parser(
        "restore", parents=[which], help="bring a server back to a backup, or to a moment after it"
    )
    restore.add_argument("name", help="a backup, or a server for its newest one")
    restore.add_argument("--to", type=_moment, help="the last moment to bring back, with its zone")
    given = parsed(parser, sys.argv[1:], "backup --stack dev")
    try:
        servers = _servers(given.project, given.stack)
        if given.command == "backup":
            _back_up(servers, given.server)
        else:
            _restore(servers, given.name, given.to)
    except RecoveryError as error:
        sys.stderr.write(f"recovery: {error}\n")
        return 1
    return 0


def _back_up(servers: dict[str, Server], only: str | None) -> None:
    for server in servers.values() if only is None else [_one(servers, only)]:
        begun = time.monotonic()
        name, size = server.back_up(datetime.datetime.now(datetime.UTC))
        sys.stdout.write(f"{name}: {size / 1024:.1f} MiB in {time.monotonic() - begun:.1f} s\n")


def _restore(servers: dict[str, Server], name: str, to: datetime.datetime | None) -> None:
    if to is not None and to > datetime.datetime.now(datetime.UTC):
        msg = "that moment lies in the future; leave it out for everything that was archived"
        raise RecoveryError(msg)
    owner, dash, _ = name.rpartition("-")
    server = _one(servers, owner if dash and name not in servers else name)
    backup = server.choose(name, to)
    begun = time.monotonic()
    server.restore(backup, to)
    until = "everything that was archived" if to is None else to.isoformat(sep=" ")
    sys.stdout.write(
        f"{server.name} is back, from {backup} up to {until}, in {time.monotonic() - begun:.1f} s; what it was before lies "
        f"in the archive's before-restore until the next restore\n"
    )


def _one(servers: dict[str, Server], name: str) -> Server:
    if name not in servers:
        msg = f"{name} is no server of this stack; there are: {', '.join(sorted(servers)) or 'none'}"
        raise RecoveryError(msg)
    return servers[name]


def _servers(project: Path, stack: str) -> dict[str, Server]:
    """Servers by name, as the stack file has them."""
    name = _yaml(project / "Pulumi.yaml")["name"]
    file = project / f"Pulumi.{stack}.yaml"
    try:
        config = qualified(_yaml(file)["config"], name)
        environment = config[f"{name}:environment"]
        target = environment["target"]
    except (KeyError, TypeError, AttributeError):
        msg = f"{file} does not say where the stack runs: {name}:environment.target is missing"
        raise RecoveryError(msg) from None
    if target["kind"] != "docker":
        msg = f"{stack} is not on Docker; there the operator does this: docs/guides/restore-a-server.md"
        raise RecoveryError(msg)
    prefix = environment.get("name", f"{name}-{stack}")
    found = config.get(f"{name}:postgres_clusters", {})
    return {each: Server(name=each, container=f"{prefix}-{each}", host=target.get("host")) for each in sorted(found)}


def _yaml(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        msg = f"{file} is not there"
        raise RecoveryError(msg) from None
    except yaml.YAMLError as error:
        msg = f"{file} is not valid YAML: {error}"
        raise RecoveryError(msg) from None


def _moment(text: str) -> datetime.datetime:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        msg = "must be a moment with its zone: 2026-11-25 01:29:59+00:00"
        raise argparse.ArgumentTypeError(msg)
    return moment


if __name__ == "__main__":
    sys.exit(main())
