"""What the guides of a day on one machine and of a new service say about the dev stack is so."""

from __future__ import annotations

import re
import textwrap

import pulumi
import yaml

import config
import topology
from stack_file import PROJECT_FILE, StackFile
from tests.stacks.refusals.case import as_the_engine_reads
from tests.stacks.shipped import PROJECT, ROOT, recorded

GUIDE = (ROOT / "docs" / "guides" / "develop-on-docker.md").read_text(encoding="utf-8")


def test_the_guide_names_every_port_that_must_be_free() -> None:
    said = re.search(r"nothing else running on\n(.*?)\.", GUIDE, re.DOTALL)
    assert said is not None
    containers = recorded("dev").of_type("docker:index/container:Container")
    published = {port["external"] for each in containers for port in each.inputs.get("ports", [])}
    assert {int(number) for number in re.findall(r"\d+", said[1])} == published


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
