"""Servers that are made from an archive, as CloudNativePG itself takes them: up to the Job that would fetch the data.

The nodes are closed, so that the Job stays for a look. What the Job does, its container reads from the Cluster.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.components.postgres_cluster.variants import rendered
from tests.consumers import accounts, managers
from tests.consumers.managers import Operated
from tests.kit.recorded import plain

KINDS = frozenset({"Secret", "ObjectStore", "Cluster", "ScheduledBackup"})
CLUSTER = "cluster.postgresql.cnpg.io"
US = "main-us-store"
OWN = "main-backups-store"
TOKEN = {
    "latestCheckpointTimelineID": "3",
    "redoWalFile": "00000003000000000000000A",
    "databaseSystemIdentifier": "7300000000000000000",
    "latestCheckpointREDOLocation": "0/A000028",
    "timeOfLatestCheckpoint": "Wed Nov 25 01:29:59 2026",
    "operatorVersion": "1.30.0",
}


def objects(variant: str, space: str) -> list[dict[str, Any]]:
    """The server of a stack, in a namespace of its own."""
    found = [plain(each.inputs) for each in rendered(variant).resources if each.inputs.get("kind") in KINDS]
    ours = [each for each in found if str(each["metadata"].get("name", "")).startswith("main")]
    for each in ours:
        each["metadata"]["namespace"] = space
    return ours


def cluster_of(variant: str, space: str) -> dict[str, Any]:
    (found,) = [each for each in objects(variant, space) if each["kind"] == "Cluster"]
    return found


@pytest.fixture(scope="module")
def operated(scratch: Path) -> Generator[Operated]:
    with managers.operating_postgres(scratch / "recoveries") as running:
        running.cluster.cordon(closed=True)
        yield running


def made(operated: Operated, variant: str, space: str) -> dict[str, Any]:
    """The Job that makes the first instance of a variant's server, which is created for it."""
    operated.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    operated.cluster.apply(*objects(variant, space))
    operated.cluster.wait_until(f"{variant}: there is a Job", lambda: operated.cluster.all("job", space) != [])
    (job,) = operated.cluster.all("job", space)
    return job


@pytest.mark.parametrize(
    ("variant", "space", "reads", "archives", "aim"),
    [
        ("restored to a moment", "moment", (OWN, "main-g1"), (OWN, "main-g2"), {"targetTime": "2026-11-25T01:29:59Z"}),
        (
            "restored from one backup",
            "at-once",
            (US, "main-g1"),
            (OWN, "main-g3"),
            {"backupID": "20261125T020000", "targetImmediate": True},
        ),
        ("restored and without backups", "all-of-it", (OWN, "main-g1"), None, None),
        ("a site that follows", "follows", (US, "main-g1"), (OWN, "main-g1"), None),
    ],
)
def test_the_first_instance_is_fetched_from_the_archive(  # columns of the table
    operated: Operated,
    variant: str,
    space: str,
    reads: tuple[str, str],
    archives: tuple[str, str] | None,
    aim: dict[str, Any] | None,
) -> None:
    job = made(operated, variant, space)
    assert job["metadata"]["labels"]["cnpg.io/jobRole"] == "full-recovery"
    pod = job["spec"]["template"]["spec"]
    (restorer,) = pod["containers"]
    assert restorer["command"][:3] == ["/controller/manager", "instance", "restore"]
    (sidecar,) = [each for each in pod["initContainers"] if each["name"] == "plugin-barman-cloud"]
    assert sidecar["args"] == ["restore"]
    assert {"cpu", "memory"} <= sidecar["resources"]["limits"].keys()

    server = operated.cluster.get(CLUSTER, "main", space)
    recovery = server["spec"]["bootstrap"]["recovery"]
    assert recovery.get("recoveryTarget") == aim
    (source,) = [each for each in server["spec"]["externalClusters"] if each["name"] == recovery["source"]]
    told = source["plugin"]["parameters"]
    assert (told["barmanObjectName"], told["serverName"]) == reads
    writes = [each["parameters"] for each in server["spec"].get("plugins", ()) if each.get("isWALArchiver")]
    assert [(each["barmanObjectName"], each["serverName"]) for each in writes] == ([archives] if archives else [])
    assert server["status"]["phase"] == "Setting up primary"


