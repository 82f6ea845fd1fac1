"""The stand-ins by themselves: names, differences, values."""

from __future__ import annotations

import base64
import string
from pathlib import Path
from typing import Any

import pulumi_docker
import pytest

from rehearsal.providers import replacements
from rehearsal.providers.differ import Change, compare, touches, written
from rehearsal.providers.docker import DockerStandIn
from rehearsal.providers.kubernetes import KubernetesStandIn
from rehearsal.providers.model import Key, StandIn, Subject
from rehearsal.providers.randoms import RandomStandIn
from rehearsal.providers.sdk import installed
from rehearsal.providers.structs import UNKNOWN, to_python, to_struct

PACKAGES = installed(Path(pulumi_docker.__file__).parents[1])
KUBERNETES = KubernetesStandIn(PACKAGES["kubernetes"], frozenset({"given"}))
DOCKER = DockerStandIn(PACKAGES["docker"])
RANDOM = RandomStandIn(PACKAGES["random"])


def subject(token: str, inputs: dict[str, Any], **config: Any) -> Subject:
    return Subject(f"urn:pulumi:dev::flat::{token}::thing", token, inputs, config)


def nothing(_: Key) -> bool:
    return False


def replaced(
    stand_in: StandIn, token: str, old: dict[str, Any], new: dict[str, Any], **config: Any
) -> tuple[set[str], bool]:
    changes = stand_in.diff(subject(token, new, **config), old)
    assert changes.paths or old == new
    return set(changes.replaces), changes.delete_first


def test_values_survive_the_wire() -> None:
    values = {"a": 1, "b": 1.5, "c": True, "d": None, "e": [{"f": "x"}, []], "g": {}}
    assert to_python(to_struct(values)) == values


def test_paths() -> None:
    old = {"a": {"b.c": 1, "d": [1, 2]}, "x": 1}
    new = {"a": {"b.c": 2, "d": [1]}, "y": True}
    assert {written(p): c for p, c in compare(old, new)} == {
        'a["b.c"]': Change.UPDATE,
        "a.d[1]": Change.DELETE,
        "x": Change.DELETE,
        "y": Change.ADD,
    }
    assert touches(("spec",), ("spec", "selector"))
    assert touches(("spec", "containers", 1, "image"), ("spec", "containers", "*", "image"))
    assert not touches(("spec", "replicas"), ("spec", "selector"))


@pytest.mark.parametrize("kind", replacements.KUBERNETES)
def test_kubernetes_replaces_where_its_table_says_so(kind: str) -> None:
    named: dict[str, Any] = {"metadata": {"name": "x"}}
    for path in replacements.KUBERNETES[kind].paths:
        inputs: Any = "new"
        for part in reversed(path.split(".")):
            inputs = [inputs] if part == "*" else {part: inputs}
        paths, first = replaced(KUBERNETES, f"kubernetes:{kind}", named, {**named, **inputs})
        assert paths, path
        assert first, path
    assert replaced(KUBERNETES, f"kubernetes:{kind}", named, {"metadata": {"name": "x", "labels": {"a": "b"}}}) == (
        set(),
        False,
    )


