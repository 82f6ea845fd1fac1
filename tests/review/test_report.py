"""Form: order, length, exit codes, acceptance, the machine's forms, speed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from review import drift, junit, machine, markdown, page
from review.cli import main
from review.flags import FLAGS, Limits, findings
from review.model import Plan, State, Violation
from review.problems import CannotJudgeError
from review.report import Asked, Report, Verdict, judge
from review.values import UNKNOWN
from tests.review import corpus
from tests.review.scenarios import SCENARIOS

FOLD = 40


@pytest.mark.parametrize("name", [s.name for s in SCENARIOS if s.exit_code])
def test_what_matters_is_above_the_fold(name: str, tmp_path: Path) -> None:
    text = markdown.render(corpus.report(name, tmp_path))
    above = text.partition("<details>")[0]
    assert len(above.splitlines()) <= FOLD
    order = [above.index(part) for part in ("## ", "### Dangers", "### Size", "### Security", "### Blast radius")]
    assert order == sorted(order)


def test_verdict_and_dangers_survive_any_length(tmp_path: Path) -> None:
    report = _large(tmp_path, 2_000)
    text = markdown.render(report)
    assert len(text) <= markdown.LIMIT
    assert "BLOCK" in text.splitlines()[1]
    assert "### Dangers" in text
    assert "do not fit" in text
    assert "do not fit" not in page.render(report)


def _stream(count: int) -> list[dict[str, Any]]:
    """The recorded Deployment's update and the recorded claim's deletion, `count` times under other names."""
    update = next(
        e
        for e in corpus.load("replicas-cut")["gate"]
        if e.get("resourcePreEvent", {}).get("metadata", {}).get("op") == "update"
    )
    deletion = next(
        e
        for e in corpus.load("claim-deleted")["full"]
        if e.get("resourcePreEvent", {}).get("metadata", {}).get("op") == "delete"
    )
    made: list[dict[str, Any]] = []
    for number in range(count):
        event = json.loads(
            json.dumps(update if number % 5 else deletion)
            .replace("::web", f"::web-{number}")
            .replace("::claim", f"::claim-{number}")
            .replace('"name": "web"', f'"name": "web-{number}"')
        )
        made.append(event)
    updates = sum(1 for n in range(count) if n % 5)
    summary = {
        "summaryEvent": {
            "isPreview": True,
            "result": "succeeded",
            "durationSeconds": 9,
            "resourceChanges": {"update": updates, "delete": count - updates},
        }
    }
    return [*made, summary]


def _large(folder: Path, count: int) -> Report:
    file = folder / "large"
    file.write_text(corpus.lines(_stream(count)), encoding="utf-8")
    from review import events  # noqa: PLC0415  # beside its one use

    return judge(corpus.case(events.read(file), State()), Asked())


MEASURE = """
import json, os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, used = os.wait4(process.pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""


def test_five_thousand_steps_in_five_seconds_and_300_megabytes(tmp_path: Path) -> None:
    (tmp_path / "preview").write_text(corpus.lines(_stream(5_000)), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "review",
        "report",
        "--preview",
        str(tmp_path / "preview"),
        "--out",
        str(tmp_path / "out"),
    ]
    # Through a small process: a child's peak counts what it was forked from, and this one has run many tests.
    measuring = [sys.executable, "-c", MEASURE, *command]
    done = subprocess.run(measuring, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    exit_code, cpu_seconds, kilobytes = json.loads(done.stdout.splitlines()[-1])
    assert exit_code == 20, done.stderr
    assert cpu_seconds < 5.0
    assert kilobytes < 300 * 1024


def test_two_hundred_resources_in_a_second(tmp_path: Path) -> None:
    begun = time.process_time()
    report = _large(tmp_path, 200)
    for render in (markdown.render, page.render, machine.as_json, machine.as_sarif):
        render(report)
    assert time.process_time() - begun < 1.0


def _accepted(report: Report, *lines: str, of: str | None = None) -> str:
    return "\n".join([f"report: {of if of is not None else report.fingerprint[:12]}", *lines, ""])


def _judged(name: str, folder: Path, acceptances: str) -> Report:
    (folder / "accepted").write_text(acceptances, encoding="utf-8")
    return judge(corpus.case(corpus.plan(name, folder), corpus.before()), Asked(acceptances=(folder / "accepted",)))


def test_what_is_accepted_by_name_and_reason_passes(tmp_path: Path) -> None:
    report = corpus.report("replicas-cut", tmp_path)
    line = report.findings[0].how_to_accept.replace("<reason>", "traffic has halved")
    done = _judged("replicas-cut", tmp_path, _accepted(report, line))
    assert (done.verdict, done.exit_code) == (Verdict.SAFE, 0)
    assert "traffic has halved" in markdown.render(done)


@pytest.mark.parametrize(
    "change", ["no reason", "the template", "another flag", "another resource", "another report", "no report"]
)
def test_what_is_accepted_in_any_other_way_does_not(change: str, tmp_path: Path) -> None:
    report = corpus.report("replicas-cut", tmp_path)
    line = report.findings[0].how_to_accept
    good = line.replace("<reason>", "because")
    texts = {
        "no reason": _accepted(report, line.replace(" <reason>", "")),
        "the template": _accepted(report, line),
        "another flag": _accepted(report, good.replace("F6", "F5")),
        "another resource": _accepted(report, good.replace("::web", "::api")),
        "another report": _accepted(report, good, of="0" * 12),
        "no report": f"{good}\n",
    }
    done = _judged("replicas-cut", tmp_path, texts[change])
    assert done.exit_code == 10
    assert bool(done.remarks) == (change in ("another report", "no report"))


def test_what_was_accepted_in_an_earlier_report_is_not_in_a_later_one(tmp_path: Path) -> None:
    """One file keeps both: each line belongs to the report above it."""
    report = corpus.report("replicas-cut", tmp_path)
    line = report.findings[0].how_to_accept.replace("<reason>", "because")
    earlier = _accepted(report, line, of="0" * 12)
    assert _judged("replicas-cut", tmp_path, earlier + _accepted(report)).exit_code == 10
    assert _judged("replicas-cut", tmp_path, earlier + _accepted(report, line)).exit_code == 0
    assert _judged("replicas-cut", tmp_path, f"{line}\n" + _accepted(report)).exit_code == 10


def test_a_fingerprint_is_of_what_is_done_and_to_what(tmp_path: Path) -> None:
    first, again, other = (
        corpus.report(name, tmp_path).fingerprint for name in ("replicas-cut", "replicas-cut", "replicas-added")
    )
    assert first == again != other
    export = json.loads(json.dumps(corpus.load("before")))
    export["deployment"]["resources"][-1]["inputs"]["more"] = "else"
    from review import state  # noqa: PLC0415  # beside its one use

    drifted = judge(corpus.case(corpus.plan("replicas-cut", tmp_path), state.parse(export, "changed")), Asked())
    assert drifted.fingerprint != first


def _with(name: str, folder: Path, **changes: Any) -> Plan:
    return replace(corpus.plan(name, folder), **changes)


def test_exit_codes_of_policies_and_cost(tmp_path: Path) -> None:
    broken = _with("image-bumped", tmp_path, violations=(Violation("pack/rule", "", "no", mandatory=True),))
    assert judge(corpus.case(broken, corpus.before()), Asked()).exit_code == 21
    warned = _with("image-bumped", tmp_path, violations=(Violation("pack/rule", "", "no", mandatory=False),))
    assert judge(corpus.case(warned, corpus.before()), Asked()).exit_code == 0
    plan = corpus.plan("image-bumped", tmp_path)
    assert judge(corpus.case(plan, corpus.before(), Limits(cost_ceiling=1.0)), Asked()).exit_code == 22
    assert judge(corpus.case(plan, corpus.before(), Limits(cost_ceiling=1e9)), Asked()).exit_code == 0


def test_no_changes_and_safe_are_two_words(tmp_path: Path) -> None:
    assert corpus.report("nothing", tmp_path).verdict is Verdict.NO_CHANGES
    assert corpus.report("image-bumped", tmp_path).verdict is Verdict.SAFE


@pytest.mark.parametrize(
    ("name", "verdict", "line"),
    [
        ("component-renamed-with-alias", Verdict.SAFE, "Part store was called cache (alias)"),
        ("protect-added", Verdict.SAFE, "StorageClass fast gains protect"),
        ("protect-removed", Verdict.BLOCK, "PersistentVolumeClaim shop/claim loses protect"),
        ("retain-removed", Verdict.BLOCK, "Namespace shop loses retain"),
    ],
)
def test_what_changes_in_the_state_alone_is_a_change(name: str, verdict: Verdict, line: str, tmp_path: Path) -> None:
    """The engine calls it unchanged; a release that passed over it would leave the old name or no guard in the state."""
    report = corpus.report(name, tmp_path)
    assert report.verdict is verdict
    assert report.fingerprint != corpus.report("nothing", tmp_path).fingerprint
    assert f"- in the state alone: {line}" in markdown.render(report).partition("<details>")[0]
    (change,) = json.loads(machine.as_json(report))["inStateAlone"]
    assert bool(change["was"]) == ("alias" in name)


@pytest.mark.parametrize(
    ("new", "verdict"), [("other", Verdict.SAFE), ("old", Verdict.NO_CHANGES), (UNKNOWN, Verdict.NO_CHANGES)]
)
def test_outputs_of_the_stack_are_what_it_gives(new: str, verdict: Verdict, tmp_path: Path) -> None:
    """The engine tells them behind the step, and counts the stack as unchanged; what is not known is no news."""
    urn = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
    sides = {"old": {"outputs": {"url": "old"}}, "new": {"outputs": {"url": new}}}
    told = {"resOutputsEvent": {"metadata": {"op": "same", "urn": urn, **sides}}}
    *steps, summary = corpus.load("nothing")["gate"]
    (tmp_path / "gate").write_text(corpus.lines([*steps, told, summary]), encoding="utf-8")
    from review import events  # noqa: PLC0415  # beside its one use

    report = judge(corpus.case(events.read(tmp_path / "gate"), corpus.before()), Asked())
    assert report.verdict is verdict
    assert ("gives other outputs: url" in markdown.render(report)) == (new == "other")


def test_an_unquiet_state_blocks(tmp_path: Path) -> None:
    """F14; the state is edited, as no program ends in one of these."""
    from review import state  # noqa: PLC0415  # beside its one use

    plan = corpus.plan("image-bumped", tmp_path)
    for field, value in (("taint", True), ("pendingReplacement", True), ("initErrors", ["not ready"])):
        export = json.loads(json.dumps(corpus.load("before")))
        export["deployment"]["resources"][-1][field] = value
        assert [f.flag for f in findings(corpus.case(plan, state.parse(export, field)))] == ["F14"], field
    export = json.loads(json.dumps(corpus.load("before")))
    export["deployment"]["pending_operations"] = [
        {"type": "creating", "resource": export["deployment"]["resources"][-1]}
    ]
    found = findings(corpus.case(plan, state.parse(export, "pending")))
    assert [f.flag for f in found] == ["F14"]
    assert "interrupted while creating" in found[0].sentence
    assert [f.flag for f in findings(corpus.case(replace(plan, maybe_corrupt=True), corpus.before()))] == ["F14"]
    assert findings(corpus.case(plan, corpus.before())) == []


def test_drift_of_what_is_changed_needs_a_look(tmp_path: Path) -> None:
    """F12; a refresh tells what it found after the step."""
    plan = corpus.plan("image-bumped", tmp_path)
    changed = next(c.urn for c in plan.touched if c.kind == "Deployment")
    other = next(c.urn for c in plan.changes.values() if not c.touched)

    def refreshed(urn: str, result: str = "succeeded") -> Path:
        events = [
            {"resourcePreEvent": {"metadata": {"op": "refresh", "urn": urn}}},
            {"resOutputsEvent": {"metadata": {"op": "update", "urn": urn}}},
            {"summaryEvent": {"isPreview": True, "result": result}},
        ]
        (tmp_path / "drift").write_text("".join(f"{json.dumps(e)}\n" for e in events), encoding="utf-8")
        return tmp_path / "drift"

    hit = corpus.case(plan, corpus.before(), drifted=drift.read(refreshed(changed)))
    assert [f.flag for f in findings(hit)] == ["F12"]
    assert findings(corpus.case(plan, corpus.before(), drifted=drift.read(refreshed(other)))) == []
    with pytest.raises(CannotJudgeError):
        drift.read(refreshed(changed, "failed"))


def test_json_keeps_its_schema(tmp_path: Path) -> None:
    schema = json.loads((Path(machine.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))
    for name in ("nothing", "protect-added", "everything-relabelled", "component-renamed", "claim-moved"):
        document = json.loads(machine.as_json(corpus.report(name, tmp_path)))
        assert list(_broken(schema, document)) == []
    document["verdict"] = "FINE"
    assert list(_broken(schema, document)) == ["verdict"]


def _broken(schema: dict[str, Any], value: Any, path: str = "") -> list[str]:
    """The part of JSON Schema that ours uses: type, required, properties, additionalProperties, items, enum, const."""
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
    if "type" in schema and not isinstance(value, kinds[schema["type"]]):
        return [path]
    if ("enum" in schema and value not in schema["enum"]) or ("const" in schema and value != schema["const"]):
        return [path]
    found: list[str] = []
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{path}.{name} is missing" for name in schema.get("required", []) if name not in value]
        for name, child in value.items():
            below = known.get(name, schema.get("additionalProperties", {}))
            found += (
                [f"{path}.{name} is unknown"] if below is False else _broken(below, child, f"{path}.{name}".strip("."))
            )
    if isinstance(value, list):
        for number, child in enumerate(value):
            found += _broken(schema.get("items", {}), child, f"{path}[{number}]")
    return found


def test_sarif_names_rules_that_it_defines(tmp_path: Path) -> None:
    run = json.loads(machine.as_sarif(corpus.report("privileged", tmp_path)))["runs"][0]
    known = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {"F7", "R02"} <= {result["ruleId"] for result in run["results"]} <= known


def test_diff_without_a_commit_is_not_judged(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "--base", "no-such-branch", "--project", str(Path(__file__).parents[2])]) == 30
    assert "no such commit" in capsys.readouterr().err


def test_junit_fails_what_blocks_and_skips_what_is_to_approve(tmp_path: Path) -> None:
    suite = ElementTree.fromstring(junit.render(corpus.report("password-regenerated", tmp_path)))  # noqa: S314  # our own text
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == (str(len(FLAGS)), "1", "1")
    cases = {case.get("name"): case for case in suite}
    failure, skipped = cases["F1 data loss"].find("failure"), cases["F4 delete-first"].find("skipped")
    assert failure is not None
    assert "locked out" in (failure.text or "")
    assert skipped is not None
    assert list(cases["F7 security down"]) == []


def test_objects_before_and_after_are_files(tmp_path: Path) -> None:
    """For scanners that know nothing of us: what `diff -r` shows is what changes."""
    recorded = corpus.load("replicas-cut")
    (tmp_path / "preview").write_text(corpus.lines(recorded["gate"]), encoding="utf-8")
    folder = tmp_path / "objects"
    command = ["report", "--preview", str(tmp_path / "preview"), "--manifests", str(folder)]
    assert main(command) == 10
    sides = {
        side: {f.name: yaml.safe_load(f.read_text(encoding="utf-8")) for f in (folder / side).iterdir()}
        for side in ("before", "after")
    }
    differing = [name for name in sides["before"] if sides["before"][name] != sides["after"][name]]
    assert differing == ["deployment-shop-web.yaml"]
    assert [sides[side]["deployment-shop-web.yaml"]["spec"]["replicas"] for side in ("before", "after")] == [4, 3]
    assert sides["after"]["secret-shop-database-binding.yaml"]["stringData"] == {}  # all of it is marked secret
    assert main(command) == 30  # what an earlier report left is not mixed with this one
