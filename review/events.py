"""The engine's event stream, as `--event-log` and streaming JSON write it, read into a plan.

Owns: what counts as a whole and understood stream. One line that is not, and there is no plan: a reader that skips what it does
not know would call it safe. Values stay as they are; `redaction` and the renderers hide what must not be seen.
Format: sdk/go/common/apitype/events.go of the engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as File
from typing import Any

from review.model import Change, Changed, Message, Op, Plan, Side, Violation
from review.problems import CannotJudgeError
from review.values import UNKNOWN, has, items, mapping, parsed, text

LINE_LIMIT = 64 * 1024 * 1024
"""Bytes of one event: a larger one is damage, not a resource."""

_IGNORED = frozenset(
    {
        "preludeEvent",
        "cancelEvent",
        "stdoutEvent",
        "startDebuggingEvent",
        "progressEvent",
        "policyLoadEvent",
    }
    | {
        "policyRemediationEvent",
        "policyRemediateSummaryEvent",
        "policyAnalyzeSummaryEvent",
        "policyAnalyzeStackSummaryEvent",
    }
)
"""Kinds that add nothing to what is planned; a remediation shows in the inputs of the step itself."""

_SPOKEN = frozenset({"diagnosticEvent", "policyEvent", "resOpFailedEvent", "errorEvent"})

_PROTECTED = re.compile(
    r"unable to replace resource|cannot be deleted\s+because it is protected|marked for protection|protect. flag"
)
_ECHO = re.compile(r"^\s*an unhandled error occurred: program exited")
"""What the language host says after the program has said why."""
_PROTECTION_ENDS = re.compile(r"^\s*(preview failed|update failed)\s*$")

_OPS = {
    "same": Op.SAME,
    "create": Op.CREATE,
    "update": Op.UPDATE,
    "delete": Op.DELETE,
    "replace": Op.REPLACE,
    "create-replacement": Op.REPLACE,
    "delete-replaced": Op.REPLACE,
    "import": Op.IMPORT,
    "import-replacement": Op.REPLACE,
    "read": Op.READ,
    "read-replacement": Op.READ,
    "read-discard": Op.READ,
    "discard": Op.READ,
    "discard-replaced": Op.READ,
    "refresh": Op.READ,
    "remove-pending-replace": Op.REPLACE,
}
"""Step operations (sdk/go/common/apitype/history.go) as a reader thinks of them."""

_KINDS = frozenset({"add", "delete", "update", "add-replace", "delete-replace", "update-replace"})


@dataclass(slots=True)
class _Reading:
    """What has been heard so far."""

    changes: dict[str, Change] = field(default_factory=dict[str, Change])
    first_step: dict[str, str] = field(default_factory=dict[str, str])
    messages: list[Message] = field(default_factory=list[Message])
    violations: list[Violation] = field(default_factory=list[Violation])
    summary: Mapping[str, Any] | None = None
    head: Mapping[str, Any] = field(default_factory=dict[str, Any])


def read(file: File, *, gate: File | None = None) -> Plan:
    """The plan of a preview that showed all steps; `gate` is the normal preview's stream, which protection may have ended."""
    heard = _heard(file)
    _must_have_succeeded(file, heard)
    plan = _plan(file, heard)
    return plan if gate is None else replace(plan, refused=_refused(gate, plan))


def _plan(file: File, heard: _Reading) -> Plan:
    if not heard.changes:
        msg = f"{file}: speaks of no resource, not even of the stack itself; give the whole stream of a preview"
        raise CannotJudgeError(msg)
    stacks = {tuple(urn.split("::", 2)[:2]) for urn in heard.changes}
    if len(stacks) != 1:
        msg = f"{file}: mixes {len(stacks)} stacks; give the stream of one preview"
        raise CannotJudgeError(msg)
    (prefix, project) = stacks.pop()
    summary = heard.summary or {}
    for op, count in mapping(summary.get("resourceChanges")).items():
        found = sum(change.op == _OPS.get(op, Op.SAME) for change in heard.changes.values())
        if op not in ("same", "refresh") and found < count:
            msg = f"{file}: the engine counts {count} x {op!a}, the stream tells of {found}: lines are missing"
            raise CannotJudgeError(msg)
    return Plan(
        project=project,
        stack=prefix.removeprefix("urn:pulumi:"),
        changes=heard.changes,
        messages=tuple(heard.messages),
        violations=tuple(heard.violations),
        seconds=int(summary.get("durationSeconds") or 0),
        maybe_corrupt=summary.get("maybeCorrupt") is True,
        rehearsed=heard.head.get("rehearsed") is True,
        not_checked=tuple(str(n) for n in items(heard.head.get("notChecked"))),
        notes=tuple(str(n) for n in items(heard.head.get("notes"))),
    )