def test_a_new_name_replaces_and_the_old_object_goes_last() -> None:
    paths, first = replaced(
        KUBERNETES, "kubernetes:core/v1:Service", {"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}
    )
    assert paths == {"metadata.name"}
    assert not first


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_data_replaces_unless_the_provider_may_change_it(kind: str) -> None:
    old, new = ({"kind": kind, "metadata": {"name": "x"}, "data": {"a": value}} for value in "12")
    token, option = f"kubernetes:core/v1:{kind}", f"enable{kind}Mutable"
    assert replaced(KUBERNETES, token, old, new) == ({"data.a"}, True)
    assert replaced(KUBERNETES, token, old, new, **{option: "true"}) == (set(), False)
    assert replaced(KUBERNETES, token, old, {**new, "immutable": True}, **{option: "true"})[0] == {"data.a"}


def test_two_ways_to_write_a_secret_are_no_change() -> None:
    old = {"kind": "Secret", "metadata": {"name": "x"}, "stringData": {"a": "1"}}
    new = {"kind": "Secret", "metadata": {"name": "x"}, "data": {"a": base64.b64encode(b"1").decode()}}
    assert not KUBERNETES.diff(subject("kubernetes:core/v1:Secret", new), old).paths


def test_automatic_names_of_kubernetes() -> None:
    config_map = subject("kubernetes:core/v1:ConfigMap", {"metadata": {"labels": {"a": "b"}}})
    first, failures = KUBERNETES.check(config_map, None, nothing)
    assert failures == []
    assert first["metadata"]["name"].startswith("thing-")
    assert len(first["metadata"]["name"]) == len("thing-") + 8
    assert first["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert KUBERNETES.check(config_map, None, nothing)[0] == first
    assert KUBERNETES.check(config_map, first, nothing)[0] == first
    second, _ = KUBERNETES.check(config_map, None, lambda key: key.name == first["metadata"]["name"])
    assert second["metadata"]["name"] != first["metadata"]["name"]
    config = subject("kubernetes:core/v1:ConfigMap", {}, namespace="web")
    assert KUBERNETES.check(config, None, nothing)[0]["metadata"]["namespace"] == "web"
    assert (
        "namespace"
        not in KUBERNETES.check(subject("kubernetes:core/v1:Namespace", {}, namespace="web"), None, nothing)[0][
            "metadata"
        ]
    )


def test_automatic_names_of_docker() -> None:
    named, _ = DOCKER.check(subject("docker:index/network:Network", {}), None, nothing)
    assert len(named["name"]) == len("thing-") + 7
    assert (
        DOCKER.check(subject("docker:index/network:Network", {"internal": True}), named, nothing)[0]["name"]
        == named["name"]
    )
    image = {"name": "nginx:1"}
    assert DOCKER.check(subject("docker:index/remoteImage:RemoteImage", image), None, nothing)[0] == image


@pytest.mark.parametrize("kind", [kind for kind, row in replacements.DOCKER.items() if row.paths])
def test_docker_replaces_where_its_table_says_so(kind: str) -> None:
    (token,) = (t for t in PACKAGES["docker"].classes if t.endswith(f":{kind}"))
    for path in replacements.DOCKER[kind].paths:
        inputs: Any = "new"
        for part in reversed(path.split(".")):
            inputs = {part: inputs}
        assert replaced(DOCKER, token, {}, inputs)[0], path


def test_docker_deletes_first_what_the_program_has_named() -> None:
    token = "docker:index/network:Network"
    assert replaced(DOCKER, token, {"name": "a"}, {"name": "a", "internal": True}) == ({"internal"}, True)
    automatic = {"name": "a", "__defaults": ["name"]}
    assert replaced(DOCKER, token, automatic, {**automatic, "internal": True}) == ({"internal"}, False)
    container = "docker:index/container:Container"
    assert replaced(DOCKER, container, automatic, {**automatic, "user": "1"}) == ({"user"}, True)
    assert replaced(DOCKER, container, automatic, {**automatic, "restart": "always"}) == (set(), False)


def test_the_order_of_a_set_is_no_change() -> None:
    old, new = {"envs": ["A=1", "B=2"], "command": ["a"]}, {"envs": ["B=2", "A=1"], "command": ["a"]}
    assert not DOCKER.diff(subject("docker:index/container:Container", new), old).paths


def test_images_and_volumes_of_one_name_are_shared() -> None:
    assert DOCKER.key(subject("docker:index/volume:Volume", {"name": "data"})) is None
    assert DOCKER.key(subject("docker:index/container:Container", {"name": "data"})) is not None
    one = DOCKER.created(subject("docker:index/remoteImage:RemoteImage", {"name": "localhost:5000/a/b:1"}), None)[1]
    assert one["repoDigest"].startswith("localhost:5000/a/b@sha256:")
    rebuilt = {"name": "localhost:5000/a/b:1", "triggers": {"digest": "2"}}
    assert (
        DOCKER.created(subject("docker:index/remoteImage:RemoteImage", rebuilt), None)[1]["imageId"] != one["imageId"]
    )


def test_a_long_running_container_has_no_exit_code() -> None:
    token = "docker:index/container:Container"
    assert DOCKER.planned(subject(token, {"name": "x"}), None)["exitCode"] == UNKNOWN
    assert "exitCode" not in DOCKER.created(subject(token, {"name": "x", "mustRun": True}), None)[1]
    assert DOCKER.created(subject(token, {"name": "x", "mustRun": False}), None)[1]["exitCode"] == 0


def test_an_update_keeps_what_does_not_change() -> None:
    token = "kubernetes:core/v1:Service"
    made = KUBERNETES.created(subject(token, {"metadata": {"name": "x"}, "spec": {}}), None)[1]
    changed = subject(token, {"metadata": {"name": "x", "labels": {"a": "b"}}, "spec": {}})
    planned, updated = KUBERNETES.planned(changed, made), KUBERNETES.created(changed, made)[1]
    assert planned["metadata"]["uid"] == updated["metadata"]["uid"] == made["metadata"]["uid"]
    assert planned["spec"]["clusterIP"] == updated["spec"]["clusterIP"] == made["spec"]["clusterIP"]
    assert planned["metadata"]["resourceVersion"] == UNKNOWN
    assert (made["metadata"]["generation"], updated["metadata"]["generation"]) == (1, 2)


def test_passwords_obey_their_rules() -> None:
    inputs = {"length": 40, "special": True, "overrideSpecial": "_", "upper": False, "minNumeric": 30, "minSpecial": 5}
    password = RANDOM.created(subject("random:index/randomPassword:RandomPassword", inputs), None)[1]["result"]
    assert len(password) == 40
    assert sum(c in string.digits for c in password) >= 30
    assert password.count("_") >= 5
    assert set(password) <= set(string.ascii_lowercase + string.digits + "_")


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("RandomBytes", {"length": 8}),
        ("RandomId", {"byteLength": 8, "prefix": "x-"}),
        ("RandomInteger", {"min": 3, "max": 5}),
        ("RandomPassword", {"length": 8}),
        ("RandomPet", {}),
        ("RandomShuffle", {"inputs": ["a", "b"]}),
        ("RandomString", {"length": 8}),
        ("RandomUuid", {}),
    ],
)
def test_random_values_depend_on_resource_and_inputs_alone(kind: str, inputs: dict[str, Any]) -> None:
    token = f"random:index/{kind[0].lower()}{kind[1:]}:{kind}"
    one = RANDOM.created(subject(token, inputs), None)
    assert one == RANDOM.created(subject(token, inputs), None)
    changed = {**inputs, "keepers": {"turn": "2"}}
    assert RANDOM.diff(subject(token, changed), inputs).replaces == {"keepers"}
    planned = RANDOM.planned(subject(token, inputs), None)
    assert {k for k, v in planned.items() if v == UNKNOWN} == {
        o.wire for o in PACKAGES["random"].outputs(token) if o.only_output
    }


