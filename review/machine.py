"""A report for programs: JSON with a schema, and SARIF 2.1.0 for code scanning.

Owns: the names of fields, frozen per schema version (`report.schema.json`).
"""

from __future__ import annotations

import json
from typing import Any

from review.capacity import Sum
from review.flags import FLAGS, Finding, Grade
from review.model import Change
from review.report import SCHEMA, Report
from review.rules import RULES

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_json(report: Report) -> str:
    plan, bill = report.case.plan, report.bill
    document = {
        "schema": SCHEMA,
        "verdict": report.verdict.value,
        "exitCode": report.exit_code,
        "fingerprint": report.fingerprint,
        "project": plan.project,
        "stack": plan.stack,
        "commit": report.commit,
        "base": report.base,
        "rehearsed": plan.rehearsed,
        "notChecked": list(plan.not_checked),
        "state": {"fingerprint": report.case.state.fingerprint, "version": report.case.state.version},
        "counts": dict(report.counts),
        "refusedByProtection": list(plan.refused),
        "findings": [_finding(finding) for finding in report.findings],
        "inStateAlone": [{"urn": c.urn, "was": c.was, "what": c.in_state} for c in plan.in_state],
        "changes": [_change(report, change) for change in plan.touched],
        "capacity": [_sum(each) for each in report.sums],
        "cost": {
            "currency": bill.prices.currency,
            "profile": bill.prices.profile,
            "priceDate": bill.prices.date,
            "band": bill.prices.band,
            "before": round(bill.before, 2),
            "after": round(bill.after, 2),
            "delta": round(bill.delta, 2),
            "beforeFullyScaled": round(bill.before_most, 2),
            "afterFullyScaled": round(bill.after_most, 2),
            "complete": bill.complete,
            "top": [{"object": label, "before": round(old, 2), "after": round(new, 2)} for label, old, new in bill.top],
        },
        "posture": {
            "newlyFailing": [
                {"rule": b.rule, "object": list(b.key), "where": b.where, "sentence": b.sentence}
                for b in report.failing
            ],
            "newlyPassing": [{"rule": b.rule, "object": list(b.key), "where": b.where} for b in report.passing],
            "grantsGained": [{"object": g.thing.label, "what": g.what, "wide": g.wide} for g in report.grants],
            "peersGained": [{"object": g.thing.label, "what": g.what, "wide": g.wide} for g in report.peers],
            "grantsLost": [{"object": g.thing.label, "what": g.what} for g in report.grants_lost],
            "peersLost": [{"object": g.thing.label, "what": g.what} for g in report.peers_lost],
        },
        "reached": [{"urn": r.urn, "by": r.by, "how": r.how} for r in report.reached],
        "drift": {"known": report.drift_known, "resources": sorted(report.case.drifted)},
        "policyViolations": [{"policy": v.policy, "urn": v.urn, "mandatory": v.mandatory} for v in plan.violations],
        "remarks": list(report.remarks),
    }
    return json.dumps(document) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "flag": finding.flag,
        "name": FLAGS[finding.flag][0],
        "grade": finding.grade.value,
        "urn": finding.urn,
        "resource": finding.label,
        "sentence": finding.sentence,
        "source": finding.source,
        "remedy": finding.remedy,
        "accept": finding.how_to_accept,
        "accepted": finding.accepted,
    }


def _change(report: Report, change: Change) -> dict[str, Any]:
    return {
        "urn": change.urn,
        "type": change.type,
        "operation": change.op.value,
        "deleteFirst": change.delete_first,
        "reasons": [".".join(str(step) for step in reason) for reason in change.reasons],
        "component": report.case.component.get(change.urn, ""),
        "differences": [
            {"path": d.path, "before": d.before, "after": d.after, "hidden": d.hidden, "unknown": d.unknown}
            for d in report.differences[change.urn]
        ],
    }


def _sum(each: Sum) -> dict[str, Any]:
    return {"component": each.name, "before": dict(each.before), "after": dict(each.after)}


def as_sarif(report: Report) -> str:
    rules = [
        {"id": flag, "name": name.title().replace(" ", "").replace("-", ""), "shortDescription": {"text": name}}
        for flag, (name, _) in FLAGS.items()
    ]
    rules += [
        {"id": rule.id, "name": rule.id, "shortDescription": {"text": rule.title}, "help": {"text": rule.known_as}}
        for rule in RULES.values()
    ]
    results = [
        _result(
            f.flag,
            "error" if f.grade is Grade.BLOCK else "warning",
            f.urn,
            f"{f.label}: {f.sentence}",
            accepted=f.accepted,
        )
        for f in report.findings
    ]
    results += [_result(b.rule, "note", b.urn, f"{' '.join(b.key)} {b.where}: {b.sentence}") for b in report.failing]
    run = {
        "tool": {"driver": {"name": "slipway-review", "rules": rules}},
        "results": results,
        "properties": {"fingerprint": report.fingerprint, "verdict": report.verdict.value},
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, separators=(",", ":")) + "\n"


def _result(rule: str, level: str, urn: str, message: str, accepted: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"ruleId": rule, "level": level, "message": {"text": message}}
    found["locations"] = [{"logicalLocations": [{"fullyQualifiedName": urn, "kind": "resource"}]}]
    if accepted:
        found["suppressions"] = [{"kind": "external", "justification": accepted}]
    return found
