"""Nothing is lost by one edit: each rule is tried on the real engine, with the shipped stack files.

And what docs/guides/take-away-on-purpose.md says does take away, in its steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.session import Result, Session
from tests.stacks.shipped import ROOT


def text_of(stack: str) -> str:
    return (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module", params=["dev", "prod"])
def deployed(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A shipped stack that is up. Tests only preview on it."""
    with Session(ROOT, request.param) as session:
        assert session.up().exit_code == 0
        yield session


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """The shipped prod stack, up, for tests that change it step by step."""
    folder: Path = tmp_path_factory.mktemp("state") / "prod"
    with Session(ROOT, "prod", state=folder) as session:
        assert session.up().exit_code == 0
        yield session


def preview(session: Session, text: str) -> Result:
    session.stack_text = text
    try:
        return session.preview()
    finally:
        session.stack_text = None


def edited(text: str, *pairs: tuple[str, str]) -> str:
    """The text with replacements, each of which must apply."""
    for pattern, replacement in pairs:
        text, count = re.subn(pattern, replacement, text, flags=re.DOTALL)
        assert count, pattern
    return text


NO_MIGRATIONS = (r"      migrations: [^\n]*\n", "")

RENAMED_API = (
    (r"\n    api:\n", "\n    interface:\n"),
    (r"postgres: main, pool", "postgres: main, database: api, pool"),
    (r"\{app: api\}", "{app: interface}"),
)


def refused(result: Result) -> bool:
    return result.exit_code != 0 and ("cannot be deleted" in result.text or "unable to replace" in result.text)


def test_a_second_rehearsal_changes_nothing(deployed: Session) -> None:
    changes = deployed.up().changes
    assert set(changes) == {"same"}


def test_a_new_image_is_an_update_in_place_on_kubernetes(prod: Session) -> None:
    result = preview(prod, edited(text_of("prod"), (r"(api@sha256:0{63})1", r"\g<1>7")))
    assert result.exit_code == 0
    assert result.changes.get("update") == 2
    assert result.changes.get("replace") == 1, "the Job of its migrations"
    assert set(result.changes) == {"same", "update", "replace"}


def test_renaming_an_app_that_owns_nothing_shows_what_goes_and_what_comes(deployed: Session) -> None:
    result = preview(deployed, edited(text_of(deployed.stack), (r"\n    front:\n", "\n    page:\n")))
    assert result.exit_code == 0
    assert result.changes["delete"] > 0
    assert result.changes["create"] > 0


def test_renaming_an_app_with_generated_credentials_is_refused(deployed: Session) -> None:
    assert refused(preview(deployed, edited(text_of(deployed.stack), *RENAMED_API)))


def test_deleting_a_server_is_refused(deployed: Session) -> None:
    gone = edited(
        text_of(deployed.stack),
        (r"  blocksight:postgres_clusters:.*?(?=  blocksight:app_services)", ""),
        (r"        - \{postgres: main[^\n]*\n", "        - {app: front}\n"),
        (r"      connects_to:\n        - \{app: api\}\n", ""),
        NO_MIGRATIONS,
    )
    assert refused(preview(deployed, gone))


def test_deleting_a_database_is_refused(prod: Session) -> None:
    other = edited(
        text_of("prod"),
        (r"databases: \{api: \{\}\}", "databases: {other: {}}"),
        (r"main, pool", "main, database: other, pool"),
    )
    assert refused(preview(prod, other))


def test_deleting_an_apps_connection_is_refused(deployed: Session) -> None:
    gone = edited(
        text_of(deployed.stack),
        (r"        - \{postgres: main[^\n]*\n", "        - {external: example.com, port: 443}\n"),
        NO_MIGRATIONS,
    )
    assert refused(preview(deployed, gone))


def test_another_prefix_is_refused(deployed: Session) -> None:
    named = edited(text_of(deployed.stack), (r"(  blocksight:environment:\n)", r"\1    name: other\n"))
    assert refused(preview(deployed, named))


def test_another_target_is_refused(deployed: Session) -> None:
    other = "staging" if deployed.stack == "dev" else "dev"
    assert refused(preview(deployed, text_of(other)))


def test_another_length_of_a_generated_secret_is_refused(deployed: Session) -> None:
    assert refused(preview(deployed, edited(text_of(deployed.stack), (r"generate: 32", "generate: 48"))))


@pytest.mark.parametrize("deployed", ["dev"], indirect=True)
def test_another_major_on_docker_starts_on_a_volume_of_its_own_and_the_old_one_is_not_given_up(
    deployed: Session,
) -> None:
    result = preview(deployed, edited(text_of("dev"), (r"major: 18", "major: 17")))
    assert refused(result)
    assert "main-data" in result.text


def test_lifting_protection_shows_in_the_preview_and_deletes_nothing(deployed: Session) -> None:
    lifted = edited(text_of(deployed.stack), (r"(\n    main:\n)", r"\1      deletion_protection: false\n"))
    result = preview(deployed, lifted)
    assert result.exit_code == 0
    assert "delete" not in result.changes


def test_the_guide_renames_an_app_with_credentials_in_three_steps(prod: Session) -> None:
    start = text_of("prod")
    (entry,) = re.findall(r"\n    api:\n.*?(?=\n    front:)", start, flags=re.DOTALL)
    both = start.replace(entry, entry + edited(entry, RENAMED_API[0], RENAMED_API[1]))
    unprotected = edited(
        entry,
        (r"\n    api:\n", "\n    api:\n      deletion_protection: false\n"),
        (r"pool: 10", "pool: 10, deletion_protection: false"),
    )
    steps = (
        edited(both, (r"max_connections: 200", "max_connections: 400")),
        edited(both.replace(entry, unprotected), (r"max_connections: 200", "max_connections: 400"), RENAMED_API[2]),
        edited(start.replace(entry, edited(entry, *RENAMED_API[:2])), RENAMED_API[2]),
    )
    for number, step in enumerate(steps, 1):
        prod.stack_text = step
        result = prod.up()
        assert result.exit_code == 0, f"step {number}:\n{result.text}"
    assert "main-api-database" in str(prod.export()), "the database belongs to the server and stays"
    assert "main-api-role" not in str(prod.export())
