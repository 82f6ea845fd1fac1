"""`python -m rehearsal`: preview, up, render, diff. Owns arguments and output; what happens is `session`'s."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rehearsal import render
from rehearsal.comparison import compared
from rehearsal.problems import RehearsalError
from rehearsal.progress import say
from rehearsal.session import NOT_CHECKED, Result, Session
from toolchain.arguments import parsed
from toolchain.progress import UnavailableError

LABEL = f"REHEARSAL: compared with no cluster; stand-in providers. Not checked: {NOT_CHECKED}."

_EVENT_LOG = 'the engine\'s events, after a line with `"rehearsed": true`'


def main(arguments: Sequence[str]) -> int:
    options = parsed(_parser(), arguments, "preview --stack prod")
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(128 + signal.SIGTERM))  # so that folders are removed
    try:
        return options.command(options)
    except (RehearsalError, UnavailableError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--stack", default="dev", help="name of the stack: Pulumi.<stack>.yaml (default: dev)")
    common.add_argument(
        "--project", type=Path, default=Path(), metavar="DIR", help="folder of Pulumi.yaml (default: here)"
    )
    running = argparse.ArgumentParser(add_help=False)
    running.add_argument(
        "--state", type=Path, metavar="DIR", help="goes on from what an earlier `up --state DIR` has made"
    )
    running.add_argument("--diff", action="store_true", help="every changed property")
    running.add_argument("--event-log", type=Path, metavar="FILE", help=_EVENT_LOG)

    parser = argparse.ArgumentParser(prog="python -m rehearsal", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="preview|up|render|diff")
    preview = commands.add_parser("preview", parents=[common, running], help="what `pulumi preview` would show")
    preview.add_argument(
        "--ignore-protect", action="store_true", help="show all steps, also those that protection refuses"
    )
    preview.set_defaults(command=_preview)
    up = commands.add_parser("up", parents=[common, running], help="what `pulumi up` would do; give --state to keep it")
    up.set_defaults(command=_up)
    rendering = commands.add_parser("render", parents=[common], help="one file per object, for kubectl or a reader")
    rendering.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="new, empty, or written by an earlier render"
    )
    rendering.set_defaults(command=_render)
    diff = commands.add_parser("diff", parents=[common], help="what the working tree changes since another commit")
    diff.add_argument("--base", required=True, metavar="REV", help="branch, tag or commit to compare with")
    diff.add_argument("--event-log", type=Path, metavar="FILE", help=_EVENT_LOG)
    diff.set_defaults(command=_diff, diff=True)
    return parser


def _preview(options: argparse.Namespace) -> int:
    page = Page()
    with Session(options.project, options.stack, state=options.state, tell=page.line) as session:
        extra = ["--ignore-protect"] if options.ignore_protect else []
        return page.end(session.preview(*_shown(options), *extra), options.event_log)


def _up(options: argparse.Namespace) -> int:
    page = Page()
    with Session(options.project, options.stack, state=options.state, tell=page.line) as session:
        return page.end(session.up(*_shown(options)), options.event_log)


def _render(options: argparse.Namespace) -> int:
    page = Page()
    with Session(options.project, options.stack) as session:
        say(f"rehearsing `up` of {options.stack}")
        result = session.up("--color=never")
        if result.exit_code != 0:
            page.line(result.text)
            return page.end(result, None)
        rendered = render.files(session.export())
    render.write(options.out, rendered)
    page.line(f"{len(rendered)} files in {options.out}")
    return page.end(result, None)


def _diff(options: argparse.Namespace) -> int:
    page = Page()
    with compared(options.project, options.stack, options.base, page.line) as comparison:
        result = comparison.session.preview(*_shown(options))
        return page.end(replace(result, notes=(*comparison.notes, *result.notes)), options.event_log)


def _shown(options: argparse.Namespace) -> list[str]:
    return [f"--color={'always' if sys.stdout.isatty() else 'never'}", *(["--diff"] if options.diff else [])]


class Page:
    """Standard output between the two lines that say what this is."""

    def __init__(self) -> None:
        self._begun = False

    def line(self, text: str) -> None:
        if not self._begun:
            sys.stdout.write(f"{LABEL}\n")
            self._begun = True
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def end(self, result: Result, event_log: Path | None) -> int:
        """Notes, the last line, and the machine's part; the exit code is the engine's."""
        for note in result.notes:
            self.line(f"rehearsal: {note}")
        self.line(LABEL)
        if event_log is not None:
            write_events(result, event_log)
        return result.exit_code


def write_events(result: Result, file: Path) -> None:
    """The engine's events, one JSON object per line, after a first one that says where they come from."""
    head = {
        "rehearsed": True,
        "notChecked": NOT_CHECKED.split(", "),
        "notes": result.notes,
        "exitCode": result.exit_code,
    }
    events = result.events.read_text(encoding="utf-8") if result.events.exists() else ""
    file.write_text(f"{json.dumps(head)}\n{events}", encoding="utf-8")
