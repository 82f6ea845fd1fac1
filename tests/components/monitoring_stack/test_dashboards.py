"""Pages as Grafana reads them: who has not made a panel can read it, and every one finds its data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from components.monitoring_stack import dashboards, grafana
from components.monitoring_stack.spec import MonitoringSpec
from components.promql import parse
from components.telemetry import Dashboard, Panel, Row, Signal, TargetKind, Telemetry
from tests.stacks.kitchen_sink import STACKS, topology_of

Json = dict[str, Any]

STACK = "sink"
SPEC = MonitoringSpec.model_validate({"runbooks": "https://example.com/runbooks"})

each_target = pytest.mark.parametrize("target", STACKS)


def pages(target: TargetKind, *, logs: bool = True) -> dict[str, Json]:
    texts = dashboards.files(topology_of(target).telemetry, target, stack=STACK, logs=logs)
    return {file: json.loads(text) for file, text in texts.items()}


def panels(target: TargetKind) -> Iterator[tuple[str, Json, Json]]:
    """Page, its JSON, and each panel but headings."""
    for file, page in pages(target).items():
        yield from ((file, page, panel) for panel in page["panels"] if panel["type"] != "row")


@each_target
def test_every_panel_has_a_title_a_description_and_a_unit(target: TargetKind) -> None:
    for file, _, panel in panels(target):
        where = f"{file}: {panel['title']}"
        assert panel["title"], file
        assert panel["description"].endswith("."), where
        if panel["type"] == "logs":
            assert panel["datasource"]["type"] == "loki", where  # lines count nothing
        else:
            assert panel["fieldConfig"]["defaults"]["unit"] in dashboards.UNITS.values(), where


@each_target
def test_every_panel_asks_by_a_variable_that_its_page_has(target: TargetKind) -> None:
    provisioned = {s["uid"]: s["type"] for s in yaml.safe_load(grafana.data_sources(SPEC))["datasources"]}
    for file, page, panel in panels(target):
        variables = {v["name"]: v for v in page["templating"]["list"] if v["type"] == "datasource"}
        uid, kind = panel["datasource"]["uid"], panel["datasource"]["type"]
        assert uid.startswith("${"), f"{file}: {panel['title']}"
        variable = variables[uid[2:-1]]
        assert variable["query"] == kind
        assert provisioned[variable["current"]["value"]] == kind


@each_target
def test_ids_and_names_tell_panels_and_pages_apart(target: TargetKind) -> None:
    for file, page in pages(target).items():
        ids = [panel["id"] for panel in page["panels"]]
        assert len(ids) == len(set(ids)), file
        for panel in page["panels"]:
            refs = [query["refId"] for query in panel.get("targets", [])]
            assert refs == sorted(set(refs))
            assert all(ref.isalpha() for ref in refs)
    uids = [page["uid"] for page in pages(target).values()]
    assert len(uids) == len(set(uids))
    assert max(map(len, uids)) <= 40, "Grafana takes no longer ones"


@each_target
def test_every_query_of_metrics_parses_and_bears_a_legend(target: TargetKind) -> None:
    found = [
        query
        for _, _, panel in panels(target)
        if panel["datasource"]["type"] == "prometheus"
        for query in panel["targets"]
    ]
    assert len(found) > 60
    for query in found:
        assert parse(query["expr"]).kind == "vector", query["expr"]
        assert query["legendFormat"]


@each_target
def test_no_panel_lies_upon_another(target: TargetKind) -> None:
    for file, page in pages(target).items():
        taken: dict[tuple[int, int], str] = {}
        for panel in page["panels"]:
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= dashboards.WIDTH
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    assert taken.setdefault((x, y), panel["title"]) == panel["title"], f"{file}: {panel['title']}"


@each_target
def test_links_lead_to_pages(target: TargetKind) -> None:
    found = pages(target)
    there = {f"/d/{page['uid']}" for page in found.values()}
    assert {link["url"] for page in found.values() for link in page["links"]} <= there
    assert len(found["overview.json"]["links"]) == len(found) - 1


@each_target
def test_nobody_changes_a_page_in_the_browser_and_then_loses_it(target: TargetKind) -> None:
    assert {page["editable"] for page in pages(target).values()} == {False}
    (provider,) = yaml.safe_load(grafana.providers())["providers"]
    assert (provider["allowUiUpdates"], provider["options"]["path"]) == (False, grafana.DASHBOARDS_FOLDER)


def test_what_both_targets_know_is_the_same_panel_on_both() -> None:
    """One stack's telemetry, drawn for both: what differs is what one of them can't know."""
    told = topology_of("docker").telemetry

    def drawn(target: TargetKind) -> dict[tuple[str, str], Json]:
        texts = dashboards.files(told, target, stack=STACK, logs=True)
        read = {file: json.loads(text) for file, text in texts.items()}
        return {
            (file, panel["title"]): {key: value for key, value in panel.items() if key not in {"id", "gridPos"}}
            for file, page in read.items()
            for panel in page["panels"]
        }

    docker, kubernetes = drawn("docker"), drawn("kubernetes")
    common = docker.keys() & kubernetes.keys()
    assert len(common) > 60
    assert [key for key in common if docker[key] != kubernetes[key]] == []
    assert {file for file, _ in docker} == {file for file, _ in kubernetes}


def drawn(panel: Panel) -> Json:
    signal = Signal(name="told", unit="count", help="Told.", sources={"docker": "up"})
    page = Dashboard(title="Api", instance="api", rows=(Row(title="One", panels=(panel,)),))
    texts = dashboards.files([Telemetry(signals=(signal,), dashboard=page)], "docker", stack=STACK, logs=False)
    (_, found) = json.loads(texts["api.json"])["panels"]
    return found


def panel(**said: Any) -> Panel:
    return Panel(**{"title": "Told", "unit": "count", "description": "D.", "queries": {"a": "slipway:told"}, **said})


def test_a_threshold_is_drawn_as_a_line() -> None:
    assert "thresholds" not in drawn(panel())["fieldConfig"]["defaults"]
    defaults = drawn(panel(threshold=0))["fieldConfig"]["defaults"]
    assert defaults["thresholds"]["steps"][1]["value"] == 0
    assert defaults["custom"]["thresholdsStyle"] == {"mode": "line"}


def test_moments_are_counted_as_grafana_counts_them() -> None:
    assert drawn(panel(unit="timestamp"))["targets"][0]["expr"] == "(slipway:told) * 1000"
    assert drawn(panel())["targets"][0]["expr"] == "slipway:told"


def test_without_logs_no_page_asks_for_lines() -> None:
    def asking(*, logs: bool) -> set[str]:
        found = pages("docker", logs=logs).items()
        return {file for file, page in found for panel in page["panels"] if panel["type"] == "logs"}

    assert asking(logs=False) == set()
    assert asking(logs=True) == pages("docker").keys() - {"overview.json"}


def test_a_request_is_followed_by_its_id() -> None:
    (lines,) = [each for each in pages("docker")["shop.json"]["panels"] if each["type"] == "logs"]
    assert lines["targets"][0]["expr"] == '{instance_name="shop"} |= `$request_id`'
    variables = {each["name"]: each for each in pages("docker")["shop.json"]["templating"]["list"]}
    assert variables["request_id"]["type"] == "textbox"


def test_a_long_name_keeps_its_address_short_and_its_own() -> None:
    long = [Dashboard(title="A", instance=f"a-name-of-many-letters-{end}", rows=()) for end in ("one", "two")]
    texts = dashboards.files(
        [Telemetry(dashboard=page) for page in long], "docker", stack="blocksight-production", logs=False
    )
    uids = {json.loads(text)["uid"] for text in texts.values()}
    assert len(uids) == 3
    assert max(map(len, uids)) <= 40
