"""A report as text, in the order of what a reviewer asks: may this pass, why not, how much, who feels it, what exactly.

Owns: order and words. Everything before the folds fits 40 lines; what is longer is in a fold behind it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from review import exchanged
from review.blocks import Block, Code, Fold, Line, Lines, Paste, Section, Table, Text
from review.flags import FLAGS, Finding, Grade
from review.model import Change, Op
from review.quantities import cores, gibibytes
from review.redaction import LOOKS_LIKE, credential
from review.report import Report, Verdict
from review.rules import RULES
from review.values import at, canonical, text
from review.world import LONG_RUNNING, PODS

ROWS = 10
"""Of the danger table above the fold; blocking ones come first."""

SIGNS = {Verdict.BLOCK: "⛔", Verdict.NEEDS_APPROVAL: "✋", Verdict.SAFE: "✅", Verdict.NO_CHANGES: "✅"}
_MARKS = {Op.CREATE: "+", Op.IMPORT: "=", Op.UPDATE: "~", Op.REPLACE: "±", Op.DELETE: "−"}


def title(report: Report) -> str:
    return f"{SIGNS[report.verdict]} {report.verdict} · {report.case.plan.project} · {report.case.plan.stack}"


def sections(report: Report) -> Iterator[Section]:
    """Top to bottom; a format that must be short leaves out from the end."""
    yield Section("", [Text(_meta(report)), *_why(report)], keep=True)
    yield Section("Dangers", _dangers(report), keep=True)
    yield Section("Size", [Lines(list(_size(report)))])
    yield Section("", _capacity(report))
    yield Section("Security", [Lines(list(_security(report)))])
    yield Section("Blast radius", [Text(_radius(report))])
    yield from _details(report)


def _details(report: Report) -> Iterator[Section]:
    if report.findings:
        yield Section("", [Fold("What to do instead, and how to accept", list(_remedies(report)))])
    yield Section("Changes", list(_changes(report)))
    if report.reached:
        yield Section("", [Fold(f"Who feels it ({len(report.reached)})", [Lines(_reached(report))])])
    yield Section("", [Fold("Cost by object", list(_cost_table(report)))])
    if report.failing or report.passing or report.grants or report.peers or report.grants_lost or report.peers_lost:
        yield Section("", [Fold("Security in full", [Lines(list(_posture(report)))])])
    yield Section("Drift", [Text(_drift(report))])
    if report.case.plan.violations:
        rows = [[[v.policy], ["must" if v.mandatory else "should"], [v.text]] for v in report.case.plan.violations]
        yield Section("Policies", [Table(("policy", "force", "message"), rows)])
    warnings = [m for m in report.case.plan.messages if m.severity == "warning"]
    if warnings:
        yield Section("Warnings of the program", [Lines([[_said(m.text)] for m in warnings[:20]])])
    yield Section("", [Lines(list(_footer(report)))])


def _meta(report: Report) -> Line:
    plan = report.case.plan
    words: list[str | Code] = []
    if report.commit:
        words += ["commit ", Code(report.commit[:12]), " · "]
    if report.base:
        words += ["compared with ", Code(report.base[:12]), " · "]
    if report.case.state.version:
        words += [f"state of {report.case.state.version.replace(' v', ' by engine v')} · "]
    providers = [c for c in plan.changes.values() if c.type.startswith("pulumi:providers:")]
    if versions := sorted({f"{c.kind} {text(c.after['version'])}" for c in providers if c.after.get("version")}):
        words += [f"{', '.join(versions)} · "]
    words += [f"previewed in {plan.seconds} s · report ", Code(report.fingerprint[:12])]
    if plan.rehearsed:
        words += [" · REHEARSED, compared with no cluster"]
    return words


def _why(report: Report) -> Iterator[Block]:
    left, taken = report.open, [f for f in report.findings if f.accepted]
    blocks = sum(f.grade is Grade.BLOCK for f in left)
    words = [
        f"{blocks} blocking" if blocks else "",
        f"{len(left) - blocks} to approve" if len(left) > blocks else "",
        f"{len(taken)} accepted" if taken else "",
    ]
    if any(words):
        yield Text(["Flags: ", ", ".join(word for word in words if word), "."])
    if report.case.plan.refused:
        count = len(report.case.plan.refused)
        yield Text(
            [f"As it is, the engine would refuse this: {count} protected {_plural(count, 'resource')} would be lost."]
        )
    for remark in report.remarks:
        yield Text([remark])


def _groups(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings of one flag with the same words, accepted ones last."""
    groups: dict[tuple[bool, str, str, str], list[Finding]] = {}
    for finding in sorted(findings, key=lambda f: bool(f.accepted)):
        groups.setdefault((bool(finding.accepted), finding.flag, finding.sentence, finding.grade.value), []).append(
            finding
        )
    return list(groups.values())


