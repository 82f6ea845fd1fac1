"""A connection to a bucket: what the app is told, how its keys arrive, and the way out."""

from __future__ import annotations

import copy
import functools
from typing import Any

import pytest

import config
import env_template
import topology
from components.connections import PRIVATE, Network
from stack_file import StackFile
from tests.kit.recording import Recording, Secret
from tests.stacks.shipped import PROJECT, SECRETS, run, topology_of, values

STORE = {
    "bucket": "s3://blocksight-uploads/pictures",
    "region": "eu-central-1",
    "credentials": {"access_key": {"secret": "uploads_access_key"}, "secret_key": {"secret": "uploads_secret_key"}},
}
KEYS = {"uploads_access_key": "placeholder-of-uploads-key", "uploads_secret_key": "placeholder-of-uploads-secret"}


def given(stack: str, store: dict[str, Any], **said: Any) -> dict[str, Any]:
    found = copy.deepcopy(values(stack))
    found.setdefault(f"{PROJECT}:object_stores", {})["uploads"] = {**STORE, **store}
    found[f"{PROJECT}:app_services"]["api"]["connects_to"].append({"object_store": "uploads", **said})
    found[f"{PROJECT}:secrets"] = {**SECRETS, **KEYS}
    return found


@functools.cache
def recorded(stack: str) -> Recording:
    return run(stack, given(stack, {}))


def plan(stack: str, store: dict[str, Any]) -> topology.Topology:
    file = StackFile(f"Pulumi.{stack}.yaml", "", PROJECT, "")
    return topology.plan(config.parse(PROJECT, stack, file, given(stack, store)))


def variables(recording: Recording) -> dict[str, str]:
    for container in recording.of_type("Container"):
        if container.name == "api-container":
            return dict(variable.split("=", 1) for variable in container.inputs["envs"])
    spec = recording.one("Deployment", "api-deployment").inputs["spec"]["template"]["spec"]
    (app,) = [each for each in spec["containers"] if each["name"] == "app"]
    return {variable["name"]: variable.get("value", "") for variable in app["env"]}


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_an_app_is_told_where_its_bucket_is(stack: str) -> None:
    told = variables(recorded(stack))
    assert {name: value for name, value in told.items() if name.startswith("UPLOADS_")} == {
        "UPLOADS_ACCESS_KEY_ID_FILE": "/run/secrets/UPLOADS_ACCESS_KEY_ID",
        "UPLOADS_BUCKET": "blocksight-uploads",
        "UPLOADS_ENDPOINT_URL": "https://s3.eu-central-1.amazonaws.com",
        "UPLOADS_FOLDER": "pictures",
        "UPLOADS_REGION": "eu-central-1",
        "UPLOADS_SECRET_ACCESS_KEY_FILE": "/run/secrets/UPLOADS_SECRET_ACCESS_KEY",
        "UPLOADS_SHARED_CREDENTIALS_FILE": "/run/secrets/UPLOADS_SHARED_CREDENTIALS",
    }


def test_the_keys_stay_secrets_and_are_files_of_the_app() -> None:
    files = recorded("prod").one("Secret", "api-secrets").inputs["stringData"]
    assert isinstance(files, Secret)
    assert files.reveal()["UPLOADS_SHARED_CREDENTIALS"] == (
        f"[default]\naws_access_key_id = {KEYS['uploads_access_key']}\n"
        f"aws_secret_access_key = {KEYS['uploads_secret_key']}\n"
    )
    for stack in ("dev", "prod"):
        text = recorded(stack).as_yaml()
        assert not [key for key in KEYS.values() if key in text]


def test_amazons_libraries_find_it_by_themselves_under_their_own_prefix() -> None:
    told = variables(run("prod", given("prod", {}, **{"as": "AWS"})))
    assert told["AWS_SHARED_CREDENTIALS_FILE"] == "/run/secrets/AWS_SHARED_CREDENTIALS"
    assert {"AWS_REGION", "AWS_ENDPOINT_URL"} <= told.keys()


def test_keys_may_be_variables_and_then_there_is_no_file() -> None:
    recording = run("prod", given("prod", {}, deliver="env"))
    assert not [name for name in variables(recording) if name.startswith("UPLOADS_") and name.endswith("_FILE")]


@pytest.mark.parametrize(
    ("store", "ways"),
    [
        ({}, [(Network(cidrs=("0.0.0.0/0",), without=PRIVATE), 443)]),
        (
            {"endpoint": "https://minio.example.com:9000", "cidrs": ["203.0.113.0/24"]},
            [(Network(cidrs=("203.0.113.0/24",)), 9000)],
        ),
    ],
)
def test_app_and_migrations_may_go_there_and_to_no_other_place(
    store: dict[str, Any], ways: list[tuple[Network, int]]
) -> None:
    found, shipped = plan("prod", store), topology_of("prod")
    for name in ("api", "api-batch"):
        added = list(found.outbound(name))
        for edge in shipped.outbound(name):
            added.remove(edge)
        assert [(edge.producer, edge.port) for edge in added] == ways


def test_on_docker_the_app_gets_its_own_way_out() -> None:
    members = {network.name: network.members for network in plan("dev", {}).networks}
    assert "api" in members["api-egress"]


def test_an_env_file_names_the_keys_and_leaves_them_empty() -> None:
    lines = env_template.template(plan("dev", {}).stack, "api").splitlines()
    assert "# object store uploads" in lines
    assert "UPLOADS_BUCKET=blocksight-uploads" in lines
    assert "UPLOADS_SECRET_ACCESS_KEY=" in lines