def _must_have_succeeded(file: File, heard: _Reading) -> None:
    errors = [message for message in heard.messages if message.severity == "error"]
    if heard.summary is None:
        msg = f"{file}: ends before the engine's summary: the stream is cut off, or the preview was; run it again"
        raise CannotJudgeError(msg)
    if heard.summary.get("result") == "failed" or errors:
        if any(_PROTECTED.search(error.text) for error in errors):
            remedy = "protection ended the preview before its end; preview with --ignore-protect (a preview only) to see all steps"
        else:
            remedy = "mend the program first: " + " / ".join(
                e.text.strip().splitlines()[0] for e in _causes(errors)[:3]
            )
        msg = f"{file}: the preview failed; {remedy}"
        raise CannotJudgeError(msg)
    if heard.summary.get("isPreview") is not True:
        msg = f"{file}: is not a preview's stream but an update's"
        raise CannotJudgeError(msg)


def _causes(errors: list[Message]) -> list[Message]:
    """Errors that say something; the echo of the program's end only if nothing else does."""
    said = [e for e in errors if e.text.strip()]
    return [e for e in said if not _ECHO.match(e.text)] or said


def _refused(gate: File, plan: Plan) -> tuple[str, ...]:
    """URNs that protection refuses. Any other error of the normal preview is a failed preview."""
    heard = _heard(gate)
    errors = [message for message in heard.messages if message.severity == "error"]
    other = [e for e in errors if not _PROTECTED.search(e.text) and not _PROTECTION_ENDS.match(e.text)]
    if heard.summary is None or other:
        causes = _causes(other)
        why = causes[0].text.strip().splitlines()[0] if causes else "its stream has no summary"
        msg = f"{gate}: the preview failed; mend the program first: {why}"
        raise CannotJudgeError(msg)
    if errors:
        return tuple(c.urn for c in plan.changes.values() if c.loses and c.old is not None and c.old.protect)
    if heard.summary.get("result") == "failed":
        msg = f"{gate}: the preview failed without saying why"
        raise CannotJudgeError(msg)
    return ()


def _heard(file: File) -> _Reading:
    heard = _Reading()
    for event, where in events(file):
        _hear(heard, event, where)
    return heard


