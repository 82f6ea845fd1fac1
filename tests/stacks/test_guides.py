"""What the guides show can be pasted, and what they say of the dev stack is so."""

from __future__ import annotations

import functools
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

import config
import topology
from stack_file import PROJECT_FILE, StackFile
from tests.stacks.refusals.case import as_the_engine_reads
from tests.stacks.shipped import PROJECT, ROOT, plan, recorded, values

GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
GUIDE = (ROOT / "docs" / "guides" / "develop-on-docker.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^( *)```yaml\n(.*?)^ *```", re.DOTALL | re.MULTILINE)

PLACES: Mapping[str, tuple[str, ...]] = {
    "develop-on-docker": ("app_services",),
    "kinds-of-apps": ("app_services", "app_services", "app_services", ""),
    "reach-an-app-from-outside": ("", "app_services", "app_services", "app_services", "", ""),
    "restore-a-server": ("postgres_clusters", "postgres_clusters.main-past", "postgres_clusters.main"),
    "upgrade-postgres": ("postgres_clusters.main",),
    "use-a-bucket": ("", ""),
    "use-a-cache-or-a-store": ("", "app_services.electrs", "app_services.electrs"),
    "watch-a-stack": ("",),
    "watch-an-app": (
        "app_services",
        "app_services.api",
        "app_services.api",
        "app_services.api",
        "app_services.api",
    ),
}
"""Where each YAML block of a guide is pasted, in their order: below `config:`, a section, or one of its instances."""

ELSEWHERE = {"add-a-service": 1, "cluster": 1}
"""Blocks that tests of their own hold: the next one here, and that of the cluster layer."""

BEFORE: Mapping[str, Mapping[str, Any]] = {
    "restore-a-server": {"object_stores": {"backups-us": {"bucket": "s3://blocksight-backups/us"}}},
}
"""What a guide says in words that a person has."""

API = "app_services.api"
KEDA: Mapping[str, Any] = {
    "environment": {"target": {"cluster": {"operators": {"keda": {"version": "2.21", "namespace": "keda"}}}}},
}
"""What scaling by a queue needs beside the queue."""

IN_A_SENTENCE = (
    ("develop-on-docker", "dev", f"{API}.docker", "build: {context: ../api}"),
    ("develop-on-docker", "dev", API, "ports: {http: 8000, debug: 9229}"),
    ("develop-on-docker", "dev", API, "docker: {env_file: ./api.env}"),
    ("develop-on-docker", "dev", API, "docker: {seed: {command: [npm, run, seed]}}"),
    ("kinds-of-apps", "prod", API, "migrations: {command: [npm, run, migrate]}"),
    ("kinds-of-apps", "prod", API, 'jobs: {cleanup: {schedule: "15 3 * * *", command: [npm, run, cleanup]}}'),
    ("kinds-of-apps", "prod", API, "autoscaling: {min: 3, max: 12, cpu_percent: 65}"),
    (
        "kinds-of-apps",
        "prod",
        f"{API}.autoscaling",
        'queue: {postgres: main, query: "SELECT count(*) FROM mails WHERE sent_at IS NULL", each: 50}',
    ),
    ("release", "prod", API, "rollout: {smoke: {command: [npm, run, smoke]}}"),
    ("reach-an-app-from-outside", "prod", "edge.certificates.main", "acme: production"),
    ("reach-an-app-from-outside", "prod", f"{API}.route", "allow_from: [203.0.113.0/24]"),
    ("reach-an-app-from-outside", "prod", f"{API}.route", "circuit: {failures: 5, requests: 200}"),
    ("reach-an-app-from-outside", "prod", "edge.waf", "mode: block"),
    (
        "reach-an-app-from-outside",
        "prod",
        "cdn_frontends.web.headers",
        'csp: {connect: [self, "https://api.blocksight.live"]}',
    ),
    (
        "watch-a-stack",
        "prod",
        "monitoring",
        "metrics: {expected_series: 50000, scrape_interval: 30s, retention: 15d}",
    ),
)
"""Guide, stack, place and text."""


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_what_a_guide_shows_can_be_pasted_in_its_order(guide: Path) -> None:
    """At the depth where it stands, over what the blocks before it have made of the shipped stack."""
    name = guide.stem
    blocks: list[tuple[str, str]] = BLOCK.findall(guide.read_text(encoding="utf-8"))
    places = PLACES.get(name, ())
    assert len(blocks) == len(places) + ELSEWHERE.get(name, 0)
    stack = "dev" if name == "develop-on-docker" else "prod"
    given = functools.reduce(_pasted, BEFORE.get(name, {}).items(), values(stack))
    for place, (fence, block) in zip(places, blocks, strict=False):
        parts = tuple(filter(None, place.split(".")))
        assert len(block) - len(block.lstrip()) == len(fence) + 2 * (1 + len(parts)), f"depth of\n{block}"
        shown = yaml.safe_load(textwrap.dedent(block).replace("@sha256:...", f"@sha256:{'5' * 64}"))
        if not parts:
            # What is for Pulumi.yaml stands below `value`.
            shown = {key.removeprefix(f"{PROJECT}:"): part.get("value", part) for key, part in shown.items()}
        for part in reversed(parts):
            shown = {part: shown}
        given = functools.reduce(_pasted, shown.items(), given)
        given = _pasted(given, ("secrets", dict.fromkeys(re.findall(r"secret: (\w+)", block), "set")))
        plan(stack, given)


