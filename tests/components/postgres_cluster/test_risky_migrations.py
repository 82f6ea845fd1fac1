"""Risky migrations wait for a backup of what they may change, one for each release, on both targets."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.kit.recording import Recording, Resource
from tests.stacks.shipped import PROJECT, recorded, run, values

NEXT = "ghcr.io/blocksight/api@sha256:" + "2" * 64


def risky(stack: str, image: str | None = None) -> Recording:
    given: dict[str, Any] = copy.deepcopy(values(stack))
    api = given[f"{PROJECT}:app_services"]["api"]
    api["migrations"]["risky"] = True
    if image is not None:
        api["image"] = image
    return run(stack, given)


def needs(recording: Recording, resource: Resource) -> set[str]:
    labels = {r.urn: r.label for r in recording.resources}
    return {labels.get(urn, urn).split(":")[-1] for urn in resource.dependencies}


def test_on_kubernetes_the_job_waits_for_a_backup_that_is_complete() -> None:
    recording = risky("prod")
    backup = recording.one("Backup", "api-main-backup")
    assert backup.inputs["spec"] == {
        "cluster": {"name": "main"},
        "method": "plugin",
        "pluginConfiguration": {"name": "barman-cloud.cloudnative-pg.io"},
    }
    assert backup.inputs["metadata"]["annotations"]["pulumi.com/waitFor"] == "jsonpath={.status.phase}=completed"
    assert "api-main-backup" in needs(recording, recording.one("Job", "api-migrations"))
    # Roles come after their database, and that after the server.
    assert {"main-api-role", "main-api-migrator-role"} <= needs(recording, backup)


def test_it_is_waited_for_as_long_as_a_full_volume_may_take() -> None:
    # 100Gi at 100Mi per second, twice, and ten minutes
    assert risky("prod").one("Backup", "api-main-backup").custom_timeouts["create"] == "2648s"


def test_another_image_asks_for_another_backup() -> None:
    first, second = (risky("prod", image).one("Backup", "api-main-backup") for image in (None, NEXT))
    assert first.replace_on_changes == ("metadata.annotations.before-release",)
    releases = [b.inputs["metadata"]["annotations"]["before-release"] for b in (first, second)]
    assert releases[0] != releases[1] == NEXT
    assert "name" not in first.inputs["metadata"]


def test_on_docker_a_container_copies_the_server_into_its_archive_before_the_migrations() -> None:
    recording = risky("dev")
    backup = recording.one("Container", "api-main-backup")
    assert backup.inputs["networkMode"].startswith("container:")
    assert any(each.startswith("RELEASE=sha256:") for each in backup.inputs["envs"])
    mounts = {mount["target"]: mount.get("source") for mount in backup.inputs["mounts"]}
    assert mounts == {"/archive": "blocksight-dev-main-archive-18", "/var/lib/postgresql": None}
    assert "main-setup" in needs(recording, backup)
    assert "api-main-backup" in needs(recording, recording.one("Container", "api-migrations"))


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_others_take_none(stack: str) -> None:
    assert not [r.name for r in recorded(stack).resources if r.name == "api-main-backup"]
