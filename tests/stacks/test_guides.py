"""What the guide of a day on one machine says about the dev stack is so."""

from __future__ import annotations

import re

from tests.stacks.shipped import ROOT, recorded

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
