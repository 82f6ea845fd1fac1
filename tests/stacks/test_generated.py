"""Pages and schemas that are made from code say what the code says."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

import config
from tests.docs_tables import PAGES
from tests.generate import DOCS
from tests.stacks.shipped import PROJECT, ROOT, STACKS


@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_generated_page_is_up_to_date(page: str) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == PAGES[page](), "`make docs` writes it anew"


def test_the_schema_knows_every_section_by_its_prefixed_name() -> None:
    sections = config.schema(PROJECT)["properties"]["config"]["properties"]
    assert set(sections) == {
        f"{PROJECT}:{name}"
        for name in [*config.StackConfig.model_fields, "secrets"]
        if name not in config.OF_THE_PROJECT
    }


@pytest.mark.parametrize("stack", STACKS)
def test_the_schema_describes_the_keys_that_the_shipped_files_use(stack: str) -> None:
    schema = config.schema(PROJECT)
    json.dumps(schema)
    given = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]
    kinds = {"web": "WebSpec", "worker": "WorkerSpec", "stateful": "StatefulSpec"}
    for app in given[f"{PROJECT}:app_services"].values():
        described: dict[str, Any] = schema["$defs"][kinds[app.get("kind", "web")]]["properties"]
        assert set(app) <= set(described)


def test_every_key_of_the_schema_says_what_it_is() -> None:
    silent = [
        f"{name}.{key}"
        for name, definition in config.schema(PROJECT)["$defs"].items()
        for key, field in definition.get("properties", {}).items()
        if not {"description", "const"} & field.keys()
    ]
    assert silent == []
