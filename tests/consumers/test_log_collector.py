"""The script of both log collectors, run by a Lua of the version that they have.

Fluent Bit itself is in no registry that this repository builds from: pipelines are checked by `tests/cluster/test_logs.py`
and `tests/components/monitoring_stack`, and by nothing that runs them.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components import lines
from components.monitoring_stack import collector
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


@dataclass(frozen=True)
class Origin:
    """How a target's collector hands a line over, and what it adds to what is common."""

    target: str
    script: str
    call: str
    tag: str
    beside: Mapping[str, Any]
    """What a record holds besides the line."""
    placed: Mapping[str, str]
    """What comes of it."""


ORIGINS = (
    Origin(
        target="kubernetes",
        script=lines.SCRIPT.read_text(encoding="utf-8"),
        call="of_kubernetes",
        tag="kube.shop-prod.api-7f8d.app",
        beside={"kubernetes": {"labels": {"app.kubernetes.io/instance": "api"}}},
        placed={"namespace": "shop-prod", "pod": "api-7f8d", "container": "app", "instance_name": "api"},
    ),
    Origin(
        target="docker",
        script=collector.files("shop-dev")["lines.lua"],
        call="of_docker",
        tag="docker",
        beside={"attrs": {"tag": "shop-dev-api"}},
        placed={"instance_name": "api"},
    ),
)
on_each_target = pytest.mark.parametrize("origin", ORIGINS, ids=lambda origin: origin.target)


@dataclass(frozen=True)
class Shaped:
    code: int
    """What Fluent Bit does with the record: 2 keeps its time and takes what was made, -1 drops it."""
    made: Mapping[str, str]


def shaped(folder: Path, origin: Origin, text: str, **beside: Any) -> Shaped:
    """What comes of a line."""
    record = {"log": f"{text}\n", "stream": "stdout", **origin.beside, **beside}
    program = f"{origin.script}\n{PRINTED}\nlocal code, _, made = {origin.call}({_lua(origin.tag)}, 1, {_lua(record)})\nprint(code)\nif code == 2 then printed(made) end\n"
    script = folder / "run.lua"
    script.write_text(program, encoding="utf-8")
    done = subprocess.run([LUA.need() / PROGRAM, script], capture_output=True, text=True, check=True, timeout=30)
    code, *rest = done.stdout.splitlines()
    return Shaped(int(code), dict(line.split("\t", 1) for line in rest))


