"""The eight examples in docs/review-examples: `python -m tests.review.examples record` previews them, `docs` writes the pages.

The program is a copy of the working tree's, as one of the changes edits the program and not the stack file.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rehearsal.session import Session
from review import markdown, page
from review.flags import FLAGS
from review.report import Asked, Report, Verdict, judge
from review.rules import RULES
from tests.kit.ciphertexts import ciphertext
from tests.review import corpus
from tests.review.record import FIXTURES, keep, recorded, stripped
from tests.review.scenarios import SCENARIOS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "review-examples"
STACK_FILE, BODY = "Pulumi.prod.yaml", "components/app_service/kubernetes.py"
FIRST, SECOND = ciphertext("first"), ciphertext("second")
SECRETS = f"  blocksight:secrets: {{coin_api_key: {{secure: {FIRST}}}}}\n"


@dataclass(frozen=True)
class Example:
    name: str
    title: str
    verdict: Verdict
    flags: tuple[str, ...]
    edits: tuple[tuple[str, str, str], ...]
    """File, its text, and what comes instead."""


EXAMPLES = (
    Example(
        "image-bump",
        "An image's new digest",
        Verdict.SAFE,
        (),
        ((STACK_FILE, "blocksight/api@sha256:000", "blocksight/api@sha256:999"),),
    ),
    Example(
        "replica-cut",
        "One replica less of three",
        Verdict.NEEDS_APPROVAL,
        ("F6",),
        ((STACK_FILE, "replicas: 3", "replicas: 2"),),
    ),
    Example(
        "database-renamed",
        "The database under another name",
        Verdict.BLOCK,
        ("F1!", "F3!", "F5", "F10!"),
        (
            (STACK_FILE, "postgres_clusters:\n    main:", "postgres_clusters:\n    primary:"),
            (STACK_FILE, "{postgres: main,", "{postgres: primary,"),
        ),
    ),
    Example(
        "storage-shrunk",
        "A smaller volume",
        Verdict.BLOCK,
        ("F1!", "F6"),
        ((STACK_FILE, "storage: {size: 100Gi}", "storage: {size: 50Gi}"),),
    ),
    Example(
        "network-policy-removed",
        "A service without its network policy",
        Verdict.BLOCK,
        ("F7!",),
        ((BODY, "    network_policy(name,", '    if name != "api":\n        network_policy(name,'),),
    ),
    Example(
        "secret-rotated",
        "A new value of a secret",
        Verdict.SAFE,
        (),
        ((STACK_FILE, FIRST, SECOND),),
    ),
    Example(
        "protect-removed",
        "A database without protection",
        Verdict.BLOCK,
        ("F9!",),
        ((STACK_FILE, "      instances: 3\n", "      instances: 3\n      deletion_protection: false\n"),),
    ),
    Example(
        "namespace-moved",
        "The stack in another namespace",
        Verdict.BLOCK,
        ("F1!", "F2!", "F5", "F13"),
        ((STACK_FILE, "  blocksight:environment:\n", "  blocksight:environment:\n    name: blocksight-live\n"),),
    ),
)


def report(example: Example, folder: Path) -> Report:
    plan = corpus.plan(f"prod-{example.name}", folder)
    return judge(corpus.case(plan, corpus.before("prod-before")), Asked())


def record(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        program = Path(name, "program")
        shutil.copytree(
            ROOT, program, ignore=shutil.ignore_patterns(".git", ".venv", ".cache", "tests", "__pycache__", "docs")
        )
        stack_file = program / STACK_FILE
        stack_file.write_text(stack_file.read_text(encoding="utf-8") + SECRETS, encoding="utf-8")
        with Session(program, "prod") as session:
            result = session.up("--color=never")
            assert result.exit_code == 0, result.text
            if not names:
                keep(FIXTURES / "prod-before.json.gz", stripped(session.export()))
            for example in EXAMPLES:
                if not names or example.name in names:
                    originals = {
                        program / file: (program / file).read_text(encoding="utf-8") for file, _, _ in example.edits
                    }
                    for file, old, new in example.edits:
                        text = (program / file).read_text(encoding="utf-8")
                        assert old in text, f"{example.name}: {file} has no {old}"
                        (program / file).write_text(text.replace(old, new), encoding="utf-8")
                    keep(FIXTURES / f"prod-{example.name}.json.gz", recorded(session))
                    sys.stdout.write(f"{example.name}\n")
                    for path, text in originals.items():
                        path.write_text(text, encoding="utf-8")


def pages(folder: Path) -> dict[str, str]:
    """File name and text of everything that docs/review-examples holds, pictures aside."""
    found: dict[str, str] = {}
    rows: list[str] = []
    for example in EXAMPLES:
        made = report(example, folder)
        found[f"{example.name}.md"] = markdown.render(made)
        first = made.findings[0].sentence if made.findings else "nothing to agree to"
        rows.append(
            f"| [{example.title}]({example.name}.md) | {made.verdict} | {', '.join(dict.fromkeys(f.flag for f in made.findings)) or '-'} | {first} | [picture]({example.name}.png) |"
        )
    found["README.md"] = "\n".join(
        [
            "# Eight changes of BlockSight prod, and what the review says",
            "",
            "Recorded with `python -m tests.review.examples record`, written by `python -m tests.review.examples docs`.",
            "",
            "| change | verdict | flags | first of what will happen | as HTML |",
            "| --- | --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )
    return found


FIRES = {
    "F1": "a volume claim, volume, database, backup store, bucket, StatefulSet with claims, Docker volume or generated password is deleted or replaced; a volume shrinks; PostgreSQL goes back",
    "F2": "a namespace, definition of a kind, storage class, chart or provider is deleted or replaced; a provider works somewhere else",
    "F3": "something is deleted and its like is made under another name",
    "F4": "the old one goes before the new one is there",
    "F5": "strategy Recreate, one or no replica left, a selector, probe, disruption budget, Service or route changes or goes; a number of replicas is handed to an autoscaler",
    "F6": "replicas, CPU, memory, storage, a pool or a cache's memory falls by more than 20 %",
    "F7": "a rule R01 to R34 newly fails; a network policy goes or opens to everybody; a route asks less of who comes; a role gains; TLS goes; an image is from a registry that nothing came from before",
    "F8": "the monthly cost rises by more than 50 and 10 %, or passes --cost-limit",
    "F9": "protect, retain_on_delete, a retaining reclaim policy or a backup's retention is taken away",
    "F10": "the archive of the write-ahead log, a scheduled backup, the place of backups or a drill changes or goes",
    "F11": "a field that decides what a change does is not known before pulumi up",
    "F12": "what is changed has drifted (needs --drift)",
    "F13": "more than 50 resources or 30 % of the stack change at once; a version of a provider or a definition of a kind changes",
    "F14": "an interrupted operation, a taint, a resource that never became ready, a state that may be damaged",
}


def tables(folder: Path) -> str:
    """docs/review-tables.md"""
    parts = [
        "<!-- Written by `python -m tests.review.examples docs`; a test compares. -->",
        "",
        "# Flags, rules and recorded scenarios",
        "",
    ]
    parts += [
        "## Flags",
        "",
        "| flag | fires when |",
        "| --- | --- |",
        *(f"| {flag} {name} | {FIRES[flag]} |" for flag, (name, _) in FLAGS.items()),
        "",
    ]
    parts += [
        "## Posture rules",
        "",
        "| rule | holds that | newly failing it | what makes it pass | also known as |",
        "| --- | --- | --- | --- | --- |",
    ]
    parts += [
        f"| {r.id} | {r.title} | {'blocks' if r.blocks else 'needs approval'} | {r.remedy} | {r.known_as} |"
        for r in RULES.values()
    ]
    parts += ["", "## Scenarios", "", "Recorded from the engine with `python -m tests.review.record`; `!` blocks.", ""]
    parts += ["| change | held for | flags | verdict | exit | first of what is said |"]
    parts += ["| --- | --- | --- | --- | --- | --- |"]
    for scenario in SCENARIOS:
        made = corpus.report(scenario.name, folder)
        first = made.findings[0].sentence if made.findings else "-"
        parts.append(
            f"| {scenario.name} | {scenario.about} | {' '.join(scenario.flags) or '-'} | {made.verdict} | {made.exit_code} | {markdown.escaped(first)} |"
        )
    return "\n".join([*parts, ""])


def write(html: Path) -> None:
    """The pages, and for the pictures their HTML form into another folder."""
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in pages(Path(folder)).items():
            (DOCS / name).write_text(text, encoding="utf-8")
        (DOCS.parent / "review-tables.md").write_text(tables(Path(folder)), encoding="utf-8")
        html.mkdir(parents=True, exist_ok=True)
        for example in EXAMPLES:
            (html / f"{example.name}.html").write_text(page.render(report(example, Path(folder))), encoding="utf-8")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["record", *names]:
            record(names)
        case ["docs", html]:
            write(Path(html))
        case _:
            sys.exit("usage: python -m tests.review.examples record [NAME...] | docs HTML-FOLDER")
