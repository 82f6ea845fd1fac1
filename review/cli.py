"""`python -m review`: report on a preview, diff of a stack against another commit, guard of an update. Owns arguments and exit codes.

Exit codes: 0 safe or nothing to do, 10 somebody must agree, 20 blocked by a flag, 21 by a policy, 22 by the cost limit, 30 cannot
judge, 31 redaction failed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from review import cost, drift, events, junit, machine, manifests, markdown, page, redaction, state
from review.flags import Case, Limits
from review.model import Plan, State
from review.problems import CannotJudgeError, RedactionError
from review.report import EXIT_APPROVAL, EXIT_CANNOT_JUDGE, EXIT_REDACTION, EXIT_SAFE, Asked, Report, judge
from review.values import leaves
from toolchain.arguments import parsed

FORMATS: Mapping[str, Callable[[Report], str]] = {
    "report.md": markdown.render,
    "report.html": page.render,
    "report.json": machine.as_json,
    "report.sarif": machine.as_sarif,
    "report.junit.xml": junit.render,
    "stack.svg": lambda report: report.picture,
}


_Commands = argparse._SubParsersAction  # pyright: ignore[reportPrivateUsage]  # argparse has no public name for it


def main(arguments: Sequence[str]) -> int:
    options = parsed(_parser(), arguments, "diff --stack prod --base main")
    try:
        return options.command(options)
    except CannotJudgeError as problem:
        sys.stderr.write(f"CANNOT JUDGE: {_printable(problem)}\n")
        return EXIT_CANNOT_JUDGE
    except RedactionError as problem:
        sys.stderr.write(f"REDACTION FAILED: {problem}\n")
        return EXIT_REDACTION
    except KeyboardInterrupt:
        return 130
    except Exception as problem:  # noqa: BLE001  # whatever it is, it is no verdict
        sys.stderr.write(
            f"CANNOT JUDGE: a fault of the review itself, report it: {type(problem).__name__} at {_place(problem)}\n"
        )
        return EXIT_CANNOT_JUDGE


def _printable(problem: Exception) -> str:
    """Several lines stay several lines; what else a hostile name may hold does not reach the terminal."""
    return "\n".join(markdown.plain(line)[:2000] for line in str(problem).splitlines()[:40])


def _place(problem: Exception) -> str:
    """Never the message: it may hold a value."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (
        f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else "an unknown place"
    )


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--accept",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="lines `report: FINGERPRINT` and `accept: F6 URN REASON`",
    )
    common.add_argument("--drift", type=Path, metavar="FILE", help="event stream of `pulumi refresh --preview-only`")
    common.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help=f"writes {', '.join(FORMATS)} there instead of Markdown to standard output",
    )
    common.add_argument(
        "--manifests",
        type=Path,
        metavar="DIR",
        help="writes the objects before and after there, one file each, for other scanners",
    )
    common.add_argument(
        "--prices",
        type=Path,
        default=cost.SHIPPED,
        metavar="FILE",
        help="another price list, same shape as review/prices.json",
    )
    common.add_argument("--profile", metavar="NAME", help="profile of the price list")
    common.add_argument(
        "--cost-limit", type=float, metavar="N", help="monthly cost, upper edge and fully scaled, that blocks"
    )

    parser = argparse.ArgumentParser(
        prog="python -m review", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="report|diff|preview|drift|guard")
    _add_report(commands, common)
    _add_stack(commands, common)
    _add_guard(commands)
    return parser


def _add_report(commands: _Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    report = commands.add_parser("report", parents=[common], help="judge a preview from its event stream")
    report.add_argument(
        "--preview",
        type=Path,
        required=True,
        metavar="FILE",
        help="event stream of the preview; with --ignore-protect if protection ends it",
    )
    report.add_argument(
        "--gate", type=Path, metavar="FILE", help="event stream of the same preview without --ignore-protect"
    )
    report.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="`pulumi stack export` of before; without it, dependents and interrupted operations are not seen",
    )
    report.add_argument("--commit", default="", help="commit of the program, for the report's head")
    report.add_argument("--base", default="", help="commit of the state, for the report's head")
    report.set_defaults(command=_report)


