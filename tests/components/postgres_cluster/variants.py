"""Servers as the stack file can have them, each rendered by the real program from the shipped prod stack."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

from tests.kit.recording import Recording
from tests.stacks.shipped import PROJECT, SECRETS, run, values

STORES: dict[str, Any] = {
    "us": {"bucket": "s3://blocksight-backups-us/prod"},
    "azure": {
        "provider": "azure",
        "bucket": "https://blocksightbackups.blob.core.windows.net/postgres/prod",
        "credentials": {"sas_token": {"secret": "backup_sas_token"}},
    },
    "azure-key": {
        "provider": "azure",
        "bucket": "https://blocksightbackups.blob.core.windows.net/postgres",
        "credentials": {"account_key": {"secret": "backup_account_key"}},
    },
    "azure-known": {"provider": "azure", "bucket": "https://blocksightbackups.blob.core.windows.net/postgres"},
    "google": {
        "provider": "google",
        "bucket": "gs://blocksight-backups/prod",
        "credentials": {"key": {"secret": "backup_google_key"}},
    },
    "google-known": {"provider": "google", "bucket": "gs://blocksight-backups"},
}
"""Beside the one that the stack is shipped with."""
NAMED = ("promotion_token", "backup_sas_token", "backup_account_key", "backup_google_key")
PEERS = {"us": {"store": "us", "server": "main-g1"}}


def _restored(main: dict[str, Any]) -> None:
    moment = "2026-11-25T01:29:59Z"
    main.update(generation=2, recover_from={"store": "backups", "server": "main-g1", "target_time": moment})


def _restored_at_once(main: dict[str, Any]) -> None:
    source = {"store": "us", "server": "main-g1", "backup_id": "20261125T020000", "immediate": True}
    main.update(generation=3, recover_from=source)


def _follows(main: dict[str, Any]) -> None:
    main.update(topology={"self": "eu", "primary": "us", "peers": PEERS, "min_apply_delay": "1h"})


def _promoted(main: dict[str, Any]) -> None:
    token = {"secret": "promotion_token"}
    main.update(topology={"self": "eu", "primary": "eu", "peers": PEERS, "promotion_token": token})


def _alone(main: dict[str, Any]) -> None:
    del main["replication"], main["pooler"]
    main.update(instances=1, wal={})


def _careless(main: dict[str, Any]) -> None:
    del main["backup"]
    main.update(instances=2, replication={"rpo": "seconds"})


def _rich(main: dict[str, Any]) -> None:
    main["databases"]["api"] = {"extensions": ["pg_trgm", "vector"]}
    main.update(
        storage={"size": "100Gi", "class": "slow"},
        wal={"size": "20Gi", "slot_limit": "4Gi", "archive_interval": "1m"},
        pooler={"instances": 1, "mode": "session"},
        upgrade={"primary": "switchover"},
        parameters={"work_mem": "16MB"},
        kubernetes={
            "priority_class": "data",
            "node_selector": {"pool": "data"},
            "service_account_annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/backup"},
        },
    )


def _moved(main: dict[str, Any], reads: str, writes: str) -> None:
    main.update(generation=2, recover_from={"store": reads, "server": "main-g1"})
    main["backup"]["store"] = writes


def _moved_with_keys(main: dict[str, Any]) -> None:
    _moved(main, "google", "azure")


def _moved_with_the_account_s_key(main: dict[str, Any]) -> None:
    _moved(main, "us", "azure-key")


def _moved_without_keys(main: dict[str, Any]) -> None:
    _moved(main, "azure-known", "google-known")
    client = {"azure.workload.identity/client-id": "00000000-0000-0000-0000-000000000000"}
    main["kubernetes"] = {"service_account_annotations": client}


def _snapshotted(main: dict[str, Any]) -> None:
    main["backup"]["snapshots"] = {"schedule": "0 30 14 * * *"}


def _restored_from_snapshots(main: dict[str, Any]) -> None:
    main["backup"]["snapshots"] = {}
    pair = {"data": "main-snapshots-20261125140000", "wal": "main-snapshots-20261125140000-wal"}
    moment = "2026-11-25T15:29:59Z"
    source = {"store": "backups", "server": "main-g1", "snapshots": pair, "target_time": moment}
    main.update(generation=2, recover_from=source)


def _only_restored(main: dict[str, Any]) -> None:
    del main["backup"]
    main.update(instances=1, replication={"rpo": "seconds"}, recover_from={"store": "backups", "server": "main-g1"})


VARIANTS: dict[str, Callable[[dict[str, Any]], None]] = {
    "as shipped": lambda _: None,
    "restored to a moment": _restored,
    "restored from one backup": _restored_at_once,
    "a site that follows": _follows,
    "a site that is promoted": _promoted,
    "one instance": _alone,
    "without backups": _careless,
    "restored and without backups": _only_restored,
    "with snapshots": _snapshotted,
    "restored from snapshots": _restored_from_snapshots,
    "from Google to Azure": _moved_with_keys,
    "from Amazon to Azure": _moved_with_the_account_s_key,
    "from Azure to Google, known by its account": _moved_without_keys,
    "with everything said": _rich,
}


@functools.cache
def rendered(variant: str) -> Recording:
    """What the program registers."""
    given = copy.deepcopy(values("prod"))
    given[f"{PROJECT}:environment"]["target"]["cluster"]["storage_classes"]["snapshots"] = "csi-snapshots"
    given[f"{PROJECT}:object_stores"].update(copy.deepcopy(STORES))
    given[f"{PROJECT}:secrets"] = {**SECRETS, **{name: f"placeholder-of-{name}" for name in NAMED}}
    VARIANTS[variant](given[f"{PROJECT}:postgres_clusters"]["main"])
    if variant == "with everything said":
        given[f"{PROJECT}:app_services"]["api"]["migrations"]["risky"] = True
    if "backup" not in given[f"{PROJECT}:postgres_clusters"]["main"]:
        del given[f"{PROJECT}:environment"]["objectives"]
    return run("prod", given)
