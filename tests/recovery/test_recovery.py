"""What the commands refuse, and that they agree with what the program makes. That they bring rows back is floor 3's to show."""

from __future__ import annotations

import datetime
import subprocess
import sys
from pathlib import Path

import pytest

from components.postgres_cluster import docker
from recovery import scripts
from recovery.server import RecoveryError, Server
from tests.house.sources import ROOT

BACKUPS = ["main-20261124T020000Z", "main-20261125T020000Z"]
NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)


class WithBackups(Server):
    def backups(self) -> list[str]:
        return BACKUPS


MAIN = WithBackups(name="main", container="shop-dev-main")


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recovery", *arguments, "--project", str(project)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_server_archives_where_the_commands_look() -> None:
    assert f"{scripts.ARCHIVE}/wal/%f" in docker.ARCHIVE_COMMAND


def test_a_backup_is_chosen_by_its_name_or_as_the_newest_before_the_moment() -> None:
    assert MAIN.choose(BACKUPS[0], None) == BACKUPS[0]
    assert MAIN.choose("main", None) == BACKUPS[1]
    assert MAIN.choose("main", NOON) == BACKUPS[0]


@pytest.mark.parametrize(
    ("name", "to", "rule"),
    [
        ("main-20200101T000000Z", None, "is no backup; there are: " + ", ".join(BACKUPS)),
        ("main", NOON - datetime.timedelta(days=1), "is no backup from before that moment; there are: "),
    ],
)
def test_a_backup_that_is_not_there_is_refused_with_those_that_are(
    name: str, to: datetime.datetime | None, rule: str
) -> None:
    with pytest.raises(RecoveryError, match=rule):
        MAIN.choose(name, to)


def test_keys_may_stand_without_the_projects_name(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n", encoding="utf-8")
    sections = "{environment: {target: {kind: docker}}, postgres_clusters: {main: {}, other: {}}}"
    (tmp_path / "Pulumi.dev.yaml").write_text(f"config: {sections}\n", encoding="utf-8")
    done = run(tmp_path, "backup", "--server", "mian")
    assert done.stderr == "recovery: mian is no server of this stack; there are: main, other\n"


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (("backup", "--stack", "prod"), "prod is not on Docker; there the operator does this"),
        (("backup", "--server", "mian"), "mian is no server of this stack; there are: main"),
        (("restore", "mian-20261124T020000Z"), "mian is no server of this stack; there are: main"),
        (("restore", "main", "--to", "2126-01-01 00:00:00+00:00"), "that moment lies in the future"),
        (("restore", "main", "--to", "2026-11-25 01:00:00"), "must be a moment with its zone"),
        (("--stack", "qa", "backup"), "options stand behind the command: python -m recovery backup --stack dev"),
        (("backup", "--stack", "qa"), "Pulumi.qa.yaml is not there"),
    ],
)
def test_a_command_that_can_not_mean_anything_is_refused(arguments: tuple[str, ...], rule: str) -> None:
    done = run(ROOT, *arguments)
    assert done.returncode != 0
    assert rule in done.stderr
    assert "Traceback" not in done.stderr
