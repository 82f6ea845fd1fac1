"""No secret in plaintext: neither in what the engine keeps, nor in what it prints or logs. Goldens: test_shipped.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rehearsal.session import Session
from tests.stacks.shipped import ROOT


def generated(export: dict[str, object]) -> set[str]:
    """Every generated password of a state that was exported with its secrets shown."""
    deployment = export["deployment"]
    assert isinstance(deployment, dict)
    results = [r["outputs"]["result"] for r in deployment["resources"] if r["type"].endswith(":RandomPassword")]
    return {json.loads(result["plaintext"]) for result in results}


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_state_output_and_log_hold_no_password(stack: str, tmp_path: Path) -> None:
    with Session(ROOT, stack, state=tmp_path / "state") as session:
        result = session.up("--diff")
        assert result.exit_code == 0, result.text
        passwords = generated(session.export())
        kept = [path for path in (tmp_path / "state").rglob("*.json*") if ".pulumi" in path.parts]
        assert len(passwords) >= 2
        assert kept
        for text in (result.text, result.events.read_text(encoding="utf-8"), *(p.read_text() for p in kept)):
            assert not any(password in text for password in passwords)
