"""What the engine, the program and the stand-ins do together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rehearsal.session import Result, Session
from tests.kit.ciphertexts import ciphertext
from tests.rehearsal.conftest import Folder

EVERYTHING = """
namespace = k8s.core.v1.Namespace("web", metadata={"name": "web"}, opts=on)
inside = namespace.metadata["name"]
password = random.RandomPassword("password", length=20, special=False)
settings = k8s.core.v1.ConfigMap("settings", metadata={"namespace": inside}, data={"size": "3"}, opts=on)
secret = k8s.core.v1.Secret("secret", metadata={"namespace": inside}, string_data={"password": password.result}, opts=on)
service = k8s.core.v1.Service("web", metadata={"name": "web", "namespace": inside}, spec={"ports": [{"port": 80}]}, opts=on)
image = docker.RemoteImage("nginx", name="nginx:1")
network = docker.Network("front")
volume = docker.Volume("data", name="data")
once = docker.Container("once", image=image.image_id, must_run=False, networks_advanced=[{"name": network.name}])
for name, value in {
    "address": service.spec.cluster_ip,
    "uid": namespace.metadata.uid,
    "phase": namespace.status.phase,
    "image": image.image_id,
    "network": network.name,
    "scope": network.scope,
    "mountpoint": volume.mountpoint,
    "exit": once.exit_code,
    "password": pulumi.Output.unsecret(password.result),
    "settings": settings.metadata["name"],
}.items():
    pulumi.export(name, value)
