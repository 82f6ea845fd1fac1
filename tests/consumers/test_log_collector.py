"""The log collector's script, run by a Lua of the version that the collector has.

Fluent Bit itself is in no registry that this repository builds from: its pipeline is checked by `tests/cluster/test_logs.py`,
and by nothing that runs it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cluster import logs
from toolchain.consumers.lua import LUA, PROGRAM

PRINTED = """
local function printed(value)
  if type(value) ~= "table" then return tostring(value) end
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys)
  for _, key in ipairs(keys) do io.write(key, "\\t", printed(value[key]), "\\n") end
end
"""


def shaped(folder: Path, tag: str, record: Mapping[str, Any]) -> dict[str, str]:
    """What `shape` returns for a record that the collector hands over."""
    program = f"dofile({_lua(str(logs.SCRIPT))})\n{PRINTED}\nlocal code, _, made = shape({_lua(tag)}, 1, {_lua(record)})\nassert(code == 2)\nprinted(made)\n"
    script = folder / "run.lua"
    script.write_text(program, encoding="utf-8")
    done = subprocess.run([LUA.need() / PROGRAM, script], capture_output=True, text=True, check=True, timeout=30)
    return dict(line.split("\t", 1) for line in done.stdout.splitlines())


def _lua(value: Any) -> str:
    """A value as Lua writes it. JSON's escapes for quotes, backslashes and line ends are Lua's, too."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"[{_lua(key)}] = {_lua(each)}" for key, each in value.items()) + "}"
    return json.dumps(value)


def line(folder: Path, text: str) -> str:
    return shaped(folder, "kube.shop-prod.api-1.app", {"log": text})["line"]


def test_a_line_of_json_gets_its_labels_and_stays_as_it_was(tmp_path: Path) -> None:
    fields = {"level": "WARNING", "msg": "slow", "trace_id": "4bf92f35", "request_id": "r-1", "audit": True}
    text = json.dumps(fields)
    labels = {"app.kubernetes.io/instance": "api"}
    record = {"log": text, "fields": fields, "kubernetes": {"labels": labels}}
    assert shaped(tmp_path, "kube.shop-prod.api-7f8d.app", record) == {
        "line": text,
        "namespace": "shop-prod",
        "instance_name": "api",
        "level": "warn",
        "class": "audit",
        "pod": "api-7f8d",
        "container": "app",
        "request_id": "r-1",
        "trace_id": "4bf92f35",
    }


def test_a_line_without_metadata_is_kept(tmp_path: Path) -> None:
    made = shaped(tmp_path, "kube.shop-prod.api-7f8d.app", {"log": "plain"})
    assert made["line"] == "plain"
    assert (made["instance_name"], made["level"], made["class"]) == ("unknown", "info", "app")
    assert "trace_id" not in made
    assert shaped(tmp_path, "kube.shop-prod.api-1.app", {"log": "plain", "stream": "stderr"})["level"] == "warn"


@pytest.mark.parametrize(
    ("fields", "level"),
    [
        ({"level": "Error"}, "error"),
        ({"severity": "NOTICE"}, "info"),
        ({"level": 50}, "error"),
        ({"level": "info", "record": {"error_severity": "FATAL"}}, "error"),
        ({"level": "shop-7"}, "info"),
        ({"level": True}, "info"),
    ],
)
def test_levels_are_few_words(tmp_path: Path, fields: dict[str, Any], level: str) -> None:
    assert shaped(tmp_path, "kube.shop-prod.api-1.app", {"log": "x", "fields": fields})["level"] == level
    assert level in logs.LEVELS


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (r'{"password":"a\"b\\","n":1}', '{"password":"[redacted]","n":1}'),
        ('{"user":{"access_token" : "x"}}', '{"user":{"access_token" : "[redacted]"}}'),
        (r'{"msg":"got {\"api_key\":\"x\"}"}', r'{"msg":"got {\"api_key\":\"[redacted]\"}"}'),
        ("GET /x?token=abc&page=2", "GET /x?token=[redacted]&page=2"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer [redacted]"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [redacted]"),
        ("got eyJhbGciOi.eyJzdWIi.c2ln", "got [token]"),
        ("postgres://api:word@main-rw:5432/api", "postgres://api:[redacted]@main-rw:5432/api"),
        ("welcome ann.lee+x@example.org!", "welcome [mail]!"),
        ("from 203.0.113.9:51234", "from [address]:51234"),
        ("from 2001:db8::17", "from [address]"),
        ('{"remote":"::ffff:203.0.113.9"}', '{"remote":"[address]"}'),
    ],
)
def test_secrets_and_people_do_not_leave_the_node(tmp_path: Path, written: str, stored: str) -> None:
    assert line(tmp_path, written) == stored


@pytest.mark.parametrize(
    "text",
    [
        '{"at":"2026-11-25T04:00:00Z","took":"12:34:56"}',
        "10.1.2.3 asked 172.16.0.9 and 192.168.1.1 for ::1 and fd00::17",
        '{"page":"2","shop":"a","path":"/api/tokens"}',
        "postgres://main-rw:5432/api version 1.2.3",
    ],
)
def test_what_is_neither_stays(tmp_path: Path, text: str) -> None:
    assert line(tmp_path, text) == text
