"""Arguments of `python -m delivery`: one command per step of a workflow."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from delivery import comment, drift, release, reports
from delivery.github import GitHubError
from toolchain.arguments import parsed


def main(arguments: Sequence[str]) -> int:
    options = parsed(_parser(), arguments, "report --stack prod --out report")
    try:
        return options.command(options)
    except GitHubError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    stack = argparse.ArgumentParser(add_help=False)
    stack.add_argument("--stack", required=True)
    stack.add_argument("--project", type=Path, default=Path(), metavar="DIR", help="folder of Pulumi.yaml")
    stack.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the artefact")
    parser = argparse.ArgumentParser(prog="python -m delivery", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="report|release|look|comment|drift")

    report = commands.add_parser("report", parents=[stack], help="what a change would do, as an artefact")
    report.add_argument("--base", default="", metavar="REV", help="rehearse against it; without one, a real preview")
    report.set_defaults(command=_report)

    going = commands.add_parser("release", parents=[stack], help="bring out what the report says, ask it, or go back")
    going.add_argument("--ledger", type=Path, required=True, metavar="FILE")
    going.add_argument("--by", required=True, metavar="NAME")
    going.add_argument(
        "--gate", default="", metavar="OWNER/NAME", help="ask this repository's environment or release file first"
    )
    going.add_argument("--patience", type=float, default=300.0, metavar="SECONDS", help="until addresses must answer")
    going.set_defaults(command=_release)

    looking = commands.add_parser("look", parents=[stack], help="whether the real stack has drifted, as an artefact")
    looking.set_defaults(command=_look)

    commenting = commands.add_parser("comment", help="one comment per stack on the pull request of a run")
    for name in ("repository", "sha", "owner", "branch", "url"):
        commenting.add_argument(f"--{name}", required=True)
    commenting.add_argument("--reports", type=Path, required=True, metavar="DIR", help="artefacts, each in its folder")
    commenting.set_defaults(command=_comment)

    telling = commands.add_parser("drift", help="one issue per stack that has drifted")
    telling.add_argument("--repository", required=True)
    telling.add_argument("--url", required=True)
    telling.add_argument("--found", type=Path, required=True, metavar="DIR", help="artefacts, each in its folder")
    telling.set_defaults(command=_drift)
    return parser


def _report(options: argparse.Namespace) -> int:
    return reports.make(options.stack, options.project, options.out, options.base)


def _look(options: argparse.Namespace) -> int:
    return reports.look(options.stack, options.project, options.out)


def _release(options: argparse.Namespace) -> int:
    return release.run(
        release.Release(
            stack=options.stack,
            project=options.project,
            out=options.out,
            ledger=options.ledger,
            by=options.by,
            gate=options.gate,
            patience=options.patience,
        )
    )


def _comment(options: argparse.Namespace) -> int:
    run = comment.Run(
        repository=options.repository, sha=options.sha, owner=options.owner, branch=options.branch, url=options.url
    )
    comment.post(run, options.reports)
    return 0


def _drift(options: argparse.Namespace) -> int:
    drift.tell(options.repository, options.found, options.url)
    return 0
