"""Previews and refreshes of the stack itself, with an engine that answers what was recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from review.cli import main
from tests.review.bench import Bench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def _preview(bench: Bench) -> int:
    out = str(bench.folder / "out")
    return main(["preview", "--stack", "dev", "--project", str(bench.folder), "--out", out, "--commit", "0123456789"])


def test_a_real_preview_is_judged(bench: Bench) -> None:
    """The same plan and state as the guard sees: its fingerprint is the one that is brought out."""
    fingerprint = bench.reviewed("replicas-cut")
    bench.answers("replicas-cut")
    assert _preview(bench) == 10
    document = json.loads((bench.folder / "out" / "report.json").read_text(encoding="utf-8"))
    assert (document["rehearsed"], document["fingerprint"], document["commit"]) == (False, fingerprint, "0123456789")


def test_what_protection_ends_is_seen_to_its_end(bench: Bench) -> None:
    bench.answers("claim-deleted")
    assert _preview(bench) == 20
    document = json.loads((bench.folder / "out" / "report.json").read_text(encoding="utf-8"))
    assert len(document["refusedByProtection"]) == 1


def test_an_engine_that_tells_nothing_is_not_judged(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.answers("image-bumped")
    (bench.folder / "pulumi").write_text(
        '#!/bin/sh\ncase $1 in stack) cat "$ANSWERS/state" ;; *) echo error: no stack named dev >&2; exit 6 ;; esac\n',
        encoding="utf-8",
    )
    assert _preview(bench) == 30
    assert main(["drift", "--stack", "dev", "--project", str(bench.folder)]) == 30
    assert capsys.readouterr().err.count("no stack named dev") == 2


def _refreshed(bench: Bench, *names: str, result: str = "succeeded") -> int:
    events: list[dict[str, object]] = [
        {
            "resOutputsEvent": {
                "metadata": {"op": "update", "urn": f"urn:pulumi:dev::shop::kubernetes:core/v1:Service::{n}"}
            }
        }
        for n in names
    ]
    events.append({"summaryEvent": {"isPreview": True, "result": result}})
    (bench.folder / "refresh").write_text("".join(f"{json.dumps(e)}\n" for e in events), encoding="utf-8")
    return main(["drift", "--stack", "dev", "--project", str(bench.folder)])


def test_drift_is_told_by_name(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert _refreshed(bench) == 0
    assert "Nothing has drifted" in capsys.readouterr().out
    assert _refreshed(bench, "door", "</details>@all") == 10
    told = capsys.readouterr().out
    assert "2 resources have been changed" in told
    assert "- kubernetes:core/v1:Service `door`" in told
    assert "</details>" not in told
    assert _refreshed(bench, result="failed") == 30