"""


def outputs(session: Session) -> dict[str, Any]:
    resources = session.export()["deployment"]["resources"]
    return next(r["outputs"] for r in resources if r["type"] == "pulumi:pulumi:Stack")


def ok(result: Result) -> Result:
    assert result.exit_code == 0, result.text
    return result


def steps(result: Result) -> dict[str, list[str]]:
    """Logical name -> operations, in their order."""
    found: dict[str, list[str]] = {}
    for line in result.events.read_text(encoding="utf-8").splitlines():
        if event := json.loads(line).get("resourcePreEvent"):
            found.setdefault(event["metadata"]["urn"].rpartition("::")[2], []).append(event["metadata"]["op"])
    return found


def test_preview_leaves_computed_outputs_unknown_and_up_gives_them_the_same_values_every_time(
    folder: Folder, tmp_path: Path
) -> None:
    folder.program(EVERYTHING)
    with Session(folder.path, "dev") as first:
        preview = ok(first.preview())
        for unknown in ("address", "uid", "phase", "image", "scope", "mountpoint", "exit", "password"):
            assert f"{unknown:<10}: [unknown]" in preview.text, unknown
        assert preview.changes == {"create": 12}
        ok(first.up())
        values = outputs(first)
        assert ok(first.up()).changes == {"same": 12}
        assert ok(first.preview()).changes == {"same": 12}
    assert values["exit"] == 0
    assert values["mountpoint"] == "/var/lib/docker/volumes/data/_data"
    assert values["image"].startswith("sha256:")
    assert len(values["password"]) == 20
    assert values["password"].isalnum()
    assert values["phase"] == "Active"
    folder.path.rename(tmp_path / "elsewhere")
    with Session(tmp_path / "elsewhere", "dev") as second:
        ok(second.up())
        assert outputs(second) == values


def test_a_password_stays_encrypted_and_unshown(folder: Folder, tmp_path: Path) -> None:
    folder.program(EVERYTHING.replace("pulumi.Output.unsecret(password.result)", "password.result"))
    with Session(folder.path, "dev", state=tmp_path / "state") as session:
        result = ok(session.up("--diff"))
        events = result.events.read_text(encoding="utf-8")
        password = json.loads(outputs(session)["password"]["plaintext"])
    state = (tmp_path / "state/backend/.pulumi/stacks/flat/dev.json").read_text(encoding="utf-8")
    assert len(password) == 20
    assert password not in state
    assert password not in result.text
    assert password not in events


@pytest.mark.parametrize(
    ("read", "name"),
    [
        ("docker.Container('c', image='nginx:1').bridge", "docker:index/container:Container `c`"),
        ("random.RandomPassword('p', length=9).bcrypt_hash", "random:index/randomPassword:RandomPassword `p`"),
        ("k8s.core.v1.Node('n', opts=on).status", "kubernetes:core/v1:Node `n`"),
    ],
)
def test_reading_an_output_without_a_source_fails_by_name(
    session: Session, folder: Folder, read: str, name: str
) -> None:
    folder.program(f"value = {read}")
    result = session.preview()
    assert result.exit_code != 0
    assert f"{name}: the rehearsal has no source for the output `{read.rpartition('.')[2]}`" in result.text
    assert "Traceback" not in result.text


def test_replacements_and_their_order(session: Session, folder: Folder) -> None:
    body = """
    pair = {{"app": "web-{n}"}}
    k8s.core.v1.Namespace("web", metadata={{"name": "web"}}, opts=on)
    for logical, metadata in {{"fixed": {{"name": "fixed"}}, "auto": {{}}}}.items():
        k8s.core.v1.ConfigMap(logical, metadata=metadata, data={{"n": "{n}"}}, opts=on)
    k8s.apps.v1.StatefulSet("db", metadata={{"name": "db"}}, spec={{
        "serviceName": "db", "replicas": {n}, "revisionHistoryLimit": {n}, "selector": {{"matchLabels": {{"app": "db"}}}},
        "template": {{"metadata": {{"labels": {{"app": "db"}}}}, "spec": {{"containers": [{{"name": "db", "image": "db:1"}}]}}}},
    }}, opts=on)
    k8s.core.v1.PersistentVolumeClaim("data", metadata={{"name": "data"}}, spec={{
        "accessModes": ["ReadWriteOnce"], "resources": {{"requests": {{"storage": "{n}Gi"}}}},
    }}, opts=on)
    docker.Volume("disk", name="disk", labels=[{{"label": "n", "value": "{n}"}}])
    docker.Container("box", name="box", image="nginx:1", restart="no" if {n} == 1 else "always", envs=["N={n}"])
    docker.Container("soft", image="nginx:1", restart="no" if {n} == 1 else "always", envs=["B=1", "A=1"] if {n} == 1 else ["A=1", "B=1"])
    random.RandomPassword("password", length=10 + {n})
    """
    folder.program(body.format(n=1))
    ok(session.up())
    folder.program(body.format(n=2))
    preview = ok(session.preview("--diff", "--show-replacement-steps"))
    before = steps(preview)
    delete_first = ["delete-replaced", "replace", "create-replacement"]
    create_first = ["create-replacement", "replace", "delete-replaced"]
    assert before["fixed"] == delete_first
    assert sorted(before["auto"]) == sorted(create_first)
    assert before["auto"][0] == "create-replacement"
    assert before["db"] == delete_first
    assert before["data"] == ["update"]
    assert before["disk"] == delete_first
    assert before["box"] == delete_first
    assert before["soft"] == ["update"]
    assert before["password"][0] == "create-replacement"
    ok(session.up())
    assert set(ok(session.preview()).changes) == {"same"}


def test_names_are_unique_per_cluster_and_namespaces_must_exist(session: Session, folder: Folder) -> None:
    folder.program("""
    for logical, provider in {"one": cluster, "two": other}.items():
        k8s.core.v1.Service(logical, metadata={"name": "web"}, opts=ResourceOptions(provider=provider))
    """)
    ok(session.up())
    folder.program("""
    for logical, provider in {"one": cluster, "two": other, "three": cluster}.items():
        k8s.core.v1.Service(logical, metadata={"name": "web"}, opts=ResourceOptions(provider=provider))
    k8s.core.v1.Service("lost", metadata={"name": "lost", "namespace": "nowhere"}, opts=on)
    docker.Network("a", name="same")
    docker.Network("b", name="same", opts=ResourceOptions(depends_on=[]))
    """)
    ok(session.preview())
    result = session.up("--continue-on-error")
    assert result.exit_code != 0
    assert "was not successfully created by the Kubernetes API server" in result.text
    assert '"web" already exists' in result.text
    assert 'namespaces "nowhere" not found' in result.text
    assert "unable to create network" in result.text


def test_strict_mode_wants_kubeconfig_and_context(session: Session, folder: Folder) -> None:
    folder.stack("config:\n  kubernetes:strictMode: true\n")
    folder.program('k8s.core.v1.Namespace("web")')
    result = session.preview()
    assert result.exit_code != 0
    assert "strict mode prohibits default provider" in result.text
    folder.stack("config:\n  kubernetes:strictMode: true\n")
    folder.program('k8s.core.v1.Namespace("web", opts=on)')
    ok(session.preview())


def test_protection_speaks_as_it_does_in_reality(session: Session, folder: Folder) -> None:
    folder.program('docker.Volume("disk", name="disk", opts=ResourceOptions(protect=True))')
    ok(session.up())
    folder.program("")
    assert "cannot be deleted" in session.preview().text
    assert ok(session.preview("--ignore-protect")).changes["delete"] == 1


def test_what_the_provider_alone_can_answer_is_refused_by_name(session: Session, folder: Folder) -> None:
    folder.program('docker.get_network(name="front")')
    result = session.preview()
    assert result.exit_code != 0
    assert "no source for the function docker:index/getNetwork:getNetwork" in result.text


def test_the_program_finds_its_project_and_none_of_the_callers_environment(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "KUBECONFIG",
        "PULUMI_ACCESS_TOKEN",
        "PULUMI_CONFIG_PASSPHRASE",
        "AWS_SECRET_ACCESS_KEY",
        "DOCKER_HOST",
    ):
        monkeypatch.setenv(name, "of the caller")
    folder.program("""
    import gc, os, pathlib
    print(sorted(pathlib.Path(pulumi.get_root_directory()).glob("Pulumi.dev.yaml"))[0].read_text())
    print("leaked:", [name for name, value in os.environ.items() if value == "of the caller"])
    print("collects:", gc.isenabled(), "home:", os.environ["HOME"])
    """)
    with Session(folder.path, "dev") as session:
        result = ok(session.preview())
    assert "flat:size: 3" in result.text
    assert "leaked: []" in result.text
    assert "collects: False" in result.text
    assert f"home: {Path.home()}" not in result.text
    assert {f.name for f in folder.path.iterdir()} - {"__pycache__"} == {
        "Pulumi.yaml",
        "Pulumi.dev.yaml",
        "__main__.py",
    }


def test_another_project_runs_the_same_program(folder: Folder, tmp_path: Path) -> None:
    folder.program("import pathlib; print('ran by', pulumi.get_project(), 'in', pathlib.Path.cwd().name)")
    elsewhere = tmp_path / "examples" / "shop"
    elsewhere.mkdir(parents=True)
    (elsewhere / "Pulumi.yaml").write_text("name: shop\nmain: ../../flat\nruntime: python\n", encoding="utf-8")
    with Session(elsewhere, "test", stack_text="config: {}") as session:
        assert "ran by shop in flat" in ok(session.preview()).text


def test_an_error_of_the_program_is_its_text(session: Session, folder: Folder) -> None:
    folder.program('raise pulumi.RunError("Pulumi.dev.yaml:2: size: is too small\\nPulumi.dev.yaml:3: x: is unknown")')
    result = session.preview()
    assert result.exit_code != 0
    assert "Pulumi.dev.yaml:2: size: is too small" in result.text
    assert "Pulumi.dev.yaml:3: x: is unknown" in result.text
    assert "Traceback" not in result.text


def test_a_rotated_secret_shows_and_a_missing_one_is_listed(session: Session, folder: Folder) -> None:
    folder.program("""
    secrets = pulumi.Config().require_secret_object("secrets")
    k8s.core.v1.Secret("keys", metadata={"name": "keys"}, string_data=secrets, opts=on)
    """)
    stack = "config:\n  flat:secrets:\n    coin: {{secure: {cipher}}}\n  flat:apps: {{api: {{secret: session}}}}\n"
    folder.stack(stack.format(cipher=ciphertext("one")))
    result = ok(session.up())
    assert any("`session` is not set" in note and "pulumi config set --secret" in note for note in result.notes)
    assert any("Pulumi.dev.yaml: placeholders stand in for secret values: 1" in note for note in result.notes)
    assert ok(session.preview()).changes == {"same": 4}
    folder.stack(stack.format(cipher=ciphertext("two")))
    result = ok(session.preview("--diff"))
    assert result.changes == {"same": 3, "replace": 1}
    assert "rehearsal-" not in result.text


def test_the_kubeconfig_decides_whether_a_provider_change_replaces(session: Session, folder: Folder) -> None:
    body = """
    import json
    server = {{"clusters": [{{"name": "c", "cluster": {{"server": "https://{server}"}}}}], "contexts": [{{"name": "x", "context": {{"cluster": "c"}}}}]}}
    there = k8s.Provider("there", kubeconfig=json.dumps(server), context="x", cluster_identifier={identifier})
    k8s.core.v1.Namespace("web", metadata={{"name": "web"}}, opts=ResourceOptions(provider=there))
    """
    folder.program(body.format(server="a", identifier=None))
    ok(session.up())
    folder.program(body.format(server="b", identifier=None))
    assert ok(session.preview()).changes["replace"] == 2
    folder.program(body.format(server="a", identifier="'one'"))
    ok(session.up())
    folder.program(body.format(server="b", identifier="'one'"))
    assert ok(session.preview()).changes == {"same": 4, "update": 1}


REASON = "is too small"


@pytest.mark.parametrize(
    ("body", "said", "echoed"),
    [
        (f'raise pulumi.RunError("Pulumi.dev.yaml:2: size: {REASON}")', REASON, False),
        (f'raise ValueError("{REASON}")', f"ValueError: {REASON}", False),
        ("import os; os._exit(3)", "program exited with non-zero exit code: 3", True),
    ],
)
def test_the_hosts_echo_is_left_out_where_the_program_has_said_why(
    body: str, said: str, echoed: bool, folder: Folder
) -> None:
    """An end without a reason of its own keeps the only line that it has."""
    folder.program(body)
    heard: list[str] = []
    with Session(folder.path, "dev", tell=heard.append) as session:
        result = session.preview("--color=always")
    assert result.exit_code != 0
    assert said in result.text
    assert ("an unhandled error occurred" in result.text) is echoed
    assert result.text == "\n".join(heard)
