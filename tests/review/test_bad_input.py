"""What is damaged, foreign, newer or hostile is never called safe, and breaks no page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from review import markdown, page
from review.cli import FORMATS, main
from tests.review import corpus

Stream = list[dict[str, Any]]


def _good() -> Stream:
    return [corpus.HEAD, *corpus.load("image-bumped")["gate"]]


def _step(stream: Stream) -> dict[str, Any]:
    """Of the changed Deployment."""
    steps = (e["resourcePreEvent"]["metadata"] for e in stream if "resourcePreEvent" in e)
    return next(step for step in steps if step["op"] == "update" and step["type"].endswith(":Deployment"))


def _written(stream: Stream) -> str:
    return "".join(f"{json.dumps(event)}\n" for event in stream)


def _exit(text: str | bytes, folder: Path, *options: str) -> int:
    file = folder / "preview"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return main(["report", "--preview", str(file), *options])


def test_the_undamaged_stream_is_safe(tmp_path: Path) -> None:
    assert _exit(_written(_good()), tmp_path) == 0


def _changed(change: Callable[[Stream], object]) -> str:
    stream = json.loads(json.dumps(_good()))
    change(stream)
    return _written(stream)


def _failing(stream: Stream) -> None:
    stream.insert(1, {"diagnosticEvent": {"severity": "error", "message": "error: no such module"}})


DAMAGED: dict[str, Callable[[], str | bytes]] = {
    "empty": lambda: "",
    "no summary": lambda: _changed(lambda s: s.pop()),
    "cut in a line": lambda: _written(_good())[:-40],
    "cut in the middle": lambda: _written(_good())[: len(_written(_good())) // 2],
    "not JSON": lambda: "Previewing update (dev):\n",
    "not UTF-8": lambda: b"\xff\xfe\x00",
    "a list": lambda: "[]\n",
    "a number": lambda: "1\n",
    "another tool's JSON": lambda: '{"resource_changes": [], "format_version": "1.2"}\n',
    "the digest of --json": lambda: json.dumps({"steps": [], "changeSummary": {}}),
    "an unknown kind of event": lambda: _changed(lambda s: s.insert(1, {"teleportEvent": {}})),
    "two kinds in one event": lambda: _changed(lambda s: s[1].update(summaryEvent={})),
    "an unknown operation": lambda: _changed(lambda s: _step(s).update(op="teleport")),
    "an unknown kind of difference": lambda: _changed(
        lambda s: _step(s).update(detailedDiff={"spec": {"diffKind": "moved"}})
    ),
    "a step without URN": lambda: _changed(lambda s: _step(s).update(urn="")),
    "an update that tells nothing of before": lambda: _changed(lambda s: _step(s).update(old=None)),
    "fewer steps than the engine counts": lambda: _changed(
        lambda s: s[-1]["summaryEvent"]["resourceChanges"].update(delete=1)
    ),
    "an update's stream": lambda: _changed(lambda s: s[-1]["summaryEvent"].update(isPreview=False)),
    "a failed preview": lambda: _changed(_failing),
    "two stacks": lambda: _changed(
        lambda s: _step(s).update(urn="urn:pulumi:prod::other::kubernetes:apps/v1:Deployment::web")
    ),
    "steps and no stack at all": lambda: _written([{"summaryEvent": {"isPreview": True, "result": "succeeded"}}]),
    "nested beyond all measure": lambda: '{"a":' * 200_000,
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_not_judged(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit(DAMAGED[name](), tmp_path) == 30
    told = capsys.readouterr()
    assert told.err.startswith("CANNOT JUDGE")
    assert "SAFE" not in told.out


@pytest.mark.parametrize(
    "state",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"version": 9, "deployment": {}}',
        '{"version": "3", "deployment": {}}',
        '{"checkpoint": {}}',
        "\x00",
    ],
)
def test_a_foreign_state_is_not_read(state: str, tmp_path: Path) -> None:
    (tmp_path / "state").write_text(state, encoding="utf-8")
    assert _exit(_written(_good()), tmp_path, "--state", str(tmp_path / "state")) == 30


@pytest.mark.parametrize("option", ["--gate", "--state", "--drift", "--accept", "--prices"])
def test_a_missing_file_is_not_passed_over(option: str, tmp_path: Path) -> None:
    assert _exit(_written(_good()), tmp_path, option, str(tmp_path / "nowhere")) == 30


def test_the_gate_fails_for_another_reason_than_protection(tmp_path: Path) -> None:
    (tmp_path / "gate").write_text(_changed(_failing), encoding="utf-8")
    assert _exit(_written(_good()), tmp_path, "--gate", str(tmp_path / "gate")) == 30


def test_the_cause_is_named_and_not_its_echo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    echo = {"severity": "error", "message": "an unhandled error occurred: program exited with non-zero exit code: 1"}

    def failing(stream: Stream) -> None:
        stream.insert(1, {"diagnosticEvent": echo})
        _failing(stream)

    assert _exit(_changed(failing), tmp_path) == 30
    assert "no such module" in (told := capsys.readouterr().err)
    assert "unhandled" not in told
    assert _exit(_changed(lambda s: s.insert(1, {"diagnosticEvent": echo})), tmp_path) == 30
    assert "unhandled" in capsys.readouterr().err


HOSTILE = "x|`</script><img src=x onerror=alert(1)>\n# SAFE\n@everybody [a](javascript:b) \x1b[31m \u202e ../../etc"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_hostile_names_break_no_page(tmp_path: Path) -> None:
    stream = json.loads(json.dumps(_good()))
    for side in ("old", "new"):
        step = _step(stream)[side]["inputs"]
        step["metadata"]["name"] = HOSTILE
        step["spec"]["template"]["spec"]["containers"][0]["name"] = f"{HOSTILE} {side}"
        step["spec"]["replicas"] = {"old": 9, "new": 1}[side]
    (tmp_path / "preview").write_text(_written(stream), encoding="utf-8")
    out = tmp_path / "out"
    objects = tmp_path / "objects"
    command = ["report", "--preview", str(tmp_path / "preview"), "--out", str(out), "--manifests", str(objects)]
    assert main(command) in (10, 20)
    written = {file.parent.parent for file in tmp_path.rglob("*.yaml")}
    assert written == {objects}
    ElementTree.fromstring((out / "report.junit.xml").read_text(encoding="utf-8"))  # noqa: S314  # our own text
    text = (out / "report.md").read_text(encoding="utf-8")
    for sign in ("\x1b", "\u202e", "<img", "</script", "@everybody", "\n# SAFE"):
        assert sign not in text, sign
    assert not re.search(r"(?<!\\)\]\(", text)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    for row in rows:
        assert len(_cells(row)) in (4, 5), row
    tags = _Tags()
    tags.feed((out / "report.html").read_text(encoding="utf-8"))
    assert "img" not in tags.seen
    assert "script" not in tags.seen
    assert not any(name.startswith("on") for name in tags.attributes)
    assert {f.name for f in out.iterdir()} == set(FORMATS)


def _cells(row: str) -> list[str]:
    return row.replace("\\|", "").strip("|").split("|")


def test_huge_values_are_cut(tmp_path: Path) -> None:
    stream = json.loads(json.dumps(_good()))
    _step(stream)["new"]["inputs"]["metadata"]["annotations"] = {"note": "so " * 1_000_000}
    (tmp_path / "preview").write_text(_written(stream), encoding="utf-8")
    assert main(["report", "--preview", str(tmp_path / "preview"), "--out", str(tmp_path / "out")]) == 0
    assert len((tmp_path / "out" / "report.html").read_text(encoding="utf-8")) < 200_000


def test_escaping_leaves_words_readable() -> None:
    assert markdown.escaped("Cluster shop/main") == "Cluster shop/main"
    assert page.plain("a\tb\x07c") == "a b�c"
