"""Records the corpus from the real engine: `python -m tests.review.record [NAME...]`. Takes a few minutes.

One rehearsed `up` of the program, then one or two previews per scenario on top of that state. What is kept of a stream is what a
review reads: steps, warnings and errors, the summary; debug messages and places in source files are left out.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rehearsal.session import Session
from tests.review.program import PROGRAM, STACK
from tests.review.scenario import Scenario
from tests.review.scenarios import SCENARIOS

FIXTURES = Path(__file__).parent / "fixtures"


def main(names: list[str]) -> None:
    FIXTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "shop")
        project.mkdir()
        (project / "Pulumi.yaml").write_text("name: shop\nruntime: python\n", encoding="utf-8")
        (project / "Pulumi.dev.yaml").write_text(STACK, encoding="utf-8")
        program = project / "__main__.py"
        program.write_text(PROGRAM, encoding="utf-8")
        with Session(project, "dev") as session:
            result = session.up("--color=never")
            assert result.exit_code == 0, result.text
            keep(FIXTURES / "before.json.gz", stripped(session.export()))
            for scenario in SCENARIOS:
                if not names or scenario.name in names:
                    program.write_text(edited(scenario), encoding="utf-8")
                    keep(FIXTURES / f"{scenario.name}.json.gz", recorded(session))
                    sys.stdout.write(f"{scenario.name}\n")


def edited(scenario: Scenario) -> str:
    text = PROGRAM
    for old, new in scenario.edits:
        assert old in text, f"{scenario.name}: {old} is not in the program"
        text = text.replace(old, new)
    return text


def recorded(session: Session) -> dict[str, Any]:
    """`gate` is the normal preview, `full` the one that ignores protection, if that was needed."""
    gate = session.preview("--color=never")
    found: dict[str, Any] = {"gate": list(_events(gate.events))}
    if gate.exit_code != 0:
        full = session.preview("--color=never", "--ignore-protect")
        assert full.exit_code == 0, full.text
        found["full"] = list(_events(full.events))
    return found


def _events(file: Path) -> Iterator[dict[str, Any]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        kind = next(key for key in event if key.endswith("Event"))
        if kind in ("resourcePreEvent", "summaryEvent") or (
            kind == "diagnosticEvent" and event[kind]["severity"] in ("warning", "error")
        ):
            yield stripped(event)


def stripped(value: Any) -> Any:
    """Without places in source files and the outputs of objects, which no rule reads."""
    if isinstance(value, dict):
        outputs = () if "deployment" in value else ("outputs",)
        return {
            k: stripped(v)
            for k, v in value.items()
            if k not in ("sourcePosition", "stackTrace", "timestamp", *outputs) or _secret(k, v)
        }
    return [stripped(item) for item in value] if isinstance(value, list) else value


def _secret(key: str, value: Any) -> bool:
    return key == "outputs" and "4dabf18193072939515e22adb298388d" in json.dumps(value)


def keep(file: Path, value: Any) -> None:
    file.write_bytes(gzip.compress(json.dumps(value, sort_keys=True, separators=(",", ":")).encode(), 9, mtime=0))


if __name__ == "__main__":
    main(sys.argv[1:])
