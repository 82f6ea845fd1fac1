"""A release of one stack, with an engine that answers what was recorded."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from delivery import smoke
from delivery.cli import main
from tests.delivery.fake_github import FakeGitHub, installed
from tests.review import corpus
from tests.review.bench import Bench

OLD, NEW = "ghcr.io/example/web:1", "ghcr.io/example/web:2"


class _Answering(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Quiet."""


@pytest.fixture
def address() -> Generator[str]:
    with HTTPServer(("127.0.0.1", 0), _Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        _Answering.status = 200
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class Place(Bench):
    """A project with a stack file, the history of its releases, and addresses."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, monkeypatch)
        for program in ("pulumi-language-python", "pulumi-language-python-exec"):
            (folder / program).write_text("#!/bin/sh\n", encoding="utf-8")
            (folder / program).chmod(0o755)
        monkeypatch.setenv("SLIPWAY_ENGINE", str(folder))
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary"))
        (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n", encoding="utf-8")
        self.stack_file = folder / "Pulumi.dev.yaml"
        self.stack_file.write_text(f"config:\n  shop:app_services:\n    web: {{image: {NEW}}}\n", encoding="utf-8")
        self.addresses()
        self.history(OLD)
        self.answers("image-bumped")

    def addresses(self, *urls: str) -> None:
        (self.folder / "outputs").write_text(json.dumps({"urls": list(urls)} if urls else {}), encoding="utf-8")

    def history(self, *images: str) -> None:
        updates: list[dict[str, Any]] = [
            {
                "kind": "update",
                "result": "succeeded",
                "version": number,
                "startTime": "2026-11-20T09:12:44.000Z",
                "config": {"shop:app_services": {"value": json.dumps({"web": {"image": image}})}},
            }
            for number, image in enumerate(images, 1)
        ]
        (self.folder / "history").write_text(json.dumps(updates), encoding="utf-8")

    def updates_end(self, *codes: int) -> None:
        (self.folder / "ups").write_text("".join(f"{code}\n" for code in codes), encoding="utf-8")

    def release(self, *options: str) -> int:
        out, ledger = str(self.folder / "out"), str(self.folder / "ledger")
        command = ["release", "--stack", "dev", "--project", str(self.folder), "--out", out, "--ledger", ledger]
        return main([*command, "--by", "somebody", "--patience", "0", *options])

    @property
    def summary(self) -> str:
        return (self.folder / "summary").read_text(encoding="utf-8")

    @property
    def fingerprint(self) -> str:
        return json.loads((self.folder / "out" / "report.json").read_text(encoding="utf-8"))["fingerprint"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    (tmp_path / "place").mkdir()
    return Place(tmp_path / "place", monkeypatch)


@pytest.fixture
def github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGitHub:
    return installed(tmp_path / "github", monkeypatch)


def test_what_is_safe_goes_out_and_is_asked(place: Place, address: str) -> None:
    place.addresses(address)
    assert place.release() == 0
    assert place.ledger == ["started", "done"]
    assert "every address answers" in place.summary


def test_nothing_to_do_is_done(place: Place) -> None:
    place.answers("nothing")
    assert place.release() == 0
    assert place.updated == []


def test_what_blocks_stays(place: Place) -> None:
    place.answers("claim-deleted")
    assert place.release() == 20
    assert place.updated == []
    assert "BLOCK" in place.summary


def test_what_somebody_must_agree_to_goes_where_nobody_is_asked(place: Place) -> None:
    """dev and staging: the pull request was the place to disagree."""
    place.answers("replicas-cut")
    assert place.release() == 0
    assert place.ledger == ["started", "done"]


def test_reviewers_of_the_environment_have_agreed(place: Place, github: FakeGitHub) -> None:
    github.answers(environments__dev={"protection_rules": [{"type": "required_reviewers"}]})
    assert place.release("--gate", "o/shop") == 0
    assert place.ledger == ["started", "done"]


@pytest.mark.parametrize(
    "environment", [None, {"protection_rules": []}, {"protection_rules": [{"type": "wait_timer"}]}]
)
def test_without_reviewers_a_file_must_name_the_report(
    environment: dict[str, Any] | None, place: Place, github: FakeGitHub
) -> None:
    github.answers(**({} if environment is None else {"environments__dev": environment}))
    assert place.release("--gate", "o/shop") == 0
    assert place.updated == []
    assert f"report: {place.fingerprint[:12]}" in place.summary
    releases = place.folder / "releases"
    releases.mkdir()
    (releases / "dev").write_text(f"report: {'0' * 12}\n", encoding="utf-8")
    assert place.release("--gate", "o/shop") == 0
    assert place.updated == []
    (releases / "dev").write_text(f"report: {'0' * 12}\nreport: {place.fingerprint[:12]}\n", encoding="utf-8")
    assert place.release("--gate", "o/shop") == 0
    assert place.ledger == ["started", "done"]


def test_who_may_not_ask_does_not_go(place: Place, github: FakeGitHub) -> None:
    github.answers(environments__dev="refused")
    assert place.release("--gate", "o/shop") == 1
    assert place.updated == []


def test_a_release_file_of_an_earlier_report_stops_no_later_one(place: Place) -> None:
    (place.folder / "releases").mkdir()
    (place.folder / "releases" / "dev").write_text(f"report: {'0' * 12}\n", encoding="utf-8")
    assert place.release() == 0
    assert place.ledger == ["started", "done"]


def test_a_failed_update_goes_back(place: Place) -> None:
    """What it leaves behind raises F14 in the way back, and that alone does not stop it."""
    after = json.loads(json.dumps(corpus.load("before")))
    after["deployment"]["resources"][-1]["initErrors"] = ["smoke test failed"]
    (place.folder / "after").mkdir()
    (place.folder / "after" / "state").write_text(json.dumps(after), encoding="utf-8")
    place.updates_end(255, 0)
    assert place.release() == 1
    assert place.ledger == ["started", "failed with 255", "started", "done"]
    assert OLD in place.stack_file.read_text(encoding="utf-8")
    assert f"web.image: {NEW} -> {OLD}" in place.summary
    assert "Gone back." in place.summary
    last = json.loads((place.folder / "ledger").read_text(encoding="utf-8").splitlines()[-1])
    assert "going back from the release that left it" in last["accepted"][0]


def test_no_answer_goes_back(place: Place, address: str) -> None:
    _Answering.status = 503
    place.addresses(address)
    assert place.release() == 1
    assert place.ledger == ["started", "done", "started", "done"]
    assert f"no answer from {address}" in place.summary


def test_what_would_lose_something_does_not_go_back(place: Place) -> None:
    place.answers("claim-deleted", after=True)
    place.updates_end(255)
    assert place.release() == 1
    assert len(place.updated) == 1
    assert "Not gone back: that would raise F1; a person must look." in place.summary


def test_a_way_back_that_can_not_be_judged_is_not_gone(place: Place) -> None:
    place.answers("claim-deleted", after=True)
    (place.folder / "after" / "gate").write_text("", encoding="utf-8")
    place.updates_end(255)
    assert place.release() == 1
    assert len(place.updated) == 1
    assert "can't be judged" in place.summary


def test_nothing_to_go_back_to_is_said(place: Place) -> None:
    place.history(NEW)
    place.updates_end(255)
    assert place.release() == 1
    assert "Not gone back" in place.summary
    assert len(place.updated) == 1


@pytest.mark.parametrize(("status", "answers"), [(200, True), (404, True), (401, True), (500, False), (502, False)])
def test_what_counts_as_an_answer(status: int, *, answers: bool, address: str) -> None:
    _Answering.status = status
    assert (smoke.silent([address], 0) == []) is answers


def test_what_can_not_be_asked_is_silent() -> None:
    strange = ["file:///etc/passwd", "http://127.0.0.1:1/", "https://", "nonsense"]
    assert smoke.silent(strange, 0) == strange