def _dangers(report: Report) -> list[Block]:
    if not report.findings:
        return [Text(["None."])]
    rows = _groups(report.findings)
    blocks: list[Block] = [
        Table(("flag", "resource", "what will happen", "do instead"), [_row(group) for group in rows[:ROWS]])
    ]
    if any(not finding.accepted for finding in report.findings):
        blocks.append(Text(["To accept one by name and reason: the lines to copy are in the fold below."]))
    if len(rows) > ROWS:
        flags = Counter(finding.flag for group in rows[ROWS:] for finding in group)
        more = ", ".join(f"{flag} × {n}" for flag, n in flags.items())
        blocks.append(Text([f"and more, in the fold below: {more}"]))
    return blocks


def _row(group: list[Finding]) -> list[Line]:
    """Findings of one flag with the same words share a row."""
    finding = group[0]
    sign = "✅" if finding.accepted else "⛔" if finding.grade is Grade.BLOCK else "✋"
    return [
        [f"{sign} {finding.flag} {FLAGS[finding.flag][0]}"],
        [_names(group)],
        [finding.sentence],
        [_instead(finding)],
    ]


def _names(group: list[Finding]) -> str:
    """Up to four by name; more than that by kind, as a reader of eighteen names reads none."""
    if len(group) <= 4:
        return ", ".join(finding.label for finding in group)
    kinds: dict[str, list[str]] = {}
    for finding in group:
        kind, _, name = finding.label.partition(" ")
        kinds.setdefault(kind, []).append(name)
    words = [
        f"{kind} {names[0]}" if len(names) == 1 else f"{len(names)} × {kind} ({names[0]}, …)"
        for kind, names in list(kinds.items())[:5]
    ]
    return ", ".join(words) + (f" and {len(kinds) - 5} more kinds" if len(kinds) > 5 else "")


def _instead(finding: Finding) -> str:
    """In the few words that a cell has; what is to be pasted stands in the fold."""
    if finding.accepted:
        return f"accepted: {finding.accepted}"
    first, more, _ = finding.remedy.partition("\n")
    if finding.flag == "F3":
        return "keep the old name, or paste the alias from the fold below"
    return f"{first.rstrip(':')} (fold below)" if more else first or "-"


def _size(report: Report) -> Iterator[Line]:
    words = " · ".join(f"{count} {'unchanged' if what == 'same' else what}" for what, count in report.counts.items())
    yield [words]
    by: dict[str, Counter[str]] = {}
    for change in report.case.plan.touched:
        by.setdefault(report.case.component.get(change.urn, "") or "(no component)", Counter())[change.op.value] += 1
    if by:
        parts = [
            f"{name}: {', '.join(f'{n} {op}' for op, n in counts.items())}" for name, counts in list(by.items())[:6]
        ]
        yield ["by component: ", "; ".join(parts), f"; and {len(by) - 6} more" if len(by) > 6 else ""]
    if quiet := report.case.plan.in_state:
        words = [f"{report.case.label(c)} {' and '.join(c.in_state)}" for c in quiet[:4]]
        yield ["in the state alone: ", "; ".join(words), f"; and {len(quiet) - 4} more" if len(quiet) > 4 else ""]
    yield [_cost(report)]


def _cost(report: Report) -> str:
    bill = report.bill
    low, high = bill.after * (1 - bill.prices.band), bill.after * (1 + bill.prices.band)
    share = _share(bill.before, bill.after)
    level = f"true level {low:,.0f} to {high:,.0f}"
    if abs(bill.delta) < 0.5:
        words = f"cost per month, {bill.prices.currency}: {bill.after:,.0f}, unchanged; {level}"
    else:
        words = f"cost per month, {bill.prices.currency}: {bill.before:,.0f} → {bill.after:,.0f}, {bill.delta:+,.0f}{share}; {level}"
    if bill.after_most > bill.after:
        words += f", fully scaled {bill.after_most:,.0f}"
    gaps = "" if bill.complete else "; some sizes are unknown and not in it"
    return f"{words} (list price {bill.prices.profile} of {bill.prices.date}, without discounts and egress{gaps})"


