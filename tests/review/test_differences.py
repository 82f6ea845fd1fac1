"""What one change says in lines: only what differs, by what a person calls it."""

from __future__ import annotations

from typing import Any

from review import differences
from review.model import Change, Op, Side


def lines(kind: str, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    change = Change(
        urn=f"urn:pulumi:test::shop::kubernetes:v1:{kind}::it",
        type=f"kubernetes:v1:{kind}",
        op=Op.UPDATE,
        parent="",
        provider="",
        old=Side(before, protect=False, retain=False),
        new=Side(after, protect=False, retain=False),
    )
    return [f"{line.path} {line.sentence}" for line in differences.of(change)]


def rules(*members: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"groups": [{"name": "alerts", "rules": list(members)}]}}


def test_an_alert_is_called_by_its_name() -> None:
    down = {"alert": "Down", "expr": "up == 0"}
    ours = {"alert": "Busy", "expr": "load > 1", "for": "5m"}
    theirs = {"alert": "Busy", "expr": "load > 2", "for": "5m"}
    assert lines("PrometheusRule", rules(ours, down), rules(down, theirs)) == [
        "spec.groups[alerts].rules[Busy].expr load > 1 → load > 2"
    ]


def test_a_recorded_series_too() -> None:
    ours, theirs = ({"record": "slipway:up", "expr": expr} for expr in ("up", "max(up)"))
    assert lines("PrometheusRule", rules(ours), rules(theirs)) == [
        "spec.groups[alerts].rules[slipway:up].expr up → max(up)"
    ]


def test_a_connection_is_called_by_what_it_reaches() -> None:
    peers, main = {"external": "peers", "port": 8333}, {"postgres": "main", "pool": 10}
    assert lines(
        "AppService", {"connects_to": [peers, main]}, {"connects_to": [{"postgres": "main", "pool": 20}, peers]}
    ) == ["connects_to[postgres main].pool 10 → 20"]


def test_a_second_connection_to_the_same_is_one_of_its_own() -> None:
    reads, writes = {"postgres": "main", "through": "replicas"}, {"postgres": "main", "through": "primary"}
    told = lines("AppService", {"connects_to": [writes]}, {"connects_to": [writes, reads]})
    assert told == ["connects_to[postgres main #2] added: " + '{"postgres":"main","through":"replicas"}']


def file(text: str) -> dict[str, Any]:
    return {"data": {"app.yaml": text}}


def test_of_a_file_only_the_lines_that_differ_are_told() -> None:
    assert lines("ConfigMap", file("port: 80\nretention: 30d\n"), file("port: 80\nretention: 14d\n")) == [
        "data.app.yaml retention: 30d → retention: 14d"
    ]
    assert lines("ConfigMap", file("port: 80\nlevel: info\n"), file("port: 80\nlevel: info\npath: /\n")) == [
        "data.app.yaml added: path: /"
    ]


def test_a_file_in_another_order_is_told_whole() -> None:
    assert lines("ConfigMap", file("a: 1\nb: 2\n"), file("b: 2\na: 1\n")) == [
        "data.app.yaml a: 1\nb: 2\n → b: 2\na: 1\n"
    ]


def test_of_a_file_that_holds_a_credential_no_line_is_told() -> None:
    key = "-----BEGIN PRIVATE " + "KEY-----\n{}\n-----END PRIVATE " + "KEY-----\n"
    (line,) = lines("ConfigMap", file(key.format("aaaa")), file(key.format("bbbb")))
    assert "aaaa" not in line
    assert "bbbb" not in line