def _snapshot(name: str, claim: str, space: str) -> dict[str, Any]:
    return {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshot",
        "metadata": {
            "name": name,
            "namespace": space,
            "labels": {"cnpg.io/backupName": "main-snapshots-20261125140000"},
            "annotations": {"cnpg.io/pvcRole": "PG_WAL" if name.endswith("-wal") else "PG_DATA"},
        },
        "spec": {"source": {"persistentVolumeClaimName": claim}},
    }


def test_the_first_instance_is_made_from_snapshots_and_the_log_behind_them(operated: Operated) -> None:
    space, pair = "snapshots", ("main-snapshots-20261125140000", "main-snapshots-20261125140000-wal")
    operated.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    for name, claim in zip(pair, ("main-1", "main-1-wal"), strict=True):
        operated.cluster.apply(_snapshot(name, claim, space))
        ready = json.dumps({"status": {"readyToUse": True, "restoreSize": "20Gi"}})
        patch = ("patch", "volumesnapshot", name, "-n", space, "--subresource=status", "--type=merge", "-p", ready)
        operated.cluster.kubectl(*patch)
    job = made(operated, "restored from snapshots", space)
    assert job["metadata"]["labels"]["cnpg.io/jobRole"] == "snapshot-recovery"
    pod = job["spec"]["template"]["spec"]
    assert pod["containers"][0]["command"][:3] == ["/controller/manager", "instance", "restoresnapshot"]
    assert "plugin-barman-cloud" in {each["name"] for each in pod["initContainers"]}
    sources = {
        each["metadata"]["name"]: each["spec"]["dataSource"]["name"] for each in operated.cluster.all("pvc", space)
    }
    assert sources == dict(zip(("main-1", "main-1-wal"), pair, strict=True))


def test_the_sidecar_may_read_the_stores_of_its_server_and_no_others(operated: Operated) -> None:
    made(operated, "restored from one backup", "stores")
    role = operated.cluster.get("role", "main-barman-cloud", "stores")
    named = {tuple(rule["resources"]): rule.get("resourceNames", []) for rule in role["rules"]}
    assert sorted(named[("objectstores",)]) == [OWN, US]
    assert named[("secrets",)] == [OWN]  # the other store has no credentials


def test_a_site_is_promoted_with_the_token_of_the_one_before_and_no_other(operated: Operated) -> None:
    made(operated, "a site that follows", "site")
    server = operated.cluster.get(CLUSTER, "main", "site")
    assert server["spec"]["replica"]["minApplyDelay"] == "1h0m0s"

    promoted = cluster_of("a site that is promoted", "site")
    refused = operated.cluster.try_kubectl("apply", "-f", "-", stdin=json.dumps(promoted))
    assert "Invalid promotionToken format" in refused.stderr
    promoted["spec"]["replica"]["promotionToken"] = base64.b64encode(json.dumps(TOKEN).encode()).decode()
    operated.cluster.apply(promoted)
    told = operated.cluster.get(CLUSTER, "main", "site")["spec"]["replica"]
    assert (told["self"], told["primary"], told["source"]) == ("eu", "eu", "us")
    assert "minApplyDelay" not in told


def test_the_operators_ask_for_nothing_that_they_may_not_do(operated: Operated) -> None:
    """Last: what a restore needs is in the roles of their releases."""
    asked = [each for each in accounts.requests(operated.cluster) if each.account.startswith("cnpg-system:")]
    assert any(each.verb == "create" and each.what == "jobs" for each in asked)
    assert [each for each in asked if each.code == 403] == []