def _capacity(report: Report) -> list[Block]:
    changed = [s for s in report.sums if s.changed]
    if not changed:
        total = report.sums[-1].after
        return [
            Text(
                [
                    f"Capacity is unchanged: {total['replicas']:g} replicas, {cores(total['cpu'])} cores, {gibibytes(total['memory'])}, storage {gibibytes(total['storage'])}."
                ]
            )
        ]
    shown = changed if len(changed) <= 5 else [*changed[:4], changed[-1]]
    rows = [
        [
            [s.name or "(no component)"],
            *([_step(what, s.before[what], s.after[what])] for what in ("replicas", "cpu", "memory", "storage")),
        ]
        for s in shown
    ]
    return [Table(("capacity", "replicas", "cores", "memory", "storage"), rows)]


def _step(what: str, before: float, after: float) -> str:
    def write(value: float) -> str:
        if what in ("memory", "storage"):
            return gibibytes(value)
        return cores(value)

    if before == after:
        return write(after)
    return f"{write(before)} → {write(after)}{_share(before, after)}"


def _share(before: float, after: float) -> str:
    part = (after - before) / before if before else 0.0
    return "" if not before else f" ({part:+.0%})" if abs(part) >= 0.005 else " (less than 1%)"


def _security(report: Report) -> Iterator[Line]:
    gains = (
        ("roles gain", report.grants),
        ("roles lose", report.grants_lost),
        ("network policies allow", report.peers),
        ("network policies no longer allow", report.peers_lost),
    )
    yield from ([line] for line in exchanged.lines(report.case, report.differences))
    if not (report.failing or report.passing or any(found for _, found in gains)):
        yield ["nothing gained, nothing lost (rules R01 to R34)"]
        return
    for name, found in (("newly failing", report.failing), ("newly passing", report.passing)):
        if found:
            counts = Counter(breach.rule for breach in found)
            yield [
                f"{name}: ",
                ", ".join(
                    f"{rule} {RULES[rule].title}{f' × {n}' if n > 1 else ''}" for rule, n in list(counts.items())[:6]
                ),
            ]
    for name, found in gains:
        if found:
            first = "; ".join(f"{gain.thing.name} {gain.what}" for gain in found[:2])
            yield [
                f"{name} {len(found)} {_plural(len(found), 'thing')}: {first}",
                f"; and {len(found) - 2} more" if len(found) > 2 else "",
            ]


def _posture(report: Report) -> Iterator[Line]:
    for name, found in (("fails", report.failing), ("passes", report.passing)):
        for breach in found:
            kind, place, own = breach.key
            where = f" {breach.where}" if breach.where else ""
            yield [
                f"{breach.rule} newly {name}: {kind} {place}/{own}{where}",
                f": {breach.sentence}" if name == "fails" else "",
            ]
    for gain in [*report.grants, *report.peers]:
        yield [f"{gain.thing.label} gains: {gain.what}"]
    for gain in [*report.grants_lost, *report.peers_lost]:
        yield [f"{gain.thing.label} loses: {gain.what}"]


def _radius(report: Report) -> Line:
    direct = [c for c in report.case.plan.touched if c.package != "pulumi"]
    if not direct:
        return ["Nothing changes."]
    names = {report.case.component.get(reach.urn, "") for reach in report.reached} - {""}
    felt = (
        f"; {len(report.reached)} more {'feels' if len(report.reached) == 1 else 'feel'} it"
        + (f", in {', '.join(sorted(names)[:6])}" if names else "")
        if report.reached
        else "; nothing else feels it"
    )
    changes = "1 resource changes itself" if len(direct) == 1 else f"{len(direct)} resources change themselves"
    return [changes, felt, ".", *(f" {words}." for words in _effects(report, direct))]


