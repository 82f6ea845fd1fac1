"""Nothing is lost by one edit: each rule is tried on the real engine, with the shipped stack files.

And what docs/guides/take-away-on-purpose.md says does take away, in its steps.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal.session import Result, Session
from tests.stacks.shipped import PROJECT, ROOT, STACKS

Sections = dict[str, Any]


def edited(stack: str, change: Callable[[Sections], None]) -> str:
    """A shipped stack file after an edit of its sections."""
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]
    own = {key.removeprefix(f"{PROJECT}:"): value for key, value in config.items() if key.startswith(f"{PROJECT}:")}
    foreign = {key: value for key, value in config.items() if not key.startswith(f"{PROJECT}:")}
    change(own)
    return yaml.safe_dump(
        {"config": foreign | {f"{PROJECT}:{key}": value for key, value in own.items()}}, sort_keys=False
    )


def unchanged(_: Sections) -> None:
    """The file as it is shipped."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped project without its contracts: what an app needs is not what is tried here."""
    folder: Path = tmp_path_factory.mktemp("project")
    shipped = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    shipped.pop("config", None)
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({**shipped, "main": str(ROOT)}), encoding="utf-8")
    for stack in STACKS:
        (folder / f"Pulumi.{stack}.yaml").write_text(edited(stack, unchanged), encoding="utf-8")
    return folder


@pytest.fixture(scope="module", params=["dev", "prod"])
def deployed(request: pytest.FixtureRequest, project: Path) -> Iterator[Session]:
    """A shipped stack that is up. Tests only preview on it."""
    with Session(project, request.param) as session:
        assert session.up().exit_code == 0
        yield session


