"""Dashboards as Grafana's JSON (v1): one for the stack, one for each instance; the same files on every target. Pure.

Bare v2 documents are refused by file provisioning. https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components import telemetry_rules
from components.telemetry import Dashboard, Panel, Row, Slo, TargetKind, Telemetry, Unit

Json = dict[str, Any]

METRICS, LOGS = "metrics", "logs"
"""Uids of the data sources, and names of the variables that choose them."""

WIDTH = 24
"""Columns of Grafana's grid."""
HEIGHT = 8
MOST_IN_A_ROW = 3

UNITS: Mapping[Unit, str] = {
    "seconds": "s",
    "bytes": "bytes",
    "ratio": "percentunit",
    "count": "short",
    "per_second": "cps",
    "timestamp": "dateTimeFromNow",
    "celsius": "celsius",
    "bool": "bool_on_off",
}

OVERVIEW = "overview"
LONGEST_UID = 40
SCHEMA = 39
"""Grafana brings older schemas up to date when it loads them; this one every version since 11 knows."""


def files(telemetry: Sequence[Telemetry], target: TargetKind, *, stack: str, logs: bool) -> dict[str, str]:
    """JSON texts by file name."""
    pages = telemetry_rules.dashboards(telemetry, target)
    slos = [slo for one in telemetry for slo in one.slos]
    found = {OVERVIEW: _overview(stack, slos, pages)}
    for page in pages:
        rows = [*page.rows]
        found[page.instance] = _document(
            uid=_uid(stack, page.instance),
            title=page.title,
            stack=stack,
            panels=[*_laid_out(rows), *(_lines(page.instance, _height(rows)) if logs else ())],
            logs=logs,
        )
    return {f"{name}.json": json.dumps(page, indent=1, sort_keys=True) + "\n" for name, page in sorted(found.items())}


def _overview(stack: str, slos: Sequence[Slo], pages: Sequence[Dashboard]) -> Json:
    """What a person looks at first: promises, what is spent of them, what is firing, what is up."""
    rows = [
        Row(
            title="Now",
            panels=(
                Panel(
                    title="Alerts that fire",
                    unit="count",
                    description="By severity; nothing here means that nobody has to act.",
                    queries={"{{severity}}": 'sum by (severity) (ALERTS{alertstate="firing",alertname!="Watchdog"})'},
                ),
                Panel(
                    title="Endpoints that can't be scraped",
                    unit="count",
                    description="What is not seen can't be judged.",
                    queries={"{{instance_name}} {{job}}": "sum by (instance_name, job) (up == bool 0) > 0"},
                ),
            ),
        ),
    ]
    if slos:
        rows.append(_promises(slos))
    document = _document(
        uid=_uid(stack, OVERVIEW), title=f"Stack {stack}", stack=stack, panels=_laid_out(rows), logs=False
    )
    document["links"] = [
        {"title": page.title, "type": "link", "url": f"/d/{_uid(stack, page.instance)}", "icon": "dashboard"}
        for page in pages
    ]
    return document


def _promises(slos: Sequence[Slo]) -> Row:
    days = sorted({slo.window_days for slo in slos})
    left = {
        f"{{{{instance_name}}}} {{{{slo}}}} over {window} days": " or ".join(
            f'1 - slipway:slo_bad_ratio_{window}d{{instance_name="{slo.instance}",slo="{slo.name}"}} / {telemetry_rules.number((100 - slo.objective) / 100)}'
            for slo in slos
            if slo.window_days == window
        )
        for window in days
    }
    return Row(
        title="Promises",
        panels=(
            Panel(
                title="Error budget that is left",
                unit="ratio",
                description="At zero the promise is broken; risky changes wait.",
                queries=left,
                threshold=0,
            ),
            Panel(
                title="Share of bad events, last hour",
                unit="ratio",
                description="What is spent just now.",
                queries={"{{instance_name}} {{slo}}": "slipway:slo_bad_ratio_1h"},
            ),
            Panel(
                title="Events",
                unit="per_second",
                description="How much the shares stand on.",
                queries={"{{instance_name}} {{slo}}": "slipway:slo_total_per_second_5m"},
            ),
        ),
    )