def events(file: File) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Every event with its place, unjudged."""
    try:
        with file.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield _event(file, number, line), f"{file}:{number}"
    except OSError as error:
        msg = f"{file}: can't be read: {error.strerror}"
        raise CannotJudgeError(msg) from None


def _event(file: File, number: int, line: bytes) -> Mapping[str, Any]:
    if len(line) > LINE_LIMIT:
        msg = f"{file}:{number}: one event of {len(line)} bytes; the limit is {LINE_LIMIT}"
        raise CannotJudgeError(msg)
    try:
        event: Any = json.loads(line)
    except (ValueError, RecursionError):
        msg = f"{file}:{number}: is not JSON: the stream is cut off or is something else; give what --event-log wrote"
        raise CannotJudgeError(msg) from None
    if not isinstance(event, dict):
        msg = f"{file}:{number}: is not an event"
        raise CannotJudgeError(msg)
    return mapping(event)


def _hear(heard: _Reading, event: Mapping[str, Any], where: str) -> None:
    if "rehearsed" in event:
        heard.head = event
        return
    kinds = [key for key in event if key.endswith("Event")]
    if len(kinds) != 1:
        msg = f"{where}: is not an engine event; give what --event-log or streaming JSON wrote"
        raise CannotJudgeError(msg)
    kind, body = kinds[0], mapping(event[kinds[0]])
    match kind:
        case "resourcePreEvent":
            _step(heard, mapping(body.get("metadata")), where)
        case "resOutputsEvent":
            _outputs(heard, mapping(body.get("metadata")))
        case "summaryEvent":
            heard.summary = body
        case _ if kind in _SPOKEN:
            _said(heard, kind, body)
        case _ if kind not in _IGNORED:
            msg = f"{where}: unknown kind of event, {kind!a}: the engine is newer than this review; update it"
            raise CannotJudgeError(msg)
        case _:
            pass


def _said(heard: _Reading, kind: str, body: Mapping[str, Any]) -> None:
    match kind:
        case "diagnosticEvent":
            severity = text(body.get("severity"))
            if severity in ("warning", "error"):
                heard.messages.append(Message(severity, text(body.get("urn")), text(body.get("message"))))
        case "policyEvent":
            mandatory = body.get("enforcementLevel") == "mandatory"
            name = f"{text(body.get('policyPackName'))}/{text(body.get('policyName'))}"
            heard.violations.append(
                Violation(name, text(body.get("resourceUrn")), text(body.get("message")), mandatory)
            )
        case "resOpFailedEvent":
            failed = text(mapping(body.get("metadata")).get("urn"))
            heard.messages.append(Message("error", failed, "the provider refused the operation"))
        case _:
            heard.messages.append(Message("error", "", text(body.get("error"))))


def _step(heard: _Reading, metadata: Mapping[str, Any], where: str) -> None:
    urn, kind, op = text(metadata.get("urn")), text(metadata.get("type")), text(metadata.get("op"))
    if not urn.startswith("urn:pulumi:") or urn.count("::") < 3 or not kind:
        msg = f"{where}: a step without URN or type"
        raise CannotJudgeError(msg)
    if op not in _OPS:
        msg = f"{where}: unknown operation {op!a}: the engine is newer than this review; update it"
        raise CannotJudgeError(msg)
    first = heard.first_step.setdefault(urn, op)
    change = _change(metadata, urn, kind, op, where)
    known = heard.changes.get(urn)
    if known is not None and (known.op is Op.REPLACE or change.op is Op.REPLACE):
        change = _merged(known, change)
    if change.op is Op.REPLACE:
        change = replace(change, delete_first=first == "delete-replaced")
    heard.changes[urn] = change


def _outputs(heard: _Reading, metadata: Mapping[str, Any]) -> None:
    """Of the stack: the engine counts it as unchanged whatever its outputs become. The last of several tells the most."""
    known = heard.changes.get(text(metadata.get("urn")))
    if known is None or known.kind != "Stack" or known.package != "pulumi":
        return
    ours, theirs = (mapping(mapping(metadata.get(side)).get("outputs")) for side in ("old", "new"))
    names = [n for n in sorted({*ours, *theirs}) if ours.get(n) != theirs.get(n) and not has(theirs.get(n), UNKNOWN)]
    heard.changes[known.urn] = replace(known, outputs=tuple(names))


def _merged(known: Change, change: Change) -> Change:
    """The steps of one replacement: each tells a part."""
    return replace(
        change if change.changed or not known.changed else known,
        op=Op.REPLACE,
        old=known.old if known.old is not None else change.old,
        new=change.new if change.new is not None else known.new,
        reasons=change.reasons or known.reasons,
    )


def _change(metadata: Mapping[str, Any], urn: str, kind: str, op: str, where: str) -> Change:
    old, new = _side(metadata.get("old")), _side(metadata.get("new"))
    if (old is None and op in ("update", "delete", "replace", "delete-replaced")) or (
        new is None and op in ("create", "update")
    ):
        msg = f"{where}: the step {op} of {urn!a} says nothing of what it {'ends' if old is None else 'makes'}"
        raise CannotJudgeError(msg)
    side = mapping(metadata.get("new") or metadata.get("old"))
    return Change(
        urn=urn,
        type=kind,
        op=_OPS[op],
        parent=text(side.get("parent")),
        provider=text(metadata.get("provider")),
        old=old,
        new=new,
        changed=tuple(_changed(metadata, where)),
        reasons=tuple(parsed(str(key)) for key in items(metadata.get("keys"))),
        was=known if (known := text(mapping(metadata.get("old")).get("urn"))) != urn else "",
    )


def _side(value: object) -> Side | None:
    found = mapping(value)
    if not found:
        return None
    return Side(
        inputs=mapping(found.get("inputs")),
        protect=found.get("protect") is True,
        retain=found.get("retainOnDelete") is True,
        id=text(found.get("id")),
        init_errors=tuple(str(e) for e in items(found.get("initErrors"))),
    )


def _changed(metadata: Mapping[str, Any], where: str) -> Iterable[Changed]:
    detailed = mapping(metadata.get("detailedDiff"))
    for path, entry in detailed.items():
        kind = text(mapping(entry).get("diffKind") or mapping(entry).get("kind"))
        if kind not in _KINDS:
            msg = f"{where}: unknown kind of difference, {kind!a}: the engine is newer than this review; update it"
            raise CannotJudgeError(msg)
        yield Changed(parsed(path), kind.removesuffix("-replace"), kind.endswith("-replace"))
    if not detailed:
        for path in items(metadata.get("diffs")):
            yield Changed(parsed(str(path)), "update", replaces=False)
