"""What the monitoring is on Docker: the same programs as containers, told everything by files that only they read."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from components.monitoring_stack import dashboards, facts, loki, prometheus
from components.monitoring_stack.docker import HEALTH_PATHS
from tests.components.monitoring_stack.variants import (
    PREFIX,
    TOLD,
    VARIANTS,
    container,
    files,
    operated,
    rendered,
)
from tests.kit.recorded import plain
from tests.stacks.shipped import topology_of

each_variant = pytest.mark.parametrize("variant", VARIANTS)

SOCKET = "/var/run/docker.sock"


def programs(variant: str) -> list[str]:
    found = rendered(variant, "docker").of_type("Container")
    names = [re.fullmatch(r"monitoring-(\w+)-container", each.name) for each in found]
    return sorted(name[1] for name in names if name is not None)


def test_the_programs_are_those_of_kubernetes_and_agents_of_this_machine() -> None:
    common = {"alertmanager", "blackbox", "grafana", "loki", "prometheus"}
    agents = {"cadvisor", "collector", "node"}
    assert set(programs("as shipped")) - {"pushgateway"} == common | agents
    assert set(programs("without logs")) - {"pushgateway"} == (common | agents) - {"loki", "collector"}


@each_variant
def test_every_container_is_hardened(variant: str) -> None:
    for program in programs(variant):
        run = container(variant, program)
        assert run["readOnly"] is True, program
        assert run["capabilities"]["drops"] == ["ALL"]
        assert run["securityOpts"] == ["no-new-privileges:true"]
        assert run["memory"] == run["memorySwap"] > 0
        assert float(run["cpus"]) > 0
        assert run["logOpts"]["max-size"]
        assert run.get("privileged", False) is False
        assert (run["restart"], run["start"]) == ("unless-stopped", True)


def test_only_the_collector_may_read_what_is_not_its_own_and_only_cadvisor_asks_the_daemon() -> None:
    adds = {program: container("as shipped", program)["capabilities"].get("adds") for program in programs("as shipped")}
    assert {program: added for program, added in adds.items() if added} == {"collector": ["CAP_DAC_READ_SEARCH"]}
    users = {program: container("as shipped", program)["user"].split(":")[0] for program in programs("as shipped")}
    assert {program for program, user in users.items() if user == "0"} == {"cadvisor", "collector"}
    asks = [program for program in programs("as shipped") if SOCKET in str(container("as shipped", program)["mounts"])]
    assert asks == ["cadvisor"]


@each_variant
def test_folders_of_this_machine_are_read_and_never_written(variant: str) -> None:
    for program in programs(variant):
        binds = [mount for mount in container(variant, program)["mounts"] if mount["type"] == "bind"]
        assert all(mount["readOnly"] for mount in binds), program
        assert bool(binds) is (program in {"cadvisor", "collector", "node"})


@each_variant
def test_every_program_is_asked_whether_it_works_and_waited_for(variant: str) -> None:
    for program in programs(variant):
        run = container(variant, program)
        test = run["healthcheck"]["tests"]
        assert test[:2] == ["CMD", "/run/slipway/busybox"], "an image may hold no program at all"
        assert test[-1].endswith(HEALTH_PATHS[program])
        assert run["wait"] is True


def test_only_what_the_file_publishes_is_published_and_only_to_this_machine() -> None:
    ports = {
        p: container("as shipped", p)["ports"] for p in programs("as shipped") if "ports" in container("as shipped", p)
    }
    assert {program: [(one["ip"], one["external"]) for one in given] for program, given in ports.items()} == {
        "grafana": [("127.0.0.1", 3001)],
        "prometheus": [("127.0.0.1", 9090)],
    }


def networks(variant: str, program: str) -> set[str]:
    given = container(variant, program)["networksAdvanced"]
    return {each["name"].removeprefix(f"{PREFIX['docker']}-") for each in given}


def test_a_program_is_on_the_networks_of_what_it_asks_and_only_those_leave_that_must() -> None:
    assert networks("as shipped", "grafana") == {"monitoring", "monitoring-egress"}, "published"
    assert networks("as shipped", "loki") == networks("as shipped", "node") == {"monitoring"}
    assert networks("nobody is told", "alertmanager") == {"monitoring"}
    assert networks("everybody is told", "alertmanager") == {"monitoring", "monitoring-egress"}
    asked = {s.instance for one in topology_of("dev").telemetry for s in one.scrapes} - {"monitoring", "environment"}
    assert asked <= networks("as shipped", "prometheus")


@each_variant
def test_flags_and_variables_name_files_that_are_given(variant: str) -> None:
    for program in programs(variant):
        run = container(variant, program)
        mounted = {mount["target"] for mount in run["mounts"]}
        given = files(variant, program) if "/run/config" in mounted else {}
        said = [*run.get("command", []), *run.get("envs", [])]
        named = [word for each in said if (word := each.rpartition("=")[2]).startswith("/run/config/")]
        assert [word for word in named if word not in given] == [], program
        # A folder of data that no volume is mounted on would be lost, and is read-only besides.
        kept = [each.partition("=")[2] for each in said if ".path=/" in each and "rootfs" not in each]
        assert [folder for folder in kept if folder not in mounted] == [], program


@each_variant
def test_files_are_given_to_the_programs_own_user_alone(variant: str) -> None:
    for program in programs(variant):
        found = [e for e in rendered(variant, "docker").of_type("Container") if e.name == f"monitoring-{program}-files"]
        for writer in found:
            (script,) = [each for each in writer.inputs["command"] if "chmod" in each]
            folders = {upload["file"].rpartition("/")[0] for upload in plain(writer.inputs["uploads"])}
            user = container(variant, program)["user"]
            for folder in folders:
                assert f"chmod -R u=rX,go= {folder}" in script
                assert f"chown -R {user} {folder}" in script
            assert writer.inputs["networkMode"] == "none"


@each_variant
def test_no_secret_is_a_variable_a_flag_or_a_label(variant: str) -> None:
    password = files(variant, "grafana")["/run/secrets/admin"]
    for program in programs(variant):
        shown = {key: value for key, value in container(variant, program).items() if key != "mounts"}
        assert password not in str(plain(shown)), program
        assert not [name for name, value in TOLD.items() if value in str(plain(shown))], program


def test_receivers_secrets_are_files_beside_the_text() -> None:
    given = files("everybody is told", "alertmanager")
    assert {path: text for path, text in given.items() if path.startswith("/run/secrets/")} == {
        f"/run/secrets/{name}": value for name, value in TOLD.items()
    }
    writer = rendered("everybody is told", "docker").one("Container", "monitoring-alertmanager-files")
    assert "<secret>" in repr(writer.inputs["uploads"])
    assert not [path for path in files("nobody is told", "alertmanager") if "secrets" in path]


@each_variant
def test_what_holds_samples_lines_or_credentials_is_protected_unless_the_file_says_otherwise(variant: str) -> None:
    protects = variant != "unprotected"
    recording = rendered(variant, "docker")
    volumes = [each for each in recording.of_type("Volume") if each.name.startswith("monitoring-")]
    data = {each.name for each in volumes if each.name.endswith("-data")}
    logs = set[str]() if variant == "without logs" else {"monitoring-collector-data", "monitoring-loki-data"}
    assert data == {f"monitoring-{program}-data" for program in ("alertmanager", "grafana", "prometheus")} | logs
    for volume in volumes:
        expected = protects and volume.name in data
        assert (volume.protect, volume.retain_on_delete) == (expected, expected), volume.name
        assert not volume.inputs.get("labels"), "a changed label replaces the volume"
    password = recording.one("RandomPassword", "monitoring-admin")
    assert (password.protect, password.retain_on_delete) == (protects, protects)


def test_a_changed_file_replaces_the_container_that_reads_it() -> None:
    recording = rendered("as shipped", "docker")
    for program in programs("as shipped"):
        writers = [e.urn for e in recording.of_type("Container") if e.name == f"monitoring-{program}-files"]
        assert recording.one("Container", f"monitoring-{program}-container").replace_with == tuple(writers)


def configured() -> dict[str, Any]:
    return yaml.safe_load(files("as shipped", "prometheus")["/run/config/prometheus.yml"])


def test_prometheus_finds_its_targets_in_files_that_the_program_writes() -> None:
    given = files("as shipped", "prometheus")
    jobs = {job["job_name"]: job for job in configured()["scrape_configs"]}
    assert jobs.keys() >= {"components", "probes"}
    for job in jobs.values():
        ((source,),) = [job["file_sd_configs"]]
        assert set(source["files"]) <= given.keys(), job["job_name"]
    assert set(configured()["rule_files"]) <= given.keys()
    wanted = {(f"{s.host}:{s.port}", s.instance, s.job) for one in topology_of("dev").telemetry for s in one.scrapes}
    listed = json.loads(given["/run/config/targets.json"])
    found = {(target, e["labels"]["instance_name"], e["labels"]["job"]) for e in listed for target in e["targets"]}
    assert found == wanted
    probes = json.loads(given["/run/config/probes.json"])
    assert len(probes) == sum(len(one.probes) for one in topology_of("dev").telemetry) > 0


def test_every_probe_asks_by_a_module_that_the_prober_has() -> None:
    modules = yaml.safe_load(files("as shipped", "blackbox")["/run/config/blackbox.yml"])["modules"]
    probes = json.loads(files("as shipped", "prometheus")["/run/config/probes.json"])
    assert {each["labels"]["__param_module"] for each in probes} == modules.keys()


def test_rules_are_those_that_kubernetes_would_read() -> None:
    plan = topology_of("dev")
    assert plan.stack.monitoring is not None
    read = yaml.safe_load(files("as shipped", "prometheus")["/run/config/rules.yml"])
    assert read == {"groups": plain(prometheus.groups(plan.stack.monitoring, plan.telemetry, "docker"))}


def test_what_leaves_says_which_stack_it_is_of() -> None:
    assert configured()["global"]["external_labels"] == {"stack": PREFIX["docker"]}
    assert operated("as shipped", "Prometheus")["externalLabels"] == {"stack": PREFIX["kubernetes"]}
    (rule,) = yaml.safe_load(files("as shipped", "loki")[f"{loki.RULES_FOLDER}/{loki.TENANT}/logs.yaml"])["groups"][0][
        "rules"
    ]
    assert rule["labels"]["stack"] == PREFIX["docker"]


def test_one_alertmanager_looks_for_no_other() -> None:
    assert "--cluster.listen-address=" in container("as shipped", "alertmanager")["command"]


def test_dashboards_are_those_of_the_one_renderer() -> None:
    given = files("as shipped", "grafana")
    pages = {path.removeprefix("/run/pages/"): text for path, text in given.items() if path.startswith("/run/pages/")}
    told = topology_of("dev").telemetry
    assert pages == dashboards.files(told, "docker", stack=PREFIX["docker"], logs=True)


def test_suffixes_of_what_is_there_are_taken_so_that_no_instance_collides() -> None:
    claimed = set(facts.claims())
    for program in programs("as shipped"):
        name = container("as shipped", program)["name"].removeprefix(f"{PREFIX['docker']}-")
        assert name in claimed
