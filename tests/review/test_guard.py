"""The guard with an engine that answers what was recorded, and notes what it was told to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.review import corpus
from tests.review.bench import Bench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_what_was_reviewed_is_brought_out(bench: Bench) -> None:
    bench.reviewed("image-bumped")
    bench.answers("image-bumped")
    assert bench.run("--", "--parallel", "4") == 0
    assert bench.updated == ["up --stack dev --yes --non-interactive --skip-preview --parallel 4"]
    assert bench.ledger == ["started", "done"]


def test_anything_else_is_not(bench: Bench) -> None:
    bench.reviewed("image-bumped")
    bench.answers("replicas-cut")
    assert bench.run() == 20
    assert bench.run("--break-glass", "no time") == 20
    assert bench.updated == []
    assert bench.ledger == ["refused", "refused"]


def test_another_state_is_not_what_was_reviewed(bench: Bench) -> None:
    bench.reviewed("image-bumped")
    bench.answers("image-bumped")
    export = corpus.load("before") | {}
    changed = json.loads(json.dumps(export).replace('"protect": true', '"protect": false', 1))
    (bench.folder / "state").write_text(json.dumps(changed), encoding="utf-8")
    assert bench.run() == 20
    assert bench.updated == []


def test_a_block_needs_its_acceptance(bench: Bench) -> None:
    fingerprint = bench.reviewed("claim-deleted")
    bench.answers("claim-deleted")
    assert bench.run() == 20
    urn = "urn:pulumi:dev::shop::kubernetes:core/v1:PersistentVolumeClaim::claim"
    accepted = bench.folder / "accepted"
    accepted.write_text(f"report: {fingerprint[:12]}\naccept: F1 {urn} copied to another place\n", encoding="utf-8")
    assert bench.run("--accept", str(accepted)) == 0
    assert bench.ledger == ["refused", "started", "done"]


@pytest.mark.parametrize("option", ["--ignore-protect", "--target=urn:x", "--exclude", "--refresh"])
def test_options_that_do_something_else_need_a_reason(option: str, bench: Bench) -> None:
    bench.reviewed("image-bumped")
    bench.answers("image-bumped")
    assert bench.run("--", option) == 20
    assert bench.updated == []
    assert bench.run("--break-glass", "region is down", "--", option) == 0
    assert "region is down" in (bench.folder / "ledger").read_text(encoding="utf-8")


def test_a_rehearsed_report_brings_nothing_out(bench: Bench) -> None:
    bench.reviewed("image-bumped", rehearsed=True)
    bench.answers("image-bumped")
    assert bench.run() == 30


def test_a_failed_preview_brings_nothing_out(bench: Bench) -> None:
    bench.reviewed("image-bumped")
    bench.answers("image-bumped")
    (bench.folder / "gate").write_text("", encoding="utf-8")
    assert bench.run() == 30
    assert bench.updated == []


def test_another_cluster_is_told(bench: Bench) -> None:
    """The recorded provider names none; one is written into the stream."""
    bench.answers("image-bumped")
    gate = bench.folder / "gate"
    for line, uid, code in (("mine", "mine", 0), ("mine", "other", 20)):
        stream = [json.loads(event) for event in (bench.folder / "gate").read_text(encoding="utf-8").splitlines()]
        for event in stream:
            metadata = event.get("resourcePreEvent", {}).get("metadata", {})
            if metadata.get("type") == "pulumi:providers:kubernetes":
                for side in ("old", "new"):
                    metadata[side]["inputs"]["clusterIdentifier"] = line
        gate.write_text("".join(f"{json.dumps(e)}\n" for e in stream), encoding="utf-8")
        (bench.folder / "uid").write_text(uid, encoding="utf-8")
        bench.reviewed("image-bumped")
        gate.write_text("".join(f"{json.dumps(e)}\n" for e in stream), encoding="utf-8")
        assert bench.run() == code
    assert bench.run("--no-cluster") == 0


def test_a_protected_stack_is_not_destroyed_without_a_reason(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.destroy() == 20
    told = capsys.readouterr().out
    assert "dev holds 3 protected resources (namespace, claim, database)" in told
    assert "--break-glass REASON" in told
    assert bench.destroyed == []
    assert bench.destroy("--break-glass", "the platform has moved") == 0
    assert bench.destroyed == ["destroy --stack dev --yes --non-interactive --skip-preview"]
    lines = [json.loads(line) for line in (bench.folder / "ledger").read_text(encoding="utf-8").splitlines()]
    assert [line["outcome"] for line in lines] == ["refused", "started", "done"]
    assert {line["operation"] for line in lines} == {"destroy"}
    assert lines[1]["breakGlass"] == "the platform has moved"
    assert lines[1]["protected"] == 3


def test_an_unprotected_stack_goes_and_leaves_its_line(bench: Bench) -> None:
    export = json.dumps(corpus.load("before")).replace('"protect": true', '"protect": false')
    (bench.folder / "state").write_text(export, encoding="utf-8")
    (bench.folder / "destroyed").write_text("1", encoding="utf-8")
    assert bench.destroy() == 1
    assert bench.ledger == ["started", "failed with 1"]
    assert bench.destroy("--", "--target", "urn:x") == 20
    assert len(bench.destroyed) == 1


def test_nothing_is_destroyed_in_another_cluster(bench: Bench) -> None:
    export = json.loads(json.dumps(corpus.load("before")).replace('"protect": true', '"protect": false'))
    for resource in export["deployment"]["resources"]:
        if resource["type"] == "pulumi:providers:kubernetes":
            resource["inputs"]["clusterIdentifier"] = "mine"
    (bench.folder / "state").write_text(json.dumps(export), encoding="utf-8")
    assert bench.destroy() == 20
    assert bench.destroyed == []
    (bench.folder / "uid").write_text("mine", encoding="utf-8")
    assert bench.destroy() == 0


def test_a_state_that_is_none_is_not_destroyed(bench: Bench) -> None:
    (bench.folder / "state").write_text("no stack", encoding="utf-8")
    assert bench.destroy("--break-glass", "in any case") == 30
    assert bench.destroyed == []
