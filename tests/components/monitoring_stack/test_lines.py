"""What becomes of lines: which the collector on Docker reads, where they go, how long Loki keeps them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from components.monitoring_stack import collector, facts, loki
from components.monitoring_stack.spec import LogsSpec
from tests.components.monitoring_stack.variants import container, files, rendered


def kept(**said: Any) -> dict[str, Any]:
    return yaml.safe_load(loki.configuration(LogsSpec.model_validate(said), alertmanager="http://alertmanager:9093"))


def pipeline() -> dict[str, Any]:
    return yaml.safe_load(collector.files("shop-dev")["fluent-bit.yaml"])["pipeline"]


def test_lines_go_when_their_time_is_over() -> None:
    found = kept(retention="14d")
    assert found["compactor"]["retention_enabled"] is True, "off by default: lines would stay for ever"
    assert found["limits_config"]["retention_period"] == "336h"


@pytest.mark.parametrize(
    ("said", "selector", "hours"),
    [
        ({"audit_retention": "3m"}, '{class="audit"}', "2160h"),
        ({"debug_retention": "1d"}, '{level="debug",class="app"}', "24h"),
    ],
)
def test_a_class_of_lines_has_its_own_time(said: dict[str, str], selector: str, hours: str) -> None:
    streams = {each["selector"]: each for each in kept(**said)["limits_config"]["retention_stream"]}
    assert streams[selector]["period"] == hours


def test_what_is_audited_is_kept_as_such_even_if_it_is_a_debug_line() -> None:
    audit, debug = kept()["limits_config"]["retention_stream"]
    assert audit["priority"] > debug["priority"]
    assert 'class="app"' in debug["selector"]


@pytest.mark.parametrize("retention", ["1d", "2w", "3m"])
def test_every_retention_is_whole_days_as_the_index_is(retention: str) -> None:
    limits = kept(retention=retention, audit_retention=retention, debug_retention=retention)["limits_config"]
    periods = [limits["retention_period"], *(each["period"] for each in limits["retention_stream"])]
    assert [int(each.removesuffix("h")) % 24 for each in periods] == [0, 0, 0]
    (schema,) = kept()["schema_config"]["configs"]
    assert schema["index"]["period"] == "24h"


def test_ids_ride_beside_a_line_and_make_no_stream() -> None:
    found = kept()
    (schema,) = found["schema_config"]["configs"]
    assert (schema["store"], schema["schema"]) == ("tsdb", "v13"), "structured metadata needs both"
    assert found["limits_config"]["allow_structured_metadata"] is True
    (output,) = pipeline()["outputs"]
    streams = output["labels"]
    assert "request_id" in output["structured_metadata"]
    assert "_id" not in streams


def test_everything_that_loki_writes_is_on_its_volume() -> None:
    found = kept()
    common = found["common"]
    written = [
        common["path_prefix"],
        common["storage"]["filesystem"]["chunks_directory"],
        found["compactor"]["working_directory"],
        found["ruler"]["rule_path"],
    ]
    assert all(f"{path}/".startswith(f"{loki.DATA_FOLDER}/") for path in written)
    assert loki.DATA_FOLDER in {mount["target"] for mount in container("as shipped", "loki")["mounts"]}


def test_the_ruler_finds_its_rules_under_the_one_tenant() -> None:
    folder = kept()["ruler"]["storage"]["local"]["directory"]
    assert f"{folder}/{loki.TENANT}/logs.yaml" in files("as shipped", "loki")
    made = rendered("as shipped", "kubernetes").one("StatefulSet", "monitoring-loki-stateful-set")
    volumes = {each["name"]: each for each in made.inputs["spec"]["template"]["spec"]["volumes"]}
    assert volumes["rules"]["configMap"]["items"][0]["path"] == f"{loki.TENANT}/rules.yaml"
    assert kept()["auth_enabled"] is False, "with it, there would be tenants"


def test_both_targets_keep_lines_by_the_same_text() -> None:
    made = rendered("as shipped", "kubernetes").one("ConfigMap", "monitoring-loki-config")
    there = yaml.safe_load(made.inputs["data"]["loki.yaml"])
    here = yaml.safe_load(files("as shipped", "loki")["/run/config/loki.yaml"])
    for text in (here, there):
        text["ruler"].pop("alertmanager_url")
        text["limits_config"] = {k: v for k, v in text["limits_config"].items() if not k.startswith("retention")}
    assert here == there


def test_the_collector_reads_every_container_and_brings_its_lines_to_loki() -> None:
    (source,) = pipeline()["inputs"]
    (output,) = pipeline()["outputs"]
    assert source["path"].startswith(f"{collector.CONTAINERS_FOLDER}/*/")
    assert (output["host"], output["port"]) == (facts.LOKI.name, facts.LOKI.port)
    assert output["retry_limit"] > 1, "Loki may be away for a while"


def test_the_collector_goes_on_where_it_was() -> None:
    (source,) = pipeline()["inputs"]
    assert source["db"].startswith(f"{collector.POSITIONS_FOLDER}/")
    mounts = {mount["target"]: mount for mount in container("as shipped", "collector")["mounts"]}
    assert mounts[collector.POSITIONS_FOLDER]["type"] == "volume"
    assert mounts[collector.CONTAINERS_FOLDER]["readOnly"] is True


def test_every_line_passes_the_script_that_knows_the_stack() -> None:
    given = collector.files("shop-dev")
    scripts = [each for each in pipeline()["filters"] if each["name"] == "lua"]
    (script,) = scripts
    assert script["script"].rpartition("/")[2] in given
    assert f"function {script['call']}(" in given["lines.lua"]
    assert given["lines.lua"].startswith('PREFIX = "shop-dev"\n')
    assert "CAP_DAC_READ_SEARCH" in container("as shipped", "collector")["capabilities"]["adds"]


def test_what_waits_for_loki_has_a_bound() -> None:
    (source,) = pipeline()["inputs"]
    assert source["mem_buf_limit"] == "16M"
    assert source["skip_long_lines"] == "on"
