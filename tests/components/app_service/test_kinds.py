"""What each kind of app becomes on each target. The shipped files are changed, so that whole stacks are tried."""

from __future__ import annotations

import copy
import json
from typing import Any

import pulumi
import pytest

from components.app_service import facts
from components.app_service.kinds import StatefulSpec
from rehearsal.ciphers import placeholder
from tests.components.app_service.test_spec import MINIMAL, spec
from tests.kit.recording import Recording, Secret
from tests.stacks.shipped import PROJECT, recorded, run, values

IMAGE = MINIMAL["image"]
WORKER = {"kind": "worker", "image": IMAGE, "replicas": 2}


def changed(stack: str, apps: dict[str, Any]) -> Recording:
    """A shipped stack with keys of its apps set; an app that it has not is added."""
    given = copy.deepcopy(values(stack))
    for name, keys in apps.items():
        given[f"{PROJECT}:app_services"].setdefault(name, {}).update(keys)
    return run(stack, given)


def test_a_stateful_app_mounts_claims_that_are_resources_of_their_own() -> None:
    recording = recorded("prod")
    workload = recording.one("StatefulSet", "electrs-stateful-set")
    claims = [recording.one("PersistentVolumeClaim", f"electrs-data-{n}") for n in range(2)]
    template = workload.inputs["spec"]["volumeClaimTemplates"][0]
    assert [c.inputs["metadata"]["name"] for c in claims] == [
        f"{template['metadata']['name']}-{workload.inputs['metadata']['name']}-{n}" for n in range(2)
    ]
    assert [c.inputs["spec"] for c in claims] == [template["spec"]] * 2
    assert {c.urn for c in claims} <= set(workload.dependencies)
    assert workload.inputs["spec"]["persistentVolumeClaimRetentionPolicy"] == {
        "whenDeleted": "Retain",
        "whenScaled": "Retain",
    }
    assert "spec.volumeClaimTemplates" in workload.ignore_changes


def test_a_grown_volume_changes_the_claims() -> None:
    grown = changed("prod", {"electrs": {"storage": {"path": "/var/lib/electrs", "size": "300Gi"}}})
    assert (
        grown.one("PersistentVolumeClaim", "electrs-data-1").inputs["spec"]["resources"]["requests"]["storage"]
        == "300Gi"
    )


@pytest.mark.parametrize(("budget", "awaited"), [("15m", True), ("16m", False), ("48h", False)])
def test_up_waits_for_a_stateful_app_unless_it_needs_longer_than_fifteen_minutes(budget: str, awaited: bool) -> None:
    recording = changed("prod", {"electrs": {"probes": {"readiness": {"tcp": "electrum"}, "startup_budget": budget}}})
    workload = recording.one("StatefulSet", "electrs-stateful-set").inputs
    skip = (workload["metadata"].get("annotations") or {}).get("pulumi.com/skipAwait")
    assert skip == (None if awaited else "true")


def test_on_docker_a_budget_of_hours_is_not_awaited_either() -> None:
    hours = {"readiness": {"tcp": "electrum"}, "startup_budget": "3h"}
    recording = changed("dev", {"electrs": {"probes": hours}})
    assert recording.one("Container", "electrs-container").inputs["wait"] is False
    assert recorded("dev").one("Container", "electrs-container").inputs["wait"] is True


def test_on_docker_a_new_volume_is_given_to_the_apps_user_before_the_app_starts() -> None:
    recording = recorded("dev")
    volume, owner, app = (
        recording.one("Volume", "bitcoind-data"),
        recording.one("Container", "bitcoind-data-owner"),
        recording.one("Container", "bitcoind-container"),
    )
    assert volume.inputs == {"name": "blocksight-dev-bitcoind-data"}, "a label would replace the volume, with its data"
    assert owner.inputs["command"][0] == "chown"
    assert owner.urn in app.dependencies
    assert {"source": "blocksight-dev-bitcoind-data", "target": "/var/lib/bitcoind", "type": "volume"} in app.inputs[
        "mounts"
    ]


def test_a_stateful_app_has_no_surge_and_counts_its_volumes() -> None:
    stateful = StatefulSpec.model_validate(
        {**MINIMAL, "kind": "stateful", "replicas": 3, "storage": {"path": "/data", "size": "10Gi"}}
    )
    peak = facts.peak(stateful)
    assert (peak.pods, peak.volume_claims, peak.storage) == (3, 3, 30 * 2**30)


def test_a_worker_without_ports_has_no_address() -> None:
    recording = changed("prod", {"mails": {**WORKER, "connects_to": [{"postgres": "main", "database": "api"}]}})
    assert [r.name for r in recording.of_type("Service") if r.name.startswith("mails")] == []
    container = recording.one("Deployment", "mails-deployment").inputs["spec"]["template"]["spec"]["containers"][0]
    assert not {"ports", "readinessProbe", "startupProbe", "livenessProbe"} & set(container)


def test_on_docker_a_worker_without_a_check_is_running_when_it_runs() -> None:
    worker = {
        "kind": "worker",
        "image": "blocksight/mails:dev",
        "connects_to": [{"postgres": "main", "database": "api"}],
    }
    container = changed("dev", {"mails": worker}).one("Container", "mails-container").inputs
    assert "healthcheck" not in container
    assert container["wait"] is False