def _effects(report: Report, direct: Iterable[Change]) -> Iterator[str]:
    """What a change of some kinds sets going."""
    rolls = sum(c.op is Op.UPDATE and c.kind in LONG_RUNNING and _other_pods(c) for c in direct)
    jobs = [c for c in direct if c.op in (Op.REPLACE, Op.CREATE) and c.kind == "Job"]
    if rolls:
        yield f"{rolls} {_plural(rolls, 'workload')} {'restarts its' if rolls == 1 else 'restart their'} pods"
    if jobs:
        first = report.case.label(jobs[0])
        yield f"{first} runs" if len(jobs) == 1 else f"{len(jobs)} jobs run, {first} among them"


def _other_pods(change: Change) -> bool:
    return canonical(at(change.before, *PODS[change.kind])) != canonical(at(change.after, *PODS[change.kind]))


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"


def _reached(report: Report) -> Sequence[Line]:
    changes = report.case.plan.changes
    return [
        [f"{report.case.label(changes[r.urn])}: {r.how} ({report.case.label(changes[r.by])})"] for r in report.reached
    ]


def _remedies(report: Report) -> Iterator[Block]:
    yield Text(
        [
            "Accept by name and reason, in the file that the gate reads, below the line ",
            Code(f"report: {report.fingerprint[:12]}"),
            ":",
        ]
    )
    groups = _groups(report.findings)
    for group in groups[:60]:
        first = group[0]
        names = ", ".join(f.label for f in group[:10])
        yield Text([f"{first.flag} {names}: {first.sentence}", f" ({first.source})" if first.source else ""])
        remedies = dict.fromkeys(f.remedy for f in group if f.remedy)
        yield Paste("\n".join([*remedies, *(f.how_to_accept for f in group[:40])]))
    if len(groups) > 60 or any(len(group) > 40 for group in groups):
        yield Text(["More in the HTML and JSON forms."])


def _changes(report: Report) -> Iterator[Block]:
    groups: dict[str, list[Change]] = {}
    for change in report.case.plan.touched:
        groups.setdefault(report.case.component.get(change.urn, "") or "(no component)", []).append(change)
    if not groups:
        yield Text(["None."])
    for name, changes in groups.items():
        yield Fold(f"{name}: {len(changes)} {_plural(len(changes), 'change')}", list(_of_component(report, changes)))


def _of_component(report: Report, changes: Iterable[Change]) -> Iterator[Block]:
    for change in changes:
        how = f" ({'delete' if change.delete_first else 'create'}-first)" if change.op is Op.REPLACE else ""
        why = f" because of {', '.join(change.why[:3])}" if change.reasons else ""
        yield Text([f"{_MARKS[change.op]} {change.op}{how} {report.case.label(change)}{why}"])
        lines: list[Line] = [[Code(d.path), f" {d.sentence}"] for d in report.differences[change.urn][:40]]
        more = len(report.differences[change.urn]) - 40
        if more > 0:
            lines.append([f"and {more} more"])
        if lines:
            yield Lines(lines)


def _cost_table(report: Report) -> Iterator[Block]:
    rows = [
        [[label], [f"{before:,.2f}"], [f"{after:,.2f}"], [f"{after - before:+,.2f}"]]
        for label, before, after in report.bill.top
    ]
    yield Table(("object", "before", "after", "delta"), rows)
    yield Text([f"Prices: {report.bill.prices.source}."])


def _drift(report: Report) -> Line:
    if not report.drift_known:
        return [
            "Not looked for: give the stream of ",
            Code("pulumi refresh --preview-only"),
            " with ",
            Code("--drift"),
            ".",
        ]
    drifted = report.case.drifted
    count = f"{len(drifted)} {_plural(len(drifted), 'resource')} changed"
    return [f"{count if drifted else 'None'} since the last pulumi up."]


def _said(words: str) -> str:
    line = " ".join(words.split())
    return LOOKS_LIKE if any(credential(word) for word in line.split()) else line[:300]


def _footer(report: Report) -> Iterator[Line]:
    for note in report.case.plan.notes[:10]:
        yield [_said(note)]
    if report.case.plan.not_checked:
        yield ["not checked: ", ", ".join(report.case.plan.not_checked)]
    yield ["Flags, rules, exit codes and how to run it again: docs/review.md. Report ", Code(report.fingerprint)]
