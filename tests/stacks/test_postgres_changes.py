"""Edits of a server that runs, on the real engine: what goes through as an update, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.session import Session
from tests.stacks.shipped import ROOT
from tests.stacks.test_data_loss import Sections, edited, preview, refused, unchanged


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:

    folder: Path = tmp_path_factory.mktemp("state") / "prod"
    with Session(ROOT, "prod", state=folder) as session:
        session.stack_text = edited("prod", unchanged)
        assert session.up().exit_code == 0
        yield session


def _main(sections: Sections) -> Sections:
    return sections["postgres_clusters"]["main"]


def test_another_major_is_refused(prod: Session) -> None:
    for major in (17, 16):
        result = preview(prod, lambda s, major=major: _main(s).update(major=major))
        assert refused(result), result.text
        assert "main-cluster" in result.text


def test_another_major_with_permission_and_a_new_generation_updates_the_server_in_place(prod: Session) -> None:
    result = preview(prod, lambda s: _main(s).update(major=17, generation=2, upgrade={"allow_major": 17}))
    assert result.exit_code == 0, result.text
    assert set(result.changes) <= {"same", "update", "replace"}
    assert "main-cluster" in result.text
    assert "replaced" not in "".join(line for line in result.text.splitlines() if "main-cluster" in line)


def test_a_renamed_server_is_refused(prod: Session) -> None:
    def rename(sections: Sections) -> None:
        sections["postgres_clusters"]["primary"] = sections["postgres_clusters"].pop("main")
        for app in sections["app_services"].values():
            for connection in app.get("connects_to", ()):
                if "postgres" in connection:
                    connection["postgres"] = "primary"

    assert refused(preview(prod, rename))


def test_taking_backups_away_is_refused_as_it_takes_their_credentials(prod: Session) -> None:
    def without(sections: Sections) -> None:
        del _main(sections)["backup"], sections["environment"]["objectives"], sections["object_stores"]

    assert refused(preview(prod, without))


def test_a_pooler_comes_and_goes_without_touching_the_data(prod: Session) -> None:
    result = preview(prod, lambda s: _main(s).pop("pooler"))
    assert result.exit_code == 0, result.text
    # The pooler, its policy, and what scrapes it.
    assert result.changes.get("delete") == 3
    assert "replace" not in result.changes


def test_a_grown_volume_is_an_update(prod: Session) -> None:
    result = preview(prod, lambda s: _main(s).update(storage={"size": "150Gi"}))
    assert result.exit_code == 0, result.text
    assert result.changes.get("update", 0) >= 1
    assert "replace" not in result.changes


def test_a_connection_through_the_pooler_changes_the_app_alone(prod: Session) -> None:
    def through(sections: Sections) -> None:
        for connection in sections["app_services"]["api"]["connects_to"]:
            if "postgres" in connection:
                connection["through"] = "pooler"

    result = preview(prod, through)
    assert result.exit_code == 0, result.text
    changed = [line for line in result.text.splitlines() if line.strip().startswith(("~", "+", "-", "+-"))]
    assert any("api-deployment" in line for line in changed), result.text
    assert not any("main-" in line for line in changed)