def _lua(value: Any) -> str:
    """A value as Lua writes it. JSON's escapes for quotes, backslashes and line ends are Lua's, too."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"[{_lua(key)}] = {_lua(each)}" for key, each in value.items()) + "}"
    return json.dumps(value)


@on_each_target
def test_a_line_of_json_gets_its_labels_and_stays_as_it_was(tmp_path: Path, origin: Origin) -> None:
    text = json.dumps(
        {
            "time": "2026-11-25T04:00:00Z",
            "level": "WARNING",
            "message": 'slow: "/pages"',
            "trace_id": "4bf92f35",
            "request_id": "r-1",
            "audit": True,
            "tags": ["a", {"level": "error"}],
            "nothing": None,
        }
    )
    common = {"line": text, "level": "warn", "class": "audit", "request_id": "r-1", "trace_id": "4bf92f35"}
    assert shaped(tmp_path, origin, text) == Shaped(2, {**origin.placed, **common})


@on_each_target
@pytest.mark.parametrize("text", ["plain", '{"level": "error"', "[" * 20_000, '{"a": ' + "[" * 20_000, "{}", ""])
def test_what_is_no_object_of_json_is_kept_as_text(tmp_path: Path, origin: Origin, text: str) -> None:
    common = {"line": text, "level": "info", "class": "app"}
    assert shaped(tmp_path, origin, text) == Shaped(2, {**origin.placed, **common})
    assert shaped(tmp_path, origin, text, stream="stderr").made["level"] == "warn"


def test_a_pod_without_labels_is_kept(tmp_path: Path) -> None:
    (kubernetes, _) = ORIGINS
    assert shaped(tmp_path, kubernetes, "plain", kubernetes="gone").made["instance_name"] == "unknown"


@pytest.mark.parametrize("attrs", [{"tag": "shop-development-api"}, {"tag": "other-api"}, {}, "gone"])
def test_lines_of_other_projects_on_the_machine_are_dropped(tmp_path: Path, attrs: Any) -> None:
    (_, docker) = ORIGINS
    assert shaped(tmp_path, docker, "plain", attrs=attrs).code == -1


@on_each_target
@pytest.mark.parametrize(
    ("fields", "level"),
    [
        ({"level": "Error"}, "error"),
        ({"severity": "NOTICE"}, "info"),
        ({"level": 50}, "error"),
        ({"lvl": "fatal"}, "error"),
        ({"level": "info", "record": {"error_severity": "FATAL"}}, "error"),
        ({"level": "shop-7"}, "info"),
        ({"level": True}, "info"),
    ],
)
def test_levels_are_few_words(tmp_path: Path, origin: Origin, fields: dict[str, Any], level: str) -> None:
    assert shaped(tmp_path, origin, json.dumps(fields)).made["level"] == level
    assert level in lines.LEVELS


@on_each_target
@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (r'{"password":"a\"b\\","n":1}', '{"password":"[redacted]","n":1}'),
        ('{"user":{"access_token" : "x"}}', '{"user":{"access_token" : "[redacted]"}}'),
        (r'{"msg":"got {\"api_key\":\"x\"}"}', r'{"msg":"got {\"api_key\":\"[redacted]\"}"}'),
        ("GET /x?token=abc&page=2", "GET /x?token=[redacted]&page=2"),
        ("db_password: hunter2, retries: 3", "db_password: [redacted], retries: 3"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer [redacted]"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [redacted]"),
        ("authorization: Token 0123abcd", "authorization: Token [redacted]"),
        ("got eyJhbGciOi.eyJzdWIi.c2ln", "got [token]"),
        ("postgres://api:word@main-rw:5432/api", "postgres://api:[redacted]@main-rw:5432/api"),
        ("welcome ann.lee+x@example.org!", "welcome [mail]!"),
        ("from 203.0.113.9:51234", "from [address]:51234"),
        ("from 2001:db8::17", "from [address]"),
        ('{"remote":"::ffff:203.0.113.9"}', '{"remote":"[address]"}'),
    ],
)
def test_secrets_and_people_do_not_leave_the_node(tmp_path: Path, origin: Origin, written: str, stored: str) -> None:
    assert shaped(tmp_path, origin, written).made["line"] == stored


@on_each_target
def test_ids_are_cleaned_too(tmp_path: Path, origin: Origin) -> None:
    made = shaped(tmp_path, origin, '{"requestId":"ann@example.org","traceId":"203.0.113.9"}').made
    assert (made["request_id"], made["trace_id"]) == ("[mail]", "[address]")


@on_each_target
@pytest.mark.parametrize(
    "text",
    [
        '{"at":"2026-11-25T04:00:00Z","took":"12:34:56"}',
        "10.1.2.3 asked 172.16.0.9 and 192.168.1.1 for ::1 and fd00::17",
        '{"page":"2","shop":"a","path":"/api/tokens"}',
        "postgres://main-rw:5432/api version 1.2.3, took: 3 s",
    ],
)
def test_what_is_neither_stays(tmp_path: Path, origin: Origin, text: str) -> None:
    assert shaped(tmp_path, origin, text).made["line"] == text


@pytest.mark.parametrize(
    "piece", ["a", "1", "f", ":", "/", "@", '"', r"\"", "=", '{"a":"', "://", "10.", "a=", "f:1.", "a: "]
)
def test_no_line_holds_the_collector_up(tmp_path: Path, piece: str) -> None:
    """A quarter of a MiB is the longest line that is read. Looked for from every place in it, a word would take minutes."""
    (_, docker) = ORIGINS
    begun = time.monotonic()
    assert shaped(tmp_path, docker, piece * (2**18 // len(piece))).code == 2
    assert time.monotonic() - begun < 10
