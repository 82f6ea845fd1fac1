"""What a rehearsal remembers between two sessions, and how it takes a violent end."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from rehearsal.objects import Objects, Record
from rehearsal.problems import RehearsalError
from rehearsal.providers.model import Key, RefusalError
from rehearsal.session import Session
from tests.kit.killing import descendants, needs_proc, opened, start, until_created, wait_for_end
from tests.rehearsal.conftest import Folder

MANY = """
k8s.core.v1.Namespace("web", metadata={"name": "web"}, opts=on)
for n in range(20):
    k8s.core.v1.ConfigMap(f"fixed-{n}", metadata={"name": f"fixed-{n}"}, data={"n": "1"}, opts=on)
    k8s.core.v1.ConfigMap(f"auto-{n}", data={"n": "1"}, opts=on)
"""


def record(name: str, namespace: str = "web", kind: str = "core/ConfigMap") -> Record:
    return Record(
        "kubernetes:core/v1:ConfigMap",
        f"{namespace}/{name}",
        f"urn::{name}",
        "run",
        Key("a", kind, namespace, name),
        {},
    )


def test_objects_survive_on_disk_and_names_are_taken_once(tmp_path: Path) -> None:
    Objects(tmp_path / "objects").add(record("one"))
    again = Objects(tmp_path / "objects")
    assert again.taken(Key("a", "core/ConfigMap", "web", "one"))
    assert not again.taken(Key("b", "core/ConfigMap", "web", "one"))
    with pytest.raises(RefusalError, match='"one" already exists; urn::one made it'):
        again.add(record("one"))
    again.remove(record("one"))
    again.remove(record("one"))
    assert list(Objects(tmp_path / "objects")) == []


def test_a_namespace_takes_its_objects_with_it() -> None:
    objects = Objects(None)
    for made in (record("one"), record("two", "other"), record("web", "", "core/Namespace")):
        objects.add(made)
    objects.remove(record("web", "", "core/Namespace"))
    assert [r.id for r in objects] == ["other/two"]


def test_a_folder_of_somebody_else_is_refused(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    with (
        pytest.raises(RehearsalError, match="was not made by a rehearsal"),
        Session(folder.path, "dev", state=tmp_path / "precious"),
    ):
        pass
    assert [f.name for f in (tmp_path / "precious").iterdir()] == ["file"]


def test_a_folder_in_use_is_refused(folder: Folder, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with (
        Session(folder.path, "dev", state=state),
        pytest.raises(RehearsalError, match="another rehearsal uses it"),
        Session(folder.path, "dev", state=state),
    ):
        pass


def objects_and_resources(session: Session, state: Path) -> tuple[list[str], list[str]]:
    objects = [json.loads(f.read_text(encoding="utf-8"))["id"] for f in (state / "objects").glob("*.json")]
    resources: list[dict[str, Any]] = session.export()["deployment"]["resources"]
    return sorted(objects), sorted(r["id"] for r in resources if r["type"].startswith("kubernetes:"))


@needs_proc
def test_a_killed_up_is_resumed_without_loss_or_duplicate(folder: Folder, tmp_path: Path) -> None:
    folder.program(MANY)
    state = tmp_path / "state"
    process = start(folder.path, "dev", state)
    until_created(process, 10)
    below = descendants(process.pid)
    process.kill()
    process.communicate()
    assert below
    wait_for_end(below, 30)
    assert not list(tmp_path.glob("slipway-*"))
    with opened(folder.path, "dev", state) as session:
        result = session.up()
        assert result.exit_code == 0, result.text
        assert result.changes["create"] < 44
        objects, resources = objects_and_resources(session, state)
        assert objects == resources
        assert len(resources) == 41
        assert session.up().changes == {"same": 44}


def test_a_kill_in_the_middle_of_what_lies_beside_a_checkpoint_costs_nothing(folder: Folder, tmp_path: Path) -> None:
    folder.program(MANY)
    state = tmp_path / "state"
    with Session(folder.path, "dev", state=state) as session:
        assert session.up().exit_code == 0
    backend = state / "backend"
    assert not list(backend.rglob("*.attrs")), "the engine does not replace them at once"
    (checkpoint,) = (backend / ".pulumi" / "stacks").rglob("*.json")
    checkpoint.with_name(f"{checkpoint.name}.attrs").touch()  # by an engine of before, killed
    (state / "running").write_text(json.dumps(["a run", checkpoint.parent.name, "dev"]), encoding="utf-8")
    with Session(folder.path, "dev", state=state) as session:
        assert session.up().changes == {"same": 44}


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_in_good_order(folder: Folder, tmp_path: Path, number: signal.Signals) -> None:
    folder.program(MANY)
    process = start(folder.path, "dev", tmp_path / "state")
    until_created(process, 5)
    below = descendants(process.pid)
    process.send_signal(number)
    process.communicate(timeout=40)
    assert process.returncode != 0
    wait_for_end(below, 1)
    assert not list(tmp_path.glob("slipway-*"))
    with Session(folder.path, "dev", state=tmp_path / "state") as session:
        assert session.up().exit_code == 0
        objects, resources = objects_and_resources(session, tmp_path / "state")
        assert objects == resources
        assert len(resources) == 41
