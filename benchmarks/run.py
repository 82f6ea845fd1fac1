"""One run of one program, in a process of its own so that it can be measured: `python -m benchmarks.run ours mocks 5`.

Prints the number of resources that the engine or the recording has seen, components not counted.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, cast
from unittest import mock

from benchmarks import stack
from rehearsal import environment
from rehearsal.session import Session
from tests.kit.recording import Recording, record

Program = Literal["ours", "plain"]
Manner = Literal["rehearsed", "defaults", "mocks"]
"""rehearsed: as `make preview` does it. defaults: the same stand-ins, but the engine as it comes. mocks: without an engine."""

ROOT = Path(__file__).parents[1]
FOLDERS: dict[Program, Path] = {"ours": ROOT, "plain": ROOT / "benchmarks" / "flat"}
OUR_LEVERS = frozenset(
    {
        "GOGC",
        "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS",
        "PULUMI_SKIP_CHECKPOINTS",
        "PYTHONPATH",
        "SLIPWAY_REHEARSAL_PROJECT",
        "SLIPWAY_REHEARSAL_SILENT",
    }
)
"""Of a rehearsal's environment, what a person who runs the engine by hand has not."""


def recorded(program: Program, pairs: int) -> Recording:
    """What a program registers."""
    values = stack.values(pairs) if program == "ours" else stack.flat_values(pairs)
    return record(
        lambda: runpy.run_path(str(FOLDERS[program]), run_name="__main__"),
        project=stack.PROJECT,
        stack=stack.STACK,
        config={key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()},
        root=ROOT,
    )


def previewed(program: Program, pairs: int) -> int:
    """Previews a program on the real engine; the number of resources that it would create. Exits if the preview fails."""
    with tempfile.TemporaryDirectory(prefix="slipway-benchmark-") as folder:
        project = {"name": stack.PROJECT, "runtime": "python", "main": str(FOLDERS[program])}
        Path(folder, "Pulumi.yaml").write_text("".join(f"{k}: {v}\n" for k, v in project.items()), encoding="utf-8")
        text = stack.text(pairs) if program == "ours" else stack.flat_text(pairs)
        with Session(Path(folder), stack.STACK, stack_text=text) as session:
            result = session.preview()
            if result.exit_code != 0:
                sys.exit(result.text)
            return sum(map(_plans_object, result.events.read_text(encoding="utf-8").splitlines()))


def is_object(kind: str) -> bool:
    """Whether a type is neither the engine's own (stack, providers) nor a component."""
    return not kind.startswith(("pulumi:", "slipway:"))


def _plans_object(line: str) -> bool:
    planned: dict[str, Any] | None = json.loads(line).get("resourcePreEvent")
    return planned is not None and is_object(planned["metadata"]["type"])


@contextmanager
def engine_defaults() -> Generator[None]:
    """The engine's own garbage collector settings, its debug log, and nothing put into the program's interpreter."""
    build = environment.build

    def plain(places: environment.Places, providers: str, *, durable: bool) -> dict[str, str]:
        built = build(places, providers, durable=durable)
        return {name: value for name, value in built.items() if name not in OUR_LEVERS}

    def prepare_home(home: Path) -> None:
        (home / "pulumi").mkdir(parents=True)

    with mock.patch.multiple(environment, build=plain, prepare_home=prepare_home):
        yield


def _main(program: Program, manner: Manner, pairs: int) -> int:
    match manner:
        case "mocks":
            return sum(is_object(resource.type) for resource in recorded(program, pairs).resources)
        case "rehearsed":
            return previewed(program, pairs)
        case "defaults":
            with engine_defaults():
                return previewed(program, pairs)


if __name__ == "__main__":
    os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"
    which, how, size = sys.argv[1:]
    sys.stdout.write(f"{_main(cast('Program', which), cast('Manner', how), int(size))}\n")