@pytest.mark.parametrize(("guide", "stack", "place", "code"), IN_A_SENTENCE)
def test_what_a_guide_says_in_a_sentence_is_accepted(guide: str, stack: str, place: str, code: str) -> None:
    text = (ROOT / "docs" / "guides" / f"{guide}.md").read_text(encoding="utf-8")
    assert f"`{code}`" in " ".join(text.split())
    change = yaml.safe_load(code)
    for part in reversed(place.split(".")):
        change = {part: change}
    given = functools.reduce(_pasted, KEDA.items(), values(stack)) if "queue" in code else values(stack)
    plan(stack, functools.reduce(_pasted, change.items(), given))


def _pasted(given: dict[str, Any], change: tuple[str, Any]) -> dict[str, Any]:
    section, value = change
    key = f"{PROJECT}:{section}"
    return {**given, key: _merged(given.get(key), value)}


def _merged(before: Any, shown: Any) -> Any:
    """Keys and entries that are there already give way; others stay. Numbers in a row are one value."""
    match before, shown:
        case dict(), dict():
            return {**before, **{key: _merged(before.get(key), value) for key, value in shown.items()}}
        case list(), [str() | dict(), *_]:
            return [*(entry for entry in before if entry not in shown), *shown]
        case _:
            return shown


def test_the_guide_names_every_port_that_must_be_free() -> None:
    said = re.search(r"nothing else running on\n(.*?)\.", GUIDE, re.DOTALL)
    assert said is not None
    containers = recorded("dev").of_type("docker:index/container:Container")
    published = {port["external"] for each in containers for port in each.inputs.get("ports", [])}
    assert {int(number) for number in re.findall(r"\d+", said[1])} == published, "at the top of develop-on-docker.md"


def test_the_guide_names_every_volume_that_is_kept() -> None:
    volumes = recorded("dev").of_type("docker:index/volume:Volume")
    kept = {str(each.inputs["name"]) for each in volumes if each.protect}
    assert set(re.findall(r"`(blocksight-dev-[-a-z0-9]+)`", GUIDE.partition("## Stop")[2])) == kept


def test_a_service_that_is_added_as_the_guide_says_is_refused_and_then_accepted_as_it_says() -> None:
    guide = (ROOT / "docs" / "guides" / "add-a-service.md").read_text(encoding="utf-8")
    entry, told = (
        textwrap.indent(textwrap.dedent(block), before)
        for block, before in (
            (re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)[0], "    "),
            (re.findall(r"```text\n(.*?)```", guide, re.DOTALL)[0], ""),
        )
    )
    shipped = (ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    # Whoever followed the guide to its last step runs this test as well.
    shipped = re.sub(r"^    ratings:\n(     .*\n)+", "", shipped, flags=re.MULTILINE).replace(", ratings: {}", "")
    section = f"  {PROJECT}:app_services:\n"
    assert shipped.count(section) == 1
    text = shipped.replace(section, section + entry)
    assert _refusal(text)[1:] == told.splitlines()[:1]
    assert _refusal(text.replace("databases: {api: {}}", "databases: {api: {}, ratings: {}}")) == []


def _refusal(text: str) -> list[str]:
    shared = (ROOT / PROJECT_FILE).read_text(encoding="utf-8")
    declared = yaml.safe_load(shared)["config"]
    values = {f"{PROJECT}:{key}": each["value"] for key, each in declared.items()} | as_the_engine_reads(text)
    try:
        topology.plan(config.parse(PROJECT, "dev", StackFile("Pulumi.dev.yaml", text, PROJECT, shared), values))
    except pulumi.RunError as error:
        return str(error).splitlines()
    return []
