"""Grafana's settings: who comes in, where things are, what it may not do."""

from __future__ import annotations

import configparser
from typing import Any

import pytest
import yaml

from components.monitoring_stack import grafana
from components.monitoring_stack.facts import ALERTMANAGER, LOKI, PROMETHEUS
from components.monitoring_stack.spec import MonitoringSpec
from tests.components.monitoring_stack.variants import OIDC, container, files, pods, rendered
from tests.kit.recorded import plain


def spec(**said: Any) -> MonitoringSpec:
    return MonitoringSpec.model_validate({"runbooks": "https://example.com/runbooks", **said})


def settings(address: str = "https://grafana.example.com", **said: Any) -> configparser.ConfigParser:
    read = configparser.ConfigParser(interpolation=None)
    read.read_string(grafana.settings(spec(**said), secrets="/run/secrets", address=address))
    return read


def oidc(**said: Any) -> configparser.SectionProxy:
    return settings(dashboards={"oidc": {**OIDC, **said}})["auth.generic_oauth"]


def variables(target: str) -> dict[str, str]:
    if target == "docker":
        return dict(each.split("=", 1) for each in container("as shipped", "grafana")["envs"])
    (run,) = dict(pods("as shipped"))["grafana"]["containers"]
    return {each["name"]: each["value"] for each in run["env"]}


def folders(target: str) -> set[str]:
    """Where something is mounted."""
    if target == "docker":
        return {mount["target"] for mount in container("as shipped", "grafana")["mounts"]}
    (run,) = dict(pods("as shipped"))["grafana"]["containers"]
    return {mount["mountPath"] for mount in run["volumeMounts"]}


IMAGES_OWN = ("CONFIG", "DATA", "LOGS", "PLUGINS", "PROVISIONING")
"""What the image sets by GF_PATHS_*, before any setting is read; its home is left to it."""


@pytest.mark.parametrize("target", ["docker", "kubernetes"])
def test_every_path_that_the_image_sets_is_set_to_a_place_that_is_there(target: str) -> None:
    found = variables(target)
    assert found == grafana.environment()
    assert {f"GF_PATHS_{name}" for name in IMAGES_OWN} == {name for name in found if name.startswith("GF_PATHS_")}
    mounted = folders(target) | {"/tmp"}  # noqa: S108  # a path inside the container
    for name, path in found.items():
        if name.startswith("GF_PATHS_"):
            assert any(
                path == folder or f"{folder}/".startswith(f"{path}/") or path.startswith(f"{folder}/")
                for folder in mounted
            ), name


@pytest.mark.parametrize("target", ["docker", "kubernetes"])
def test_data_sources_and_pages_lie_where_grafana_looks(target: str) -> None:
    root = variables(target)["GF_PATHS_PROVISIONING"]
    if target == "docker":
        given = files("as shipped", "grafana")
        looked = {path for path in given if path.startswith(f"{root}/")}
        pages = {path.rpartition("/")[0] for path in given if path.endswith(".json")}
    else:
        made = rendered("as shipped", "kubernetes").one("ConfigMap", "monitoring-grafana-provisioning")
        looked = {f"{root}/{key.replace('.', '/', 1)}" for key in made.inputs["data"]}
        pages = folders(target) & {grafana.DASHBOARDS_FOLDER}
    assert looked == {f"{root}/dashboards/slipway.yaml", f"{root}/datasources/slipway.yaml"}
    assert pages == {grafana.DASHBOARDS_FOLDER}


def test_nobody_comes_in_without_saying_who_they_are() -> None:
    found = settings()
    assert found["auth.anonymous"]["enabled"] == "false"
    assert found["users"]["allow_sign_up"] == "false"
    assert found["security"]["admin_password"] == "$__file{/run/secrets/admin}"  # where it is


@pytest.mark.parametrize(
    ("address", "secure"), [("https://grafana.example.com", "true"), ("http://127.0.0.1:3001/", "false")]
)
def test_cookies_are_for_tls_where_there_is_tls(address: str, secure: str) -> None:
    found = settings(address)
    assert found["security"]["cookie_secure"] == secure
    assert found["server"]["root_url"] == address


def test_it_judges_nothing_and_calls_nobody() -> None:
    found = settings()
    assert found["unified_alerting"]["enabled"] == "false"
    assert {value for key, value in found["analytics"].items() if key.startswith(("check", "reporting"))} == {"false"}
    assert found["plugins"]["preinstall_disabled"] == "true"


def test_people_of_no_group_are_not_let_in() -> None:
    assert oidc()["role_attribute_strict"] == "true"
    assert oidc()["role_attribute_path"] == "contains(groups[*], 'staff') && 'Viewer'"


def test_the_highest_role_of_a_persons_groups_counts() -> None:
    path = oidc(admins=["platform"], editors=["developers", "data"], groups_claim="roles")["role_attribute_path"]
    roles = [part.rpartition("'")[0].rpartition("'")[2] for part in path.split(" || ")]
    assert roles == ["GrafanaAdmin", "Editor", "Editor", "Viewer"]
    assert "contains(roles[*], 'data') && 'Editor'" in path


def test_where_others_say_who_people_are_no_password_is_asked_for() -> None:
    found = settings(dashboards={"oidc": OIDC})
    assert found["auth"]["disable_login_form"] == "true"
    assert found["auth.generic_oauth"]["client_secret"] == "$__file{/run/secrets/oidc}"  # where it is
    assert found["auth.generic_oauth"]["use_pkce"] == "true"
    assert not settings().has_section("auth.generic_oauth")


@pytest.mark.parametrize("target", ["docker", "kubernetes"])
def test_secrets_are_files_that_the_settings_name(target: str) -> None:
    if target == "docker":
        given = {path for path in files("logged in elsewhere", "grafana") if path.startswith("/run/secrets/")}
    else:
        secret = rendered("logged in elsewhere", target).one("Secret", "monitoring-grafana-secrets")
        given = {f"/run/secrets/{key}" for key in plain(secret.inputs["stringData"])}
    assert given == {"/run/secrets/admin", "/run/secrets/oidc"}


def sources(**said: Any) -> dict[str, dict[str, Any]]:
    return {each["uid"]: each for each in yaml.safe_load(grafana.data_sources(spec(**said)))["datasources"]}


def test_every_source_is_a_program_of_the_stack() -> None:
    found = {uid: source["url"] for uid, source in sources().items()}
    programs = {"metrics": PROMETHEUS, "alerts": ALERTMANAGER, "logs": LOKI}
    assert found == {uid: f"http://{role.name}:{role.port}" for uid, role in programs.items()}
    assert "logs" not in sources(logs=None)
    assert not any(source["editable"] for source in sources().values())


def test_graphs_know_how_far_samples_are_apart() -> None:
    assert sources(metrics={"scrape_interval": "15s"})["metrics"]["jsonData"]["timeInterval"] == "15s"
