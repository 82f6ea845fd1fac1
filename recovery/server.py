"""One PostgreSQL server of a Docker stack, by the docker command."""

from __future__ import annotations

import datetime
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass

from recovery import scripts

READY_SECONDS = 600
"""For a restored server to replay its log."""

STOP_SECONDS = "60"

TIMESTAMP = "%Y%m%dT%H%M%SZ"
"""Behind the server's name: backups sort by it, and it is UTC."""


class RecoveryError(Exception):
    """Says what went wrong and what a person can do."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server's name in the stack file, and the container that runs it."""

    name: str
    container: str
    host: str | None = None
    """Address of the daemon; None for the docker command's own."""

    def back_up(self, now: datetime.datetime) -> tuple[str, int]:
        """A base backup's name, and its size in KiB."""
        self._needs_archive()
        name = f"{self.name}-{now.astimezone(datetime.UTC).strftime(TIMESTAMP)}"
        self._inside(scripts.BACK_UP, NAME=name)
        return name, int(self._inside(scripts.CLEAN_UP, NAME=name, SERVER=self.name).split()[-1])

    def backups(self) -> list[str]:
        """Names, oldest first; read with the server's volumes, so that they show while it is down."""
        return self._beside(scripts.LIST, SERVER=self.name).split()

    def choose(self, name: str, to: datetime.datetime | None) -> str:
        """The backup that is meant: by its own name, or the newest that ended before `to`."""
        there = self.backups()
        if not there:
            msg = f"{self.name} has no backup; `make backup` makes one"
            raise RecoveryError(msg)
        if name in there:
            return name
        usable = [each for each in there if to is None or _taken(each) < to]
        if name != self.name or not usable:
            msg = f"{name} is no backup{'' if name != self.name else ' from before that moment'}; there are: {', '.join(there)}"
            raise RecoveryError(msg)
        return usable[-1]

    def restore(self, backup: str, to: datetime.datetime | None) -> None:
        """Stops the server, puts the backup in place, replays the log up to `to`, and waits until it writes again."""
        self._needs_archive()
        if self._state() == "running":
            self._docker("exec", self.container, "sh", "-euc", scripts.FLUSH, check=False)
        self._docker("stop", "--time", STOP_SECONDS, self.container)
        self._beside(scripts.RESTORE, NAME=backup, TO="" if to is None else to.isoformat(sep=" "))
        begun = datetime.datetime.now(datetime.UTC).isoformat()
        self._docker("start", self.container)
        self._wait(begun)

    def _wait(self, begun: str) -> None:
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            asked = self._docker("exec", self.container, "sh", "-euc", scripts.RECOVERED, check=False)
            if asked.returncode == 0 and asked.stdout.strip() == "f":
                return
            if "recovery ended before configured recovery target" in self._log(begun):
                msg = (
                    f"the archive ends before that moment: nothing was written after it; restore without TO, or to an "
                    f"earlier one. The data as it was: {scripts.ARCHIVE}/before-restore in {self.container}"
                )
                raise RecoveryError(msg)
            time.sleep(0.5)
        msg = f"{self.container} does not answer after {READY_SECONDS} s: read `docker logs {self.container}`"
        raise RecoveryError(msg)

    def _log(self, since: str) -> str:
        told = self._docker("logs", "--since", since, self.container, check=False)
        return told.stdout + told.stderr

    def _needs_archive(self) -> None:
        command = self._docker("inspect", "--format", "{{.Config.Cmd}}", self.container).stdout
        if "archive_mode=on" not in command:
            msg = f"{self.name} archives nothing: say `docker: {{archive: true}}` in the stack file, then `pulumi up`"
            raise RecoveryError(msg)

    def _state(self) -> str:
        return self._docker("inspect", "--format", "{{.State.Status}}", self.container).stdout.strip()

    def _inside(self, script: str, **variables: str) -> str:
        return self._docker("exec", *_told(variables), self.container, "sh", "-euc", script).stdout

    def _beside(self, script: str, **variables: str) -> str:
        """In a container of its own with the server's volumes, as the server's user, and nothing else."""
        image = self._docker("inspect", "--format", "{{.Image}}", self.container).stdout.strip()
        user = self._docker("inspect", "--format", "{{.Config.User}}", self.container).stdout.strip()
        apart = ("--network", "none", "--cap-drop", "ALL", "--user", user, "--entrypoint", "sh")
        volumes = ("--volumes-from", self.container)
        return self._docker("run", "--rm", *apart, *volumes, *_told(variables), image, "-euc", script).stdout

    def _docker(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        environment = os.environ if self.host is None else {**os.environ, "DOCKER_HOST": self.host}
        try:
            done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, env=environment)
        except FileNotFoundError:
            msg = "needs the docker command; https://docs.docker.com/engine/install/"
            raise RecoveryError(msg) from None
        if check and done.returncode != 0:
            msg = f"docker {arguments[0]} failed: {done.stderr.strip()}"
            raise RecoveryError(msg)
        return done


def _told(variables: Mapping[str, str]) -> list[str]:
    return [part for name, value in variables.items() for part in ("--env", f"{name}={value}")]


def _taken(backup: str) -> datetime.datetime:
    stamp = backup.rpartition("-")[2]
    return datetime.datetime.strptime(stamp, TIMESTAMP).replace(tzinfo=datetime.UTC)
