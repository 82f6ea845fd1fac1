"""What a server's spec becomes on Kubernetes: promises of the stack file, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.components.postgres_cluster.variants import STORES, VARIANTS, rendered
from tests.kit.recording import Secret
from tests.stacks.shipped import recorded


def cluster(variant: str) -> dict[str, Any]:
    return rendered(variant).one("Cluster", "main-cluster").inputs["spec"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_deprecated_backups_of_the_operator_itself_are_never_rendered(variant: str) -> None:
    assert "barmanObjectStore" not in str(rendered(variant).as_yaml())
    assert cluster(variant).get("backup", {}).keys() <= {"volumeSnapshot"}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_single_instance_has_no_budget_that_blocks_drains(variant: str) -> None:
    spec = cluster(variant)
    assert spec["enablePDB"] is (spec["instances"] > 1)


def test_nothing_lost_means_that_a_commit_waits_for_a_standby_that_is_sure_to_have_it() -> None:
    wanted = {"method": "any", "number": 1, "dataDurability": "required", "failoverQuorum": True}
    assert cluster("as shipped")["postgresql"]["synchronous"] == wanted
    assert "synchronous" not in cluster("without backups")["postgresql"]
    assert "synchronous" not in cluster("one instance")["postgresql"]


def test_backups_are_the_plugins_by_six_fields_and_one_at_once() -> None:
    spec = rendered("as shipped").one("ScheduledBackup", "main-backup").inputs["spec"]
    assert spec["method"] == "plugin"
    assert len(spec["schedule"].split()) == 6
    assert spec["immediate"] is True
    (plugin,) = cluster("as shipped")["plugins"]
    assert plugin["isWALArchiver"] is True
    assert plugin["parameters"] == {"barmanObjectName": "main-backups-store", "serverName": "main-g1"}


def test_without_backups_the_plugin_is_not_there_at_all() -> None:
    assert "plugins" not in cluster("without backups")
    assert rendered("without backups").of_type("ScheduledBackup") == []


def test_a_restored_server_reads_one_generation_and_writes_the_next() -> None:
    spec = cluster("restored to a moment")
    assert spec["bootstrap"]["recovery"]["recoveryTarget"] == {"targetTime": "2026-11-25T01:29:59Z"}
    (origin,) = spec["externalClusters"]
    assert origin["name"] == spec["bootstrap"]["recovery"]["source"]
    assert origin["plugin"]["parameters"]["serverName"] == "main-g1"
    assert spec["plugins"][0]["parameters"]["serverName"] == "main-g2"


def test_only_the_store_that_a_server_writes_gets_its_retention() -> None:
    stores = {r.name: r.inputs["spec"] for r in rendered("restored from one backup").of_type("ObjectStore")}
    assert stores["main-backups-store"]["retentionPolicy"] == "30d"
    assert "retentionPolicy" not in stores["main-us-store"]
    assert stores["main-us-store"]["configuration"]["s3Credentials"] == {"inheritFromIAMRole": True}


def test_snapshots_are_taken_beside_the_backups_and_go_with_their_backup_objects_alone() -> None:
    spec = rendered("with snapshots").one("ScheduledBackup", "main-snapshots").inputs["spec"]
    assert (spec["method"], spec["schedule"]) == ("volumeSnapshot", "0 30 14 * * *")
    assert spec["backupOwnerReference"] == "none"
    told = {"className": "csi-snapshots", "snapshotOwnerReference": "backup"}
    assert cluster("with snapshots")["backup"] == {"volumeSnapshot": told}
    assert rendered("with snapshots").one("ScheduledBackup", "main-backup").inputs["spec"]["method"] == "plugin"
    assert "backup" not in cluster("as shipped")


def test_a_server_from_snapshots_has_its_log_from_the_store() -> None:
    recovery = cluster("restored from snapshots")["bootstrap"]["recovery"]
    kind = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot"}
    assert recovery["volumeSnapshots"] == {
        "storage": {**kind, "name": "main-snapshots-20261125140000"},
        "walStorage": {**kind, "name": "main-snapshots-20261125140000-wal"},
    }
    assert recovery["source"] == "origin"
    assert recovery["recoveryTarget"] == {"targetTime": "2026-11-25T15:29:59Z"}


def _key(store: str, key: str) -> dict[str, str]:
    return {"name": f"main-{store}-store", "key": key}


@pytest.mark.parametrize(
    ("variant", "store", "word", "who"),
    [
        (
            "from Google to Azure",
            "azure",
            "azureCredentials",
            {
                "storageAccount": _key("azure", "AZURE_STORAGE_ACCOUNT"),
                "storageSasToken": _key("azure", "AZURE_STORAGE_SAS_TOKEN"),
            },
        ),
        (
            "from Google to Azure",
            "google",
            "googleCredentials",
            {"applicationCredentials": _key("google", "gcsCredentials")},
        ),
        (
            "from Amazon to Azure",
            "azure-key",
            "azureCredentials",
            {
                "storageAccount": _key("azure-key", "AZURE_STORAGE_ACCOUNT"),
                "storageKey": _key("azure-key", "AZURE_STORAGE_KEY"),
            },
        ),
        (
            "from Azure to Google, known by its account",
            "azure-known",
            "azureCredentials",
            {"useDefaultAzureCredentials": True},
        ),
        (
            "from Azure to Google, known by its account",
            "google-known",
            "googleCredentials",
            {"gkeEnvironment": True},
        ),
    ],
)
def test_a_store_is_entered_in_the_words_of_its_provider(
    variant: str, store: str, word: str, who: dict[str, Any]
) -> None:
    made = rendered(variant)
    configuration = made.one("ObjectStore", f"main-{store}-store").inputs["spec"]["configuration"]
    assert configuration["destinationPath"] == STORES[store]["bucket"]
    assert {key: value for key, value in configuration.items() if key.endswith("Credentials")} == {word: who}
    secrets = [each for each in made.of_type("Secret") if each.name == f"main-{store}-store-credentials"]
    named = {value["key"] for value in who.values() if isinstance(value, dict)}
    assert {key for each in secrets for key in each.inputs["stringData"].reveal()} == named
    assert all(each.protect for each in secrets)


def test_azure_s_account_is_the_one_of_the_address() -> None:
    given = rendered("from Amazon to Azure").one("Secret", "main-azure-key-store-credentials").inputs["stringData"]
    assert given.reveal()["AZURE_STORAGE_ACCOUNT"] == "blocksightbackups"


@pytest.mark.parametrize("variant", VARIANTS)
def test_only_pods_that_azure_must_know_carry_its_label(variant: str) -> None:
    label = {"labels": {"azure.workload.identity/use": "true"}}
    known = variant == "from Azure to Google, known by its account"
    assert cluster(variant).get("inheritedMetadata") == (label if known else None)


@pytest.mark.parametrize(
    ("known", "keyed", "metadata"),
    [
        (
            "from Azure to Google, known by its account",
            "from Google to Azure",
            {("169.254.169.254/32", 80), ("169.254.169.252/32", 988)},
        ),
        ("restored from one backup", "as shipped", {("169.254.170.23/32", 80)}),
    ],
)
def test_clouds_tell_pods_who_they_are_through_a_door_of_their_policy(
    known: str, keyed: str, metadata: set[tuple[str, int]]
) -> None:
    def doors(variant: str) -> set[tuple[str, int]]:
        policy = rendered(variant).one("NetworkPolicy", "main-policy").inputs["spec"]
        return {
            (peer["ipBlock"]["cidr"], port["port"])
            for rule in policy["egress"]
            for peer in rule.get("to", ())
            if "ipBlock" in peer
            for port in rule.get("ports", ())
        }

    assert metadata <= doors(known)
    assert not metadata & doors(keyed)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_quota_lets_every_sidecar_in(variant: str) -> None:
    stores = rendered(variant).of_type("ObjectStore")
    assert ("recovery" in cluster(variant)["bootstrap"] or "plugins" in cluster(variant)) is bool(stores)
    for store in stores:
        resources = store.inputs["spec"]["instanceSidecarConfiguration"]["resources"]
        assert resources["requests"] == resources["limits"]
        assert resources["requests"].keys() == {"cpu", "memory"}


def test_a_site_that_follows_starts_from_the_one_that_writes_and_waits_for_no_role() -> None:
    spec = cluster("a site that follows")
    assert spec["bootstrap"]["recovery"]["source"] == "us"
    assert spec["replica"] == {"self": "eu", "primary": "us", "source": "us", "minApplyDelay": "3600s"}
    assert [one["name"] for one in spec["externalClusters"]] == ["eu", "us"]
    role = rendered("a site that follows").one("DatabaseRole", "main-api-role")
    assert "annotations" not in role.inputs["metadata"]


def test_a_promotion_token_stays_a_secret() -> None:
    assert isinstance(cluster("a site that is promoted")["replica"]["promotionToken"], Secret)


def test_credentials_of_an_object_store_stay_secrets() -> None:
    secret = rendered("as shipped").one("Secret", "main-backups-store-credentials")
    assert isinstance(secret.inputs["stringData"], Secret)
    assert secret.protect


def test_the_poolers_name_stands_in_the_servers_certificate() -> None:
    service = rendered("as shipped").one("Pooler", "main-pooler").inputs["metadata"]["name"]
    assert cluster("as shipped")["certificates"] == {"serverAltDNSNames": [service]}
    assert "certificates" not in cluster("one instance")


def test_a_binding_secret_has_a_uri_for_each_way_that_the_server_has() -> None:
    def keys(variant: str) -> set[str]:
        given = rendered(variant).one("Secret", "main-api-binding").inputs["stringData"]
        return {key for key in given.reveal() if key.endswith("uri")}

    assert keys("as shipped") == {"uri", "pooler-uri", "replicas-uri"}
    assert keys("one instance") == {"uri"}


def test_what_a_standby_that_is_gone_may_hold_back_is_half_of_the_logs_volume() -> None:
    assert cluster("as shipped")["postgresql"]["parameters"]["max_slot_wal_keep_size"] == "10240MB"
    assert cluster("one instance")["postgresql"]["parameters"]["max_slot_wal_keep_size"] == "51200MB"
    assert cluster("with everything said")["postgresql"]["parameters"]["max_slot_wal_keep_size"] == "4096MB"


def test_extensions_are_the_databases() -> None:
    database = rendered("with everything said").one("Database", "main-api-database").inputs["spec"]
    assert [each["name"] for each in database["extensions"]] == ["pg_trgm", "vector"]


def test_on_docker_an_archive_is_a_volume_of_the_major_that_is_protected() -> None:
    volume = recorded("dev").one("Volume", "main-archive")
    assert volume.inputs["name"] == "blocksight-dev-main-archive-18"
    assert volume.protect