def _document(*, uid: str, title: str, stack: str, panels: Sequence[Json], logs: bool) -> Json:
    sources = [_source(METRICS, "Metrics", "prometheus"), *([_source(LOGS, "Logs", "loki")] if logs else ())]
    return {
        "uid": uid,
        "title": title,
        "tags": ["slipway", stack],
        "schemaVersion": SCHEMA,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [*sources, *([_request()] if logs else ())]},
        "links": [{"title": "Stack", "type": "link", "url": f"/d/{_uid(stack, OVERVIEW)}", "icon": "dashboard"}],
        "panels": [{**panel, "id": number} for number, panel in enumerate(panels, start=1)],
    }


def _uid(stack: str, name: str) -> str:
    """Part of each dashboard's address, so it says what it is as long as Grafana's 40 characters allow."""
    full = f"{stack}-{name}"
    return full if len(full) <= LONGEST_UID else f"{full[:31]}-{hashlib.sha256(full.encode()).hexdigest()[:8]}"


def _source(name: str, label: str, kind: str) -> Json:
    current = {"text": label, "value": name}
    return {"type": "datasource", "name": name, "label": label, "query": kind, "current": current, "hide": 0}


def _request() -> Json:
    return {
        "type": "textbox",
        "name": "request_id",
        "label": "Request id",
        "query": "",
        "current": {"text": "", "value": ""},
    }


def _laid_out(rows: Sequence[Row]) -> list[Json]:
    found: list[Json] = []
    top = 0
    for row in rows:
        found.append(_heading(row.title, top))
        top += 1
        for line in _lines_of(row.panels):
            width = WIDTH // len(line)
            for index, panel in enumerate(line):
                found.append(_panel(panel, {"h": HEIGHT, "w": width, "x": index * width, "y": top}))
            top += HEIGHT
    return found


def _lines_of(panels: Sequence[Panel]) -> Iterator[Sequence[Panel]]:
    for first in range(0, len(panels), MOST_IN_A_ROW):
        yield panels[first : first + MOST_IN_A_ROW]


def _height(rows: Sequence[Row]) -> int:
    return sum(1 + HEIGHT * len(list(_lines_of(row.panels))) for row in rows)


def _heading(title: str, top: int) -> Json:
    return {
        "type": "row",
        "title": title,
        "collapsed": False,
        "panels": [],
        "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": top},
    }


def _panel(panel: Panel, place: Mapping[str, int]) -> Json:
    # Grafana counts moments in milliseconds.
    factor = " * 1000" if panel.unit == "timestamp" else ""
    targets = [
        {"refId": chr(ord("A") + index), "expr": f"({query}){factor}" if factor else query, "legendFormat": legend}
        for index, (legend, query) in enumerate(panel.queries.items())
    ]
    defaults: Json = {"unit": UNITS[panel.unit], "custom": {"fillOpacity": 10, "showPoints": "never"}}
    if panel.threshold is not None:
        steps = [{"color": "transparent", "value": None}, {"color": "red", "value": panel.threshold}]
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
        defaults["custom"] = {**defaults["custom"], "thresholdsStyle": {"mode": "line"}}
    return {
        "type": "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": {"type": "prometheus", "uid": f"${{{METRICS}}}"},
        "gridPos": dict(place),
        "targets": targets,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
    }


def _lines(instance: str, top: int) -> Iterator[Json]:
    """Log lines of the instance; with a request id, those of every instance that served it."""
    yield _heading("Logs", top)
    datasource = {"type": "loki", "uid": f"${{{LOGS}}}"}
    yield {
        "type": "logs",
        "title": "Lines",
        "description": "A request id above shows what one request met, here and in whatever it went through.",
        "datasource": datasource,
        "gridPos": {"h": HEIGHT + 2, "w": WIDTH, "x": 0, "y": top + 1},
        "targets": [
            {"refId": "A", "expr": f'{{instance_name="{instance}"}} |= `$request_id`', "datasource": datasource}
        ],
        "options": {"showTime": True, "wrapLogMessage": True, "enableLogDetails": True, "sortOrder": "Descending"},
    }
