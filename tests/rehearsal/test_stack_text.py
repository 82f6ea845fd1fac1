"""The copy of a stack file: same lines, no real encryption, placeholders for what is secret or missing."""

from __future__ import annotations

import pytest
import yaml

from rehearsal.ciphers import placeholder
from rehearsal.problems import RehearsalError
from rehearsal.stack_text import StackText

ADDED = {"coin": {"secure": "c:x"}}


def rehearsed(text: str, *missing: str) -> str:
    parsed = StackText.parse("Pulumi.dev.yaml", text, "flat")
    replacements = {node.value: f"p-{node.value}" for node in parsed.ciphertexts()}
    return parsed.rehearsed("SALT", replacements, dict.fromkeys(missing, "x"), lambda value: f"c:{value}")


FILES = {
    "no configuration": "",
    "empty configuration": "config:\n",
    "empty mapping": "config: {}\n",
    "block": "config:\n  flat:a: 1 # one\n  flat:b:\n    - x: 1\n# end\n",
    "block that ends in text": "config:\n  flat:a: |\n    one\n    two\n",
    "no line end": "config:\n  flat:a: 1",
    "flow": "config: {flat:a: 1, flat:b: [1, 2]} # all\n",
    "other keys": "encryptionsalt: real\nconfig:\n  flat:a: 1\nsecretsprovider: passphrase\n",
    "empty secrets": "config:\n  flat:secrets: {}\n  flat:a: 1\n",
    "null secrets": "config:\n  flat:secrets:\n  flat:a: 1\n",
    "flow secrets": "config:\n  flat:secrets: {old: {secure: v1:a}}\n  flat:a: 1\n",
    "block secrets": "config:\n  flat:secrets:\n    old:\n      secure: v1:a\n    older: {secure: v1:b}\n  flat:a: 1\n",
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_a_missing_secret_is_added_and_no_other_line_moves(text: str) -> None:
    copy = rehearsed(text, "coin")
    before, after = yaml.safe_load(text) or {}, yaml.safe_load(copy)
    old = (before.get("config") or {}).get("flat:secrets") or {}
    assert after["encryptionsalt"] == "SALT"
    assert after["config"]["flat:secrets"] == ADDED | {k: {"secure": f"c:p-{v['secure']}"} for k, v in old.items()}
    assert {k: v for k, v in after["config"].items() if k != "flat:secrets"} == {
        k: v for k, v in (before.get("config") or {}).items() if k != "flat:secrets"
    }
    assert set(after) == {"config", "encryptionsalt"}
    lines = copy.splitlines()
    for number, line in enumerate(text.splitlines()):
        if "flat:a:" in line:
            assert "flat:a:" in lines[number]


def test_a_copy_without_secrets_differs_in_the_salt_alone() -> None:
    text = "encryptionsalt: real\nconfig:\n  # why\n  flat:a: '0777'\n"
    assert rehearsed(text) == "\nconfig:\n  # why\n  flat:a: '0777'\nencryptionsalt: SALT\n"


def test_every_secure_value_is_replaced_wherever_it_stands() -> None:
    copy = rehearsed(
        "config:\n  aws:key:\n    secure: v1:a\n  flat:x: {list: [{secure: v1:b}]}\n  flat:secure: plain\n"
    )
    config = yaml.safe_load(copy)["config"]
    assert config == {
        "aws:key": {"secure": "c:p-v1:a"},
        "flat:x": {"list": [{"secure": "c:p-v1:b"}]},
        "flat:secure": "plain",
    }


def test_placeholders_differ_by_origin_and_stay() -> None:
    assert placeholder("v1:a") == placeholder("v1:a") != placeholder("v1:b")


def test_what_the_file_mentions() -> None:
    text = """
config:
  flat:environment: {cluster: {operators: {pg: {namespace: cnpg-system}}, gateway: {proxy_namespace: edge}}}
  flat:apps: {api: {env: {KEY: {secret: coin}, OTHER: {secret: other}}}}
  flat:secrets: {coin: {secure: v1:a}, note: {secret: not-a-name}}
"""
    parsed = StackText.parse("Pulumi.dev.yaml", text, "flat")
    assert parsed.named_secrets() == ["coin", "other"]
    assert parsed.given_secrets() == {"coin", "note"}
    assert parsed.namespaces() == {"cnpg-system", "edge"}


def test_a_key_without_the_projects_name_is_the_projects() -> None:
    parsed = StackText.parse(
        "Pulumi.dev.yaml", "config:\n  secrets: {coin: {secure: v1:a}, note: {secret: x}}\n", "flat"
    )
    assert (parsed.named_secrets(), parsed.given_secrets()) == ([], {"coin", "note"})


def test_every_key_that_stands_twice_is_told_with_both_lines() -> None:
    with pytest.raises(RehearsalError) as told:
        rehearsed("config:\n  flat:a: 1\n  flat:b: {x: 1, x: 2}\n  flat:a: 2\n")
    assert str(told.value).splitlines() == [
        "Pulumi.dev.yaml:4: is not valid YAML: `flat:a` stands twice, first in line 2; take one of them out",
        "Pulumi.dev.yaml:3: is not valid YAML: `x` stands twice, first in line 3; take one of them out",
    ]


@pytest.mark.parametrize(
    "text",
    ["config: {a: ", "config:\n\t- x", "- a list\n", "a: 'b\n", "config:\n  - a\n", "config:\n  flat:a: &a [*a]\n"],
)
def test_what_is_no_stack_file_is_told_in_a_line_that_names_it(text: str) -> None:
    with pytest.raises(RehearsalError, match=r"^Pulumi\.dev\.yaml"):
        rehearsed(text)