def test_an_entry_point_of_the_image_does_not_get_the_command_as_its_arguments() -> None:
    container = recorded("dev").one("Container", "electrs-container").inputs
    assert container["entrypoints"] == ["electrs"]
    assert container["command"][0] == "--network=regtest"


def test_helpers_share_the_pod_but_not_the_apps_secrets() -> None:
    helpers = {
        "sidecars": {"shipper": {"image": IMAGE, "env": {"LEVEL": "info"}}},
        "init": {"prepare": {"image": IMAGE, "command": ["/prepare"]}},
    }
    recording = changed("prod", {"api": {"kubernetes": helpers}})
    pod = recording.one("Deployment", "api-deployment").inputs["spec"]["template"]["spec"]
    sidecar, init = pod["initContainers"]
    assert (sidecar["name"], sidecar["restartPolicy"]) == ("shipper", "Always")
    assert init["name"] == "prepare"
    assert "restartPolicy" not in init
    own = {mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
    assert "secrets" in own
    for helper in (sidecar, init):
        assert {mount["name"] for mount in helper["volumeMounts"]} == own - {"secrets"}


def test_helpers_count_in_the_peak() -> None:
    alone = facts.peak(spec(replicas=2))
    together = facts.peak(
        spec(replicas=2, kubernetes={"sidecars": {"a": {"image": IMAGE, "cpu": "10m", "memory": "1Mi"}}})
    )
    assert together.cpu - alone.cpu == 3 * 10
    assert together.memory - alone.memory == 3 * 2**20


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_credential_is_one_value_for_its_producer_and_its_consumers(stack: str) -> None:
    recording = recorded(stack)
    producer, index, api = (_secrets(recording, name) for name in ("bitcoind", "electrs", "api"))
    user, password = index["BITCOIND_USERPASS"].split(":")
    assert user == "blocksight"
    assert producer["RPC"] == f"rpcuser={user}\nrpcpassword={password}\n"
    assert index["BITCOIND_PASSWORD"] == api["BITCOIND_PASSWORD"] == password


def test_a_credential_reaches_only_those_who_named_it() -> None:
    others = [{"app": "bitcoind", "port": "zmq"}]
    viewer = {"image": IMAGE, "ports": {"http": 8080}, "probes": {"readiness": {"http": "/healthz"}}}
    recording = changed("prod", {"viewer": {**viewer, "connects_to": [{"app": "api"}, *others]}})
    assert "BITCOIND_PASSWORD" not in json.dumps(recording.one("Deployment", "viewer-deployment").inputs, default=str)


def _secrets(recording: Recording, app: str) -> dict[str, str]:
    """Files of an app's own, as they are written on either target."""
    if found := [r for r in recording.of_type("Secret") if r.name == f"{app}-secrets"]:
        return {key: _plain(value) for key, value in _plain(found[0].inputs["stringData"]).items()}
    uploads = [u for r in recording.of_type("Container") if r.name == f"{app}-files" for u in r.inputs["uploads"]]
    return {_plain(u)["file"].rpartition("/")[2]: _plain(_plain(u)["content"]) for u in uploads}


def _plain(value: Any) -> Any:
    return value.reveal() if isinstance(value, Secret) else value


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_contracts_default_reaches_the_app_where_the_stack_says_nothing(stack: str) -> None:
    recording = changed(stack, {"api": {"env": {"SESSION_KEY": {"generate": 32}}}})
    if stack == "dev":
        assert "LOG_LEVEL=info" in recording.one("Container", "api-container").inputs["envs"]
        return
    container = recording.one("Deployment", "api-deployment").inputs["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "LOG_LEVEL", "value": "info"} in container["env"]


KEYED = {"COIN_API_KEY": {"secret": "coin_api_key"}}


def with_key(value: str) -> Recording:
    """A stack whose contract wants a key of three letters and a number."""
    given = copy.deepcopy(values("prod"))
    given[f"{PROJECT}:contracts"]["api"]["COIN_API_KEY"] = {"secret": True, "pattern": "[a-z]{3}-[0-9]+"}
    given[f"{PROJECT}:secrets"] = {**given[f"{PROJECT}:secrets"], "coin_api_key": value}
    given[f"{PROJECT}:app_services"]["api"]["env"] |= KEYED
    return run("prod", given)


@pytest.mark.parametrize("value", ["abc-17", placeholder("a rehearsal's")])
def test_a_named_secret_that_keeps_its_contract_arrives(value: str) -> None:
    held = with_key(value).one("Secret", "api-secrets").inputs["stringData"]
    assert isinstance(held, Secret)
    assert held.reveal()["COIN_API_KEY"] == value


def test_a_named_secret_of_another_form_is_refused_by_name_and_never_shown() -> None:
    with pytest.raises(pulumi.RunError) as raised:
        with_key("abc-seventeen")
    told = str(raised.value)
    assert told.startswith(
        "app_services.api.env.COIN_API_KEY: secrets.coin_api_key must be text of 1 or more characters like"
    )
    assert "pulumi config set --secret --path blocksight:secrets.coin_api_key" in told
    assert "seventeen" not in told