def test_namespaces_that_are_there() -> None:
    for namespace in ("default", "kube-system", "given"):
        KUBERNETES.admit(
            subject("kubernetes:core/v1:Secret", {"metadata": {"name": "x", "namespace": namespace}}), nothing
        )


RELEASE = "kubernetes:helm.sh/v3:Release"


def test_a_release_is_made_anew_under_another_name_or_in_another_namespace() -> None:
    old = {"name": "a", "namespace": "b", "version": "1", "values": {"x": 1}}
    assert replaced(KUBERNETES, RELEASE, old, {**old, "version": "2", "values": {"x": 2}}) == (set(), False)
    assert replaced(KUBERNETES, RELEASE, old, {**old, "name": "c"}) == ({"name"}, False)
    assert replaced(KUBERNETES, RELEASE, old, {**old, "namespace": "c"}) == ({"namespace"}, False)


def test_a_release_without_a_name_keeps_the_one_it_got() -> None:
    first, _ = KUBERNETES.check(subject(RELEASE, {"chart": "x"}), None, nothing)
    assert first["name"].startswith("thing-")
    assert first["namespace"] == "default"
    again, _ = KUBERNETES.check(subject(RELEASE, {"chart": "x", "version": "2"}), first, nothing)
    assert again["name"] == first["name"]


def test_two_releases_of_one_name_in_one_namespace_are_one() -> None:
    one = KUBERNETES.key(subject(RELEASE, {"name": "a", "namespace": "b"}))
    assert one is not None
    assert one == KUBERNETES.key(subject(RELEASE, {"name": "a", "namespace": "b", "chart": "other"}))
    assert one != KUBERNETES.key(subject(RELEASE, {"name": "a", "namespace": "c"}))