def _add_stack(commands: _Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """What looks at a stack by itself."""
    which = argparse.ArgumentParser(add_help=False)
    which.add_argument("--stack", default="dev", help="name of the stack: Pulumi.<stack>.yaml (default: dev)")
    which.add_argument(
        "--project", type=Path, default=Path(), metavar="DIR", help="folder of Pulumi.yaml (default: here)"
    )
    diff = commands.add_parser(
        "diff",
        parents=[which, common],
        help="rehearse another commit, then the working tree on top of it, and judge that",
    )
    diff.add_argument("--base", required=True, metavar="REV", help="branch, tag or commit to compare with")
    diff.set_defaults(command=_diff)
    preview = commands.add_parser(
        "preview", parents=[which, common], help="judge a real preview; needs the stack's backend and credentials"
    )
    preview.add_argument("--commit", default="", help="commit of the program, for the report's head")
    preview.set_defaults(command=_preview, base="")
    drifting = commands.add_parser(
        "drift", parents=[which], help="what somebody else has changed in the real stack: exit 0 nothing, 10 something"
    )
    drifting.set_defaults(command=_drift)


def _add_guard(commands: _Commands[argparse.ArgumentParser]) -> None:
    guard = commands.add_parser(
        "guard", help="pulumi up of exactly what was reviewed, or nothing; pulumi destroy of what nobody protected"
    )
    guard.add_argument("--stack", required=True)
    guard.add_argument(
        "--project", type=Path, default=Path(), metavar="DIR", help="folder of Pulumi.yaml (default: here)"
    )
    what = guard.add_mutually_exclusive_group(required=True)
    what.add_argument("--report", type=Path, metavar="FILE", help="report.json of the real preview that was reviewed")
    what.add_argument(
        "--destroy",
        action="store_true",
        help="takes the whole stack away instead; one with protected resources needs --break-glass",
    )
    guard.add_argument("--ledger", type=Path, required=True, metavar="FILE", help="one line is appended per attempt")
    guard.add_argument("--by", required=True, metavar="NAME", help="who brings it out, for the ledger")
    guard.add_argument(
        "--accept",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="lines `report: FINGERPRINT` and `accept: F6 URN REASON`",
    )
    guard.add_argument(
        "--break-glass",
        default="",
        metavar="REASON",
        help="allows an option that does something else than was reviewed, and --destroy of a protected stack",
    )
    guard.add_argument(
        "--no-cluster",
        action="store_true",
        help="do not ask the cluster who it is (a stack without one, or no kubectl here)",
    )
    guard.add_argument("options", nargs="*", metavar="-- OPTION", help="for pulumi up or destroy")
    guard.set_defaults(command=_guard)


def _report(options: argparse.Namespace) -> int:
    plan = events.read(options.preview, gate=options.gate)
    before = state.read(options.state) if options.state is not None else State()
    if options.state is None:
        plan = replace(
            plan, notes=(*plan.notes, "no state was given: dependents and interrupted operations are not seen")
        )
    return _end(options, plan, before)


def _diff(options: argparse.Namespace) -> int:
    from review import rehearsed  # noqa: PLC0415  # a report needs no engine, and not the time to load what talks to one

    found = rehearsed.compared(options.project, options.stack, options.base)
    options.commit, options.base = found.commit, found.base
    return _end(options, found.plan, found.state)


def _preview(options: argparse.Namespace) -> int:
    from review import real  # noqa: PLC0415  # a report runs no engine

    plan, before = real.planned(options.project, options.stack)
    return _end(options, plan, before)


def _drift(options: argparse.Namespace) -> int:
    from review import real  # noqa: PLC0415  # a report runs no engine

    found = sorted(real.drifted(options.project, options.stack))
    sys.stdout.write(drift.page(found))
    return EXIT_APPROVAL if found else EXIT_SAFE


def _guard(options: argparse.Namespace) -> int:
    from review import guard  # noqa: PLC0415  # the other commands start no update

    request = guard.Request(
        stack=options.stack,
        project=options.project,
        reviewed=options.report,
        ledger=options.ledger,
        by=options.by,
        acceptances=tuple(options.accept),
        break_glass=options.break_glass,
        options=tuple(options.options),
        kubectl=not options.no_cluster,
    )
    return guard.run(request)


def _end(options: argparse.Namespace, plan: Plan, before: State) -> int:
    drifted = drift.read(options.drift) if options.drift is not None else frozenset[str]()
    limits = replace(Limits(), cost_ceiling=options.cost_limit)
    case = Case(plan, before, cost.Prices.read(options.prices, options.profile), limits, drifted)
    report = judge(case, Asked(options.commit, options.base, options.drift is not None, tuple(options.accept)))
    if options.out is None:
        texts = {"report.md": markdown.render(report)}
    else:
        texts = {name: render(report) for name, render in FORMATS.items()}
    objects = _objects(case, options.manifests)
    redaction.check([*texts.values(), *objects.values()], _secrets(plan, before))
    for name, text in objects.items():
        file = options.manifests / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    if options.out is None:
        sys.stdout.write(texts["report.md"])
    else:
        options.out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (options.out / name).write_text(text, encoding="utf-8")
        sys.stdout.write(
            f"{report.verdict}: {len(report.open)} open flags, report {report.fingerprint[:12]} in {options.out}\n"
        )
    return report.exit_code


def _objects(case: Case, folder: Path | None) -> Mapping[str, str]:
    """Files for other scanners; what an earlier report left there would be read as part of this one."""
    if folder is None:
        return {}
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        msg = f"--manifests {folder}: must be a new or an empty folder"
        raise CannotJudgeError(msg)
    return manifests.files(case)


def _secrets(plan: Plan, before: State) -> list[str]:
    """Of the state, and of Secrets whose data the program forgot to mark."""
    unmarked = [
        v
        for c in plan.changes.values()
        if c.kind == "Secret"
        for side in (c.before, c.after)
        for v in redaction.secret_values(side)
    ]
    secrets = {*before.secrets, *unmarked}
    if not secrets:
        return []
    sides = chain.from_iterable((c.before, c.after) for c in plan.changes.values() if c.kind != "Secret")
    plain = "\n".join([*plan.changes, *{str(leaf) for side in sides for _, leaf in leaves(side)}])
    return redaction.wanted(secrets, plain)
