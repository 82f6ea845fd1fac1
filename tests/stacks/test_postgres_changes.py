"""Edits of a server that runs, on the real engine: what goes through as an update, what is refused, what the review blocks."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from rehearsal.session import Session
from review import cost, events, state
from review.flags import Case, Limits
from review.flags.finding import Finding, Grade
from review.report import Asked, judge
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


def blocked(session: Session, change: Callable[[Sections], None]) -> list[Finding]:
    """What the review holds against a change that the engine lets through."""
    result = preview(session, change)
    assert result.exit_code == 0, result.text
    case = Case(
        events.read(result.events),
        state.parse(session.export(), "state"),
        cost.Prices.read(cost.SHIPPED),
        Limits(),
        frozenset(),
    )
    return [found for found in judge(case, Asked()).findings if found.grade is Grade.BLOCK]


def test_nothing_changes_by_itself(prod: Session) -> None:
    result = preview(prod, unchanged)
    assert result.exit_code == 0, result.text
    assert set(result.changes) == {"same"}


@pytest.mark.parametrize(
    "change",
    [{"storage": {"size": "50Gi"}}, {"wal": {"size": "10Gi"}}],
    ids=["data", "log"],
)
def test_a_shrunk_volume_is_blocked_by_the_review(prod: Session, change: Sections) -> None:
    found = blocked(prod, lambda s: _main(s).update(change))
    assert [each.flag for each in found if "no volume can shrink" in each.sentence] == ["F1"]
    assert found[0].label == "Cluster blocksight-prod/main"


def test_a_grown_volume_is_not_blocked(prod: Session) -> None:
    assert blocked(prod, lambda s: _main(s).update(storage={"size": "150Gi"})) == []


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
    assert result.changes.get("delete") == 3  # the pooler, its budget, and what scrapes it
    assert "replace" not in result.changes


def test_the_copy_of_the_guide_comes_and_goes_by_one_edit_each(prod: Session) -> None:
    """Beside the server whose archive it is made from, in a stack that promises how it survives the loss of its site."""
    guide = (ROOT / "docs" / "guides" / "restore-a-server.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n( +main-past:.*?)```", guide, re.DOTALL)
    copy = yaml.safe_load(textwrap.dedent(block))
    prod.stack_text = edited("prod", lambda s: s["postgres_clusters"].update(copy))
    came = prod.up()
    assert came.exit_code == 0, came.text
    assert "replace" not in came.changes
    prod.stack_text = edited("prod", unchanged)
    gone = prod.up()
    assert gone.exit_code == 0, gone.text
    assert gone.changes["delete"] >= 3  # the Cluster, its policy, its database
    assert "main-past-cluster" in gone.text


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


@pytest.fixture(scope="module")
def risky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """prod, with migrations that have waited for a backup."""
    with Session(ROOT, "prod", state=tmp_path_factory.mktemp("state") / "risky") as session:
        session.stack_text = edited("prod", _risky)
        result = session.up()
        assert result.exit_code == 0, result.text
        yield session


def _risky(sections: Sections) -> None:
    sections["app_services"]["api"]["migrations"]["risky"] = True


def test_the_next_release_takes_a_backup_of_its_own(risky: Session) -> None:
    def release(sections: Sections) -> None:
        _risky(sections)
        sections["app_services"]["api"]["image"] = "ghcr.io/blocksight/api@sha256:" + "2" * 64

    result = preview(risky, release)
    assert result.exit_code == 0, result.text
    replaced = [line for line in result.text.splitlines() if line.strip().startswith("+-")]
    assert any("api-main-backup" in line for line in replaced), result.text
    assert any("api-migrations" in line for line in replaced), result.text


def test_an_edit_that_is_no_release_takes_none(risky: Session) -> None:
    def scale(sections: Sections) -> None:
        _risky(sections)
        sections["app_services"]["api"]["autoscaling"]["max"] += 1

    result = preview(risky, scale)
    assert result.exit_code == 0, result.text
    assert "api-main-backup" not in result.text
