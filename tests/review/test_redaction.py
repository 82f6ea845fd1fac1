"""Nothing marked secret and nothing that looks like a credential leaves."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from review import redaction, state
from review.cli import FORMATS, main
from review.values import HIDDEN, SECRET, SIGNATURE, UNKNOWN
from tests.review import corpus

WORD = "Tr0ub4dor" + "Hx9Kq2Lm"
"""Looks like a credential and opens nothing."""


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("hunter2", ("password",)),
        ("hunter2", ("DB_PASSWORD",)),
        ("hunter2", ("SERVICE_TOKEN", "value")),
        ("hunter2", ("apiKey",)),
        ("--api-key=hunter22", ()),
        ("postgres://shop:hunter2@db/shop", ()),
        ("-----BEGIN " + "PRIVATE KEY-----", ()),
        ("ghp_" + "a1B2" * 9, ()),
        ("AKIA" + "ABCDEFGH12345678", ()),
        ("q9Xz7Lm2Vb4Nc8Kd1Jf6Hg3Pw5", ()),
    ],
)
def test_credentials_are_seen(value: str, path: tuple[str, ...]) -> None:
    assert redaction.credential(value, path)
    assert value not in redaction.shown(value, path)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("info", ("LOG_LEVEL",)),
        ("/run/secrets/PGPASSWORD", ("PGPASSWORD_FILE", "value")),
        ("main-api", ("secret", "name")),
        ("database-binding", ("secretName",)),
        ("ghcr.io/example/web@sha256:" + "1a2b" * 16, ("image",)),
        ("urn:pulumi:prod::shop::kubernetes:apps/v1:Deployment::web", ()),
        ("topology.kubernetes.io/zone", ("topologyKey",)),
        ("1d978099-f6e0-4aad-8cfb-3b17aa6ae566", ("uid",)),
        ("postgresql://main-rw.shop.svc:5432/api", ()),
        ("admin_password = $__file{/run/secrets/admin}", ()),
    ],
)
def test_ordinary_words_stay(value: str, path: tuple[str, ...]) -> None:
    assert redaction.shown(value, path) == value


def test_marks_of_the_engine() -> None:
    marked = {SIGNATURE: SECRET, "ciphertext": HIDDEN}
    assert redaction.shown(marked) == HIDDEN
    assert redaction.shown([{"a": marked}, UNKNOWN]) == '[{"a":"[secret]"},"known after apply"]'
    assert (
        redaction.shown({"name": "DB_PASSWORD", "value": "hunter2"})
        == '{"name":"DB_PASSWORD","value":"[hidden: looks like a credential]"}'
    )
    assert redaction.shown("plain", ("Secret", "data", "a")) == HIDDEN


def test_plain_and_encoded_secrets_stop_a_report() -> None:
    redaction.check(["nothing here"], [WORD])
    for text in (f"so {WORD} it is", base64.b64encode(WORD.encode()).decode(), "AKIA" + "ABCDEFGH12345678"):
        with pytest.raises(redaction.RedactionError) as told:
            redaction.check([text], [WORD])
        assert WORD not in str(told.value)


def test_ordinary_words_beside_a_password_are_no_secrets() -> None:
    assert redaction.wanted(["main-rw.shop.svc", "5432", WORD, "hidden-word"], "host main-rw.shop.svc port 5432") == [
        WORD,
        "hidden-word",
    ]


def test_a_leak_fails_closed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A program that puts a secret's value where no rule looks for one."""
    leaked = "correct-Horse battery"
    recorded = json.loads(json.dumps(corpus.load("image-bumped")["gate"]))
    for event in recorded:
        metadata: dict[str, Any] = event.get("resourcePreEvent", {}).get("metadata", {})
        if metadata.get("op") == "update":
            metadata["new"]["inputs"]["metadata"]["annotations"] = {"note": leaked}
    export = json.loads(json.dumps(corpus.load("before")))
    export["deployment"]["resources"][0]["outputs"] = {"x": {SIGNATURE: SECRET, "plaintext": json.dumps(leaked)}}
    (tmp_path / "preview").write_text(corpus.lines(recorded), encoding="utf-8")
    (tmp_path / "state").write_text(json.dumps(export), encoding="utf-8")
    command = [
        "report",
        "--preview",
        str(tmp_path / "preview"),
        "--state",
        str(tmp_path / "state"),
        "--out",
        str(tmp_path / "out"),
    ]
    assert main(command) == 31
    told = capsys.readouterr()
    assert leaked not in told.out + told.err
    assert not (tmp_path / "out").exists()


def test_no_recorded_secret_is_in_any_format(tmp_path: Path) -> None:
    """The generated passwords of the recorded state are real to the review."""
    secrets = [s for s in state.parse(corpus.load("before"), "before").secrets if len(s) >= 20]
    assert secrets
    (tmp_path / "state").write_text(json.dumps(corpus.load("before")), encoding="utf-8")
    for name in ("password-regenerated", "secret-rotated", "everything-relabelled"):
        recorded = corpus.load(name)
        (tmp_path / "preview").write_text(corpus.lines(recorded.get("full", recorded["gate"])), encoding="utf-8")
        main(
            [
                "report",
                "--preview",
                str(tmp_path / "preview"),
                "--state",
                str(tmp_path / "state"),
                "--out",
                str(tmp_path / name),
                "--manifests",
                str(tmp_path / name / "objects"),
            ]
        )
        files = [file for file in (tmp_path / name).rglob("*") if file.is_file()]
        texts = [file.read_text(encoding="utf-8") for file in files]
        assert {file.name for file in files} > {*FORMATS, "secret-shop-database-binding.yaml"}
        assert not [s for s in secrets for text in texts if s in text]