@pytest.fixture(scope="module")
def prod(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """The shipped prod stack, up, for tests that change it step by step."""
    folder: Path = tmp_path_factory.mktemp("state") / "prod"
    with Session(project, "prod", state=folder) as session:
        assert session.up().exit_code == 0
        yield session


def preview(session: Session, change: Callable[[Sections], None], stack: str | None = None) -> Result:
    session.stack_text = edited(stack or session.stack, change)
    try:
        return session.preview()
    finally:
        session.stack_text = None


def refused(result: Result) -> bool:
    return result.exit_code != 0 and ("cannot be deleted" in result.text or "unable to replace" in result.text)


def to_postgres(entry: Sections) -> Sections:
    """An app's connection to its database."""
    return next(connection for connection in entry["connects_to"] if "postgres" in connection)


def rename(sections: Sections, old: str, new: str) -> None:
    """An app under another name, with everything that points at it."""
    apps = sections["app_services"]
    apps[new] = apps.pop(old)
    for entry in apps.values():
        for connection in entry.get("connects_to", ()):
            if connection.get("app") == old:
                connection |= {"app": new, "as": old.upper()}
    for site in sections["cdn_frontends"].values():
        for proxy in site.get("proxies", {}).values():
            proxy["app"] = new if proxy["app"] == old else proxy["app"]
    for connection in apps[new].get("connects_to", ()):
        if "postgres" in connection:
            connection.setdefault("database", old)
    for site in sections["cdn_frontends"].values():
        for proxy in site.get("proxies", {}).values():
            proxy["app"] = new if proxy["app"] == old else proxy["app"]


def disconnect(sections: Sections) -> None:
    """No app uses a database any more."""
    for entry in sections["app_services"].values():
        entry.pop("migrations", None)
        entry["connects_to"] = [c for c in entry.get("connects_to", ()) if "postgres" not in c]


def test_a_second_rehearsal_changes_nothing(deployed: Session) -> None:
    changes = deployed.up().changes
    assert set(changes) == {"same"}


def test_a_new_image_is_an_update_in_place_on_kubernetes(prod: Session) -> None:
    def bump(sections: Sections) -> None:
        web = sections["cdn_frontends"]["web"]
        web["image"] = web["image"][:-1] + "7"

    result = preview(prod, bump)
    assert result.exit_code == 0
    assert result.changes.get("update") == 2, "the component and its Deployment"
    assert result.changes.get("replace") == 1, "its configuration: the cache's keys hold the release"
    assert set(result.changes) == {"same", "update", "replace"}


def test_renaming_a_front_end_that_owns_nothing_shows_what_goes_and_what_comes(deployed: Session) -> None:
    def rename_the_site(sections: Sections) -> None:
        sections["cdn_frontends"]["page"] = sections["cdn_frontends"].pop("web")

    result = preview(deployed, rename_the_site)
    assert result.exit_code == 0
    assert result.changes["delete"] > 0
    assert result.changes["create"] > 0


def test_renaming_an_app_with_generated_credentials_is_refused(deployed: Session) -> None:
    assert refused(preview(deployed, lambda sections: rename(sections, "api", "interface")))


def test_deleting_a_server_is_refused(deployed: Session) -> None:
    def delete(sections: Sections) -> None:
        del sections["postgres_clusters"]
        disconnect(sections)

    assert refused(preview(deployed, delete))


def test_deleting_a_database_is_refused(prod: Session) -> None:
    def delete(sections: Sections) -> None:
        sections["postgres_clusters"]["main"]["databases"] = {"other": {}}
        to_postgres(sections["app_services"]["api"])["database"] = "other"

    assert refused(preview(prod, delete))


def test_deleting_an_apps_connection_is_refused(deployed: Session) -> None:
    assert refused(preview(deployed, disconnect))


def test_another_prefix_is_refused(deployed: Session) -> None:
    assert refused(preview(deployed, lambda sections: sections["environment"].update(name="other")))


def test_another_target_is_refused(deployed: Session) -> None:
    assert refused(preview(deployed, unchanged, "staging" if deployed.stack == "dev" else "dev"))


def test_another_length_of_a_generated_secret_is_refused(deployed: Session) -> None:
    def lengthen(sections: Sections) -> None:
        sections["app_services"]["api"]["env"]["SESSION_KEY"]["generate"] = 48

    assert refused(preview(deployed, lengthen))


@pytest.mark.parametrize("deployed", ["dev"], indirect=True)
def test_another_major_on_docker_starts_on_a_volume_of_its_own_and_the_old_one_is_not_given_up(
    deployed: Session,
) -> None:
    result = preview(deployed, lambda sections: sections["postgres_clusters"]["main"].update(major=17))
    assert refused(result)
    assert "main-data" in result.text


def test_lifting_protection_shows_in_the_preview_and_deletes_nothing(deployed: Session) -> None:
    result = preview(deployed, lambda sections: sections["postgres_clusters"]["main"].update(deletion_protection=False))
    assert result.exit_code == 0
    assert "delete" not in result.changes


def test_the_guide_renames_an_app_with_credentials_in_three_steps(prod: Session) -> None:
    def both(sections: Sections) -> None:
        old = copy.deepcopy(sections["app_services"]["api"])
        del old["route"]
        rename(sections, "api", "interface")
        sections["app_services"]["api"] = old
        sections["postgres_clusters"]["main"]["max_connections"] = 400
        sections["environment"]["target"]["quota"].update(cpu="64", memory="256Gi", pods=100)

    def unprotected(sections: Sections) -> None:
        both(sections)
        old = copy.deepcopy(sections["app_services"]["api"]) | {"deletion_protection": False}
        for connection in old["connects_to"]:
            if connection.keys() & {"postgres", "redis"}:
                connection["deletion_protection"] = False
        sections["app_services"]["api"] = old

    steps = (both, unprotected, lambda sections: rename(sections, "api", "interface"))
    for number, step in enumerate(steps, 1):
        prod.stack_text = edited("prod", step)
        result = prod.up()
        assert result.exit_code == 0, f"step {number}:\n{result.text}"
    assert "main-api-database" in str(prod.export()), "the database belongs to the server and stays"
    assert "main-api-role" not in str(prod.export())
